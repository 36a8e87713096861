import pytest

SCHEMA = '''
CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT NOT NULL,
                  UserId INTEGER REFERENCES User);
INSERT INTO User VALUES (1, 'Ann');
INSERT INTO Post VALUES (1, 'Hi', 1);
'''
CREATE = '''SELECT assoc_create('User', 1, 'posts', '{"title":"Ho"}')'''
FIND = '''SELECT assoc_find('User', 1, '{name posts{title}}')'''
COUNT = '''SELECT count(*) FROM Post'''
FOUND = '{"name":"Ann","posts":[{"title":"Hi"}]}'


@pytest.fixture
def file(tmp_path):
    """A database with one association."""
    import sqlite3
    import sqlite_assoc
    path = str(tmp_path / 'blog.db')
    db = sqlite3.connect(path)
    sqlite_assoc.load(db)
    db.executescript(SCHEMA)
    db.execute("SELECT assoc_define('User', 'hasMany', 'Post')").fetchall()
    db.commit()
    db.close()
    return path
