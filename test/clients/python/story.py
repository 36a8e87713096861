"""The story that every client tells, for the clients in Python.

    python story.py CLIENT EXTENSION DATABASE SCHEMA

A client is a class below. It says how its library opens a connection with the
extension, runs SQL, begins and ends a transaction, and reports an error.
"""
import asyncio
import contextlib
import json
import re
import sqlite3
import sys
import threading

CLIENT, EXTENSION, DATABASE, SCHEMA = sys.argv[1:5]


def load(db):
    db.enable_load_extension(True)
    db.load_extension(EXTENSION)
    db.enable_load_extension(False)


class Sqlite3:
    """Python's own. With isolation_level=None a transaction begins where the
    program says so; the default mode begins none for a SELECT that writes."""

    def __init__(self):
        self.db = sqlite3.connect(DATABASE, isolation_level=None)
        load(self.db)

    def rows(self, sql, *values):
        return self.db.execute(sql, values).fetchall()

    def script(self, sql):
        self.db.executescript(sql)

    @contextlib.contextmanager
    def transaction(self):
        self.db.execute("BEGIN IMMEDIATE")
        with self.db:
            yield

    def cause(self, error):
        return error, error.sqlite_errorcode

    def close(self):
        self.db.close()


class Apsw(Sqlite3):
    """`with db` is a savepoint."""

    def __init__(self):
        import apsw
        self.db = apsw.Connection(DATABASE)
        load(self.db)

    def script(self, sql):
        self.db.execute(sql)

    def transaction(self):
        return self.db

    def cause(self, error):
        return error, error.extendedresult


class SqlAlchemy(Sqlite3):
    """The driver begins nothing, SQLAlchemy's begin event does."""

    def __init__(self):
        import sqlalchemy
        self.engine = sqlalchemy.create_engine("sqlite:///" + DATABASE)

        @sqlalchemy.event.listens_for(self.engine, "connect")
        def connected(db, record):
            db.isolation_level = None
            load(db)

        @sqlalchemy.event.listens_for(self.engine, "begin")
        def begin(connection):
            connection.exec_driver_sql("BEGIN")

        self.db = self.engine.connect()

    def rows(self, sql, *values):
        if self.db.in_transaction():
            return self.run(sql, values)
        with self.db.begin():
            return self.run(sql, values)

    def run(self, sql, values):
        # In text() a :name is a parameter of SQLAlchemy; a driver's SQL is
        # left as it is.
        result = self.db.exec_driver_sql(sql, values)
        return result.fetchall() if result.returns_rows else []

    def script(self, sql):
        for statement in filter(str.strip, sql.split(";")):
            self.rows(statement)

    def transaction(self):
        return self.db.begin()

    def cause(self, error):
        return error.orig, error.orig.sqlite_errorcode

    def close(self):
        self.db.close()
        self.engine.dispose()


class Django(Sqlite3):
    """The extension is loaded at the signal that a connection was made."""

    aliases = iter(["default", "second", "elsewhere"])

    def __init__(self):
        import django
        from django.conf import settings
        from django.db import connections
        from django.db.backends.signals import connection_created
        if not settings.configured:
            database = {"ENGINE": "django.db.backends.sqlite3",
                        "NAME": DATABASE}
            settings.configure(DATABASES={
                "default": database, "second": database,
                "elsewhere": database})
            django.setup()
            connection_created.connect(
                lambda connection, **_: load(connection.connection),
                weak=False)
        self.alias = next(self.aliases)
        self.db = connections[self.alias]

    def rows(self, sql, *values):
        with self.db.cursor() as cursor:
            cursor.execute(re.sub(r"\?(?!\d)", "%s", sql), values)
            return cursor.fetchall()

    def script(self, sql):
        self.db.ensure_connection()
        self.db.connection.executescript(sql)

    def transaction(self):
        from django.db import transaction
        return transaction.atomic(using=self.alias)

    def cause(self, error):
        return error, error.__cause__.sqlite_errorcode


class Peewee(Sqlite3):
    """atomic() begins a transaction by hand."""

    def __init__(self):
        import peewee
        self.db = peewee.SqliteDatabase(DATABASE)
        self.db.load_extension(EXTENSION)
        self.db.connect()

    def rows(self, sql, *values):
        return self.db.execute_sql(sql, values).fetchall()

    def script(self, sql):
        self.db.connection().executescript(sql)

    def transaction(self):
        return self.db.atomic()

    def cause(self, error):
        return error, error.__context__.sqlite_errorcode


class AioSqlite(Sqlite3):
    """The same as sqlite3, awaited."""

    def __init__(self):
        import aiosqlite
        self.loop = asyncio.new_event_loop()
        self.db = self.wait(aiosqlite.connect(DATABASE, isolation_level=None))
        self.wait(self.db.enable_load_extension(True))
        self.wait(self.db.load_extension(EXTENSION))
        self.wait(self.db.enable_load_extension(False))

    def wait(self, what):
        async def run():
            return await what
        return self.loop.run_until_complete(run())

    def rows(self, sql, *values):
        return self.wait(self.db.execute_fetchall(sql, values))

    def script(self, sql):
        self.wait(self.db.executescript(sql))

    @contextlib.contextmanager
    def transaction(self):
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.wait(self.db.rollback())
            raise
        self.wait(self.db.commit())

    def close(self):
        self.wait(self.db.close())
        self.loop.close()


class SqliteUtils(Sqlite3):
    """Its Database stands on a connection of sqlite3."""

    def __init__(self):
        import sqlite_utils
        super().__init__()
        self.utils = sqlite_utils.Database(self.db)

    def rows(self, sql, *values):
        return self.utils.execute(sql, values).fetchall()

    def transaction(self):
        return self.utils.atomic()

    def close(self):
        self.utils.close()


class Rollback(Exception):
    pass


CLIENTS = {
    "sqlite3": Sqlite3,
    "apsw": Apsw,
    "SQLAlchemy": SqlAlchemy,
    "Django": Django,
    "peewee": Peewee,
    "aiosqlite": AioSqlite,
    "sqlite-utils": SqliteUtils,
}


def tell(open):

    def one(sql, *values):
        return list(db.rows(sql, *values))[0][0]

    def count(db):
        return list(db.rows("SELECT assoc_count('User', 1, 'posts')"))[0][0]

    def failing(sql, *values):
        try:
            one(sql, *values)
        except Exception as error:
            message, code = db.cause(error)
            reason = one("SELECT assoc_error() ->> 'code'")
            message = str(message).splitlines()[0]
            print(f"error {code & 255}, {reason}: {message}")

    db = open()
    print("loaded into SQLite " + one("SELECT sqlite_version()"))
    db.script(SCHEMA)
    print(one("SELECT assoc_define('User', 'hasMany', 'Post')"))
    one("SELECT assoc_sync()")
    made = json.loads(one("SELECT assoc_discover()"))["made"]
    print(f"{len(made)} associations discovered")
    print(one("SELECT assoc_insert('User', ?)", json.dumps(
        {"name": "Zoë", "posts": [{"title": "Hi", "tags": [{"name": "new"}]},
                                  {"title": "Ho"}]})))
    print(one(
        "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)", 1))
    for name, title in db.rows("""
            SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
              JOIN Post p ON p.id = r.id"""):
        print(f"{name}: {title}")
    with contextlib.suppress(Rollback), db.transaction():
        one("SELECT assoc_create('User', 1, 'posts', ?)", '{"title":"Hu"}')
        raise Rollback
    print(f"{count(db)} posts after a rollback")
    with db.transaction():
        db.rows("""INSERT INTO related(model, key, association, json)
                     VALUES ('User', 1, 'posts', ?)""", '{"title":"He"}')
    print(f"{count(db)} posts after a commit")
    failing("SELECT eager('User{pots}')")
    failing("SELECT assoc_insert('User', ?)", '{"name":"Zoë"}')

    second = open()
    print(f"second connection: {count(second)} posts")
    list(second.rows("SELECT assoc_define('Post', 'belongsTo', 'User', ?)",
                     '{"as":"author","foreignKey":"UserId"}'))
    print("first connection: "
          + one("SELECT assoc_find('Post', 1, '{title author{name}}')"))
    second.close()

    def elsewhere():
        mine = open()
        print("elsewhere: " + list(mine.rows(
            "SELECT assoc_get('User', 1, 'posts{title}')"))[0][0])
        mine.close()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    db.close()
    print("closed")


tell(CLIENTS[CLIENT])
