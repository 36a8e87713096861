"""Associations inside SQLite: a loadable extension.

    import sqlite_assoc
    db = sqlite_assoc.connect('blog.db')
    db.execute('SELECT assoc_version()')

load() loads it into a connection that there is already. For libraries above
sqlite3 there are sqlite_assoc.sqlalchemy, sqlite_assoc.django and a plugin for
Datasette, sqlite_assoc.datasette.
"""
import atexit
import functools
import os
import re
import shutil
import sqlite3
import sys
import tempfile
from typing import Any

__all__ = ['Connection', 'Cursor', 'connect', 'load', 'load_async',
           'loadable_path']


def loadable_path() -> str:
    """The library's path, as SQLite's load_extension() takes it."""
    name = {'win32': 'assoc.dll', 'darwin': 'assoc.dylib'}.get(
        sys.platform, 'assoc.so')
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)


def load(connection: Any) -> None:
    """Load the extension into a connection of sqlite3 or apsw, or into a
    database of sqlite-utils or peewee."""
    connection = getattr(connection, 'conn', connection)
    if isinstance(connection, sqlite3.Connection) \
            and not hasattr(connection, 'enable_load_extension'):
        raise sqlite3.NotSupportedError(
            'the sqlite3 of this Python cannot load extensions: use a Python '
            'that was built with --enable-loadable-sqlite-extensions, or apsw')
    if not hasattr(connection, 'enable_load_extension'):
        connection.load_extension(loadable_path())
        return
    connection.enable_load_extension(True)
    try:
        connection.load_extension(loadable_path())
    except Exception as error:
        if 'another SQLite' not in str(error):
            raise
        connection.load_extension(_copy(type(connection).__module__))
    finally:
        connection.enable_load_extension(False)


@functools.lru_cache(maxsize=None)
def _copy(module: str) -> str:
    """A copy of the library until the program ends. A file serves one SQLite of
    a process, and apsw brings one of its own beside Python's."""
    folder = tempfile.mkdtemp(prefix='sqlite_assoc-')
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return shutil.copy(loadable_path(), folder)


async def load_async(connection: Any) -> None:
    """Load the extension into a connection of aiosqlite."""
    await connection.enable_load_extension(True)
    try:
        await connection.load_extension(loadable_path())
    finally:
        await connection.enable_load_extension(False)


# A SELECT may write by one of these. assoc_sync() and assoc_refresh() are left
# out: they refuse to run inside a transaction, the first where it has to rebuild a
# table.
_WRITES = re.compile(
    r'\bassoc_(add|create|define|destroy|discover|insert|live|model|policy|'
    r'remove|set|undefine|unlive|update)\s*\(', re.IGNORECASE)


class Cursor(sqlite3.Cursor):
    """Begins a transaction before a SELECT that writes, as sqlite3 does before
    INSERT, UPDATE and DELETE. It takes the lock at once: a transaction that has
    read could not wait for another writer."""

    def execute(self, sql: str, *parameters: Any) -> 'Cursor':
        db = self.connection
        if _begins_by_itself(db) and not db.in_transaction \
                and _WRITES.search(sql):
            exclusive = str(db.isolation_level).upper() == 'EXCLUSIVE'
            super().execute(
                'BEGIN EXCLUSIVE' if exclusive else 'BEGIN IMMEDIATE')
        super().execute(sql, *parameters)
        return self


def _begins_by_itself(db: sqlite3.Connection) -> bool:
    """Is it sqlite3's older way of transactions? isolation_level=None means
    that the program begins them, and autocommit (of Python 3.12) rules them
    in another way."""
    legacy = getattr(sqlite3, 'LEGACY_TRANSACTION_CONTROL', None)
    return db.isolation_level is not None \
        and getattr(db, 'autocommit', legacy) == legacy


class Connection(sqlite3.Connection):
    """What connect() returns. `with db:` commits or rolls back everything."""

    def cursor(self, factory: Any = Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, *parameters: Any) -> Any:
        return self.cursor().execute(sql, *parameters)


def connect(database: Any, **options: Any) -> Connection:
    """sqlite3.connect() with the extension loaded, and with transactions that
    begin before whatever writes, a SELECT that calls assoc_insert() too.

    commit(), rollback() and `with db:` then mean what they say. The options
    are those of sqlite3.connect().
    """
    options.setdefault('factory', Connection)
    connection = sqlite3.connect(database, **options)
    try:
        load(connection)
    except BaseException:
        connection.close()
        raise
    return connection  # type: ignore[no-any-return]
