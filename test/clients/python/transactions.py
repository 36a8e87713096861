"""What a SELECT that writes means to Python and SQLAlchemy.

    python transactions.py sqlite3|autocommit|SQLAlchemy EXTENSION

Prints what ../transactions.txt expects. Every line begins with an empty
database, so the number is that of the users who were kept.
"""
import contextlib
import sqlite3
import sys
import tempfile

CLIENT, EXTENSION = sys.argv[1:3]
SCHEMA = "CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT)"
SELECT = """SELECT assoc_insert('User', '{"name":"Ann"}')"""
INSERT = """INSERT INTO related(model, json) VALUES ('User', '{"name":"Bob"}')"""
WITH = "WITH given(json) AS (VALUES ('{}')) " \
    "INSERT INTO related(model, json) SELECT 'User', json FROM given"
COUNT = "SELECT count(*) FROM User"
RESULT = "SELECT assoc_result()"


class Rollback(Exception):
    pass


def load(db):
    """Some builds of Python cannot load extensions. SQLite can be asked to
    give the extension to each new connection, which autoload() does."""
    if hasattr(db, "enable_load_extension"):
        db.enable_load_extension(True)
        db.load_extension(EXTENSION)


def autoload():
    import ctypes
    if not hasattr(sqlite3.Connection, "enable_load_extension"):
        ctypes.CDLL("libsqlite3.so.0").sqlite3_auto_extension(
            ctypes.CDLL(EXTENSION).sqlite3_assoc_init)


def opened(**options):
    db = sqlite3.connect(":memory:", **options)
    load(db)
    db.executescript(SCHEMA)
    db.commit()  # autocommit=False: the CREATE TABLE is in a transaction
    return db


def count(db):
    return db.execute(COUNT).fetchone()[0]


def told(what, users):
    print(f"{what}: {users} kept")


def rolled_back(db, sql):
    """How many users are kept if a transaction is begun and rolled back?"""
    db.execute("BEGIN IMMEDIATE")
    db.execute(sql).fetchall()
    db.execute("ROLLBACK")
    return closed(db)


def in_with(db, sql):
    """How many users are kept if `with db:` ends in an exception?"""
    with contextlib.suppress(Rollback), db:
        db.execute(sql).fetchall()
        raise Rollback
    return closed(db)


def closed(db):
    kept = count(db)
    db.close()
    return kept


def tell_result(db):
    cursor = db.execute(INSERT)
    print(f"INSERT: lastrowid {cursor.lastrowid}, "
          f"assoc_result() {db.execute(RESULT).fetchone()[0]}")
    db.close()


def tell_sqlite3():
    told("BEGIN, SELECT, rollback",
         rolled_back(opened(isolation_level=None), SELECT))
    told("BEGIN, INSERT, rollback",
         rolled_back(opened(isolation_level=None), INSERT))
    told("default, SELECT, rollback", in_with(opened(), SELECT))
    told("default, INSERT, rollback", in_with(opened(), INSERT))
    told("default, WITH ... INSERT, rollback", in_with(opened(), WITH))
    told("isolation_level=None, SELECT, rollback",
         in_with(opened(isolation_level=None), SELECT))
    told("isolation_level=None, INSERT, rollback",
         in_with(opened(isolation_level=None), INSERT))
    tell_result(opened())

    # A SELECT runs only as far as it is fetched.
    db = opened()
    ten = "WITH n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10)" \
        " SELECT assoc_insert('User', json_object('id', i)) FROM n"
    cursor = db.execute(ten)
    cursor.close()
    print(f"SELECT of ten rows, not fetched: {count(db)} written")
    db.execute("DELETE FROM User")
    db.execute(ten).fetchall()
    print(f"SELECT of ten rows, fetched: {count(db)} written")
    db.close()

    # An authorizer is asked for the function, then for what it writes.
    db = opened()
    asked = []

    def authorize(action, first, second, *_):
        if action == 31 and second == "assoc_insert":  # SQLITE_FUNCTION
            asked.append(f"function {second}")
        elif action == 18 and first == "User":  # SQLITE_INSERT
            asked.append(f"insert into {first}")
        return sqlite3.SQLITE_OK
    db.set_authorizer(authorize)
    db.execute(SELECT).fetchall()
    print("authorizer: " + ", ".join(asked))
    db.close()


def tell_autocommit():
    told("BEGIN, SELECT, rollback", rolled_back(opened(autocommit=True), SELECT))
    told("BEGIN, INSERT, rollback", rolled_back(opened(autocommit=True), INSERT))
    told("autocommit=False, SELECT, rollback",
         in_with(opened(autocommit=False), SELECT))
    told("autocommit=False, INSERT, rollback",
         in_with(opened(autocommit=False), INSERT))
    told("autocommit=True, SELECT, rollback",
         in_with(opened(autocommit=True), SELECT))


def tell_sqlalchemy():
    import sqlalchemy

    def engine(folder, with_events):
        made = sqlalchemy.create_engine(f"sqlite:///{folder}/user.db")

        @sqlalchemy.event.listens_for(made, "connect")
        def connected(db, record):
            load(db)
            if with_events:
                db.isolation_level = None

        if with_events:
            @sqlalchemy.event.listens_for(made, "begin")
            def begin(connection):
                connection.exec_driver_sql("BEGIN")

        with made.begin() as db:
            db.exec_driver_sql(SCHEMA)
        return made

    def kept(sql, with_events):
        with tempfile.TemporaryDirectory() as folder:
            made = engine(folder, with_events)
            with contextlib.suppress(Rollback), made.begin() as db:
                db.exec_driver_sql(sql)
                raise Rollback
            with made.connect() as db:
                users = db.exec_driver_sql(COUNT).scalar()
            made.dispose()
            return users

    told("BEGIN, SELECT, rollback", kept(SELECT, True))
    told("BEGIN, INSERT, rollback", kept(INSERT, True))
    told("engine.begin(), SELECT, rollback", kept(SELECT, False))
    told("engine.begin(), INSERT, rollback", kept(INSERT, False))
    with tempfile.TemporaryDirectory() as folder:
        made = engine(folder, False)
        with made.begin() as db:
            rowid = db.exec_driver_sql(INSERT).lastrowid
            result = db.exec_driver_sql(RESULT).scalar()
            print(f"INSERT: lastrowid {rowid}, assoc_result() {result}")
        made.dispose()


autoload()
{"sqlite3": tell_sqlite3, "autocommit": tell_autocommit,
 "SQLAlchemy": tell_sqlalchemy}[CLIENT]()
