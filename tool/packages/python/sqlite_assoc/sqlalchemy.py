"""For SQLAlchemy:

    from sqlite_assoc.sqlalchemy import listen
    engine = sqlalchemy.create_engine('sqlite:///blog.db')
    listen(engine)

Each connection of the engine loads the extension, and a transaction begins
where SQLAlchemy says so. An engine of create_async_engine() on aiosqlite is
taken, too.
"""
from typing import Any

from sqlalchemy import event

from . import load, load_async


def listen(engine: Any) -> None:
    """Load the extension into each connection that the engine opens."""
    engine = getattr(engine, 'sync_engine', engine)
    event.listen(engine, 'connect', _connected)
    event.listen(engine, 'begin', _begin)


def _connected(db: Any, record: Any) -> None:
    # The driver shall begin nothing by itself: it would not before a SELECT
    # that writes.
    db.isolation_level = None
    if hasattr(db, 'run_async'):
        db.run_async(load_async)
    else:
        load(db)


def _begin(connection: Any) -> None:
    connection.exec_driver_sql('BEGIN')
