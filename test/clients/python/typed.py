# What the types of the Python package promise, judged by mypy alone.
import sqlite3

import sqlite_assoc
from sqlite_assoc.sqlalchemy import listen
from sqlalchemy import create_engine

db: sqlite_assoc.Connection = sqlite_assoc.connect('blog.db', timeout=3.0)
with db:
    db.execute("SELECT assoc_insert('User', ?)", ['{"name":"Ann"}'])
plain: sqlite3.Connection = db
sqlite_assoc.load(plain)
listen(create_engine('sqlite:///blog.db'))
path: str = sqlite_assoc.loadable_path()
number: int = sqlite_assoc.loadable_path()  # type: ignore[assignment]
