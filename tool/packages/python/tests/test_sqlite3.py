"""The package on Python's own sqlite3."""
import re
import sqlite3
import sys
from pathlib import Path

import pytest

import sqlite_assoc
from conftest import COUNT, CREATE, FIND, FOUND


def one(db, sql, *values):
    return db.execute(sql, values).fetchone()[0]


def test_load(file):
    db = sqlite3.connect(file)
    sqlite_assoc.load(db)
    assert one(db, FIND) == FOUND
    with pytest.raises(sqlite3.OperationalError, match='not authorized'):
        db.execute('SELECT load_extension(?)', [sqlite_assoc.loadable_path()])
    db.close()


def test_connect(file):
    db = sqlite_assoc.connect(file)
    assert isinstance(db, sqlite_assoc.Connection)
    assert one(db, FIND) == FOUND
    assert not db.in_transaction, 'a read begins no transaction'
    db.close()


def test_rollback(file):
    db = sqlite_assoc.connect(file)
    assert one(db, CREATE) == 2
    assert db.in_transaction
    db.rollback()
    assert one(db, COUNT) == 1
    db.close()


def test_with(file):
    db = sqlite_assoc.connect(file)
    with pytest.raises(ZeroDivisionError), db:
        one(db, CREATE)
        db.execute('UPDATE User SET name = ?', ['Bob'])
        1 / 0
    assert one(db, COUNT) == 1
    assert one(db, 'SELECT name FROM User') == 'Ann'
    with db:
        one(db, CREATE)
    other = sqlite3.connect(file)
    assert one(other, COUNT) == 2, 'it is committed'
    other.close()
    db.close()


def test_definitions_are_rolled_back(file):
    db = sqlite_assoc.connect(file)
    one(db, "SELECT assoc_define('Post', 'belongsTo', 'User')")
    db.rollback()
    assert one(db, 'SELECT count(*) FROM assoc_list') == 1
    db.close()


def test_every_writer_begins_a_transaction(file):
    db = sqlite_assoc.connect(file)
    reads = {'assoc_config', 'assoc_count', 'assoc_diagram', 'assoc_dump',
             'assoc_eager', 'assoc_error', 'assoc_find', 'assoc_get',
             'assoc_has', 'assoc_help', 'assoc_live_check', 'assoc_live_get',
             'assoc_live_sql', 'assoc_readonly', 'assoc_refresh',
             'assoc_result', 'assoc_session', 'assoc_sql', 'assoc_sync',
             'assoc_version', 'eager'}
    names = {name for name, in db.execute('''
        SELECT name FROM assoc_help WHERE does NOT LIKE 'Table.%' ''')}
    assert reads < names
    for name in names - reads:
        with pytest.raises(sqlite3.Error, match=name):
            db.execute('SELECT %s(1, 2, 3, 4, 5, 6, 7, 8, 9)' % name)
        assert db.in_transaction, name
        db.rollback()
    for name in reads:
        try:
            db.execute('SELECT %s()' % name).fetchall()
        except sqlite3.Error:
            pass
        assert not db.in_transaction, name
    db.close()


def test_live_documents_are_rolled_back(file):
    db = sqlite_assoc.connect(file)
    one(db, "SELECT assoc_live('feed', 'User{name}')")
    db.rollback()
    with pytest.raises(sqlite3.Error, match="no live document 'feed'"):
        one(db, "SELECT assoc_live_get('feed', 1)")
    with db:
        one(db, "SELECT assoc_live('feed', 'User{name}')")
    assert '"checked"' in one(db, "SELECT assoc_refresh('feed')")
    assert one(db, "SELECT assoc_unlive('feed')") == 1
    db.rollback()
    assert one(db, "SELECT assoc_live_get('feed', 1)") == '{"name":"Ann"}'
    db.close()


def test_says_that_this_python_loads_nothing():
    class Old(sqlite3.Connection):
        def __getattribute__(self, name):
            if name == 'enable_load_extension':
                raise AttributeError(name)
            return super().__getattribute__(name)
    with pytest.raises(sqlite3.NotSupportedError, match='cannot load'):
        sqlite_assoc.connect(':memory:', factory=Old)


def test_readme(tmp_path, monkeypatch, capsys):
    readme = Path(__file__).parents[1] / 'README.md'
    program = readme.read_text().split('```python\n')[1].split('```')[0]
    monkeypatch.chdir(tmp_path)
    exec(program, {})
    assert capsys.readouterr().out == re.search('# → (.*)', program)[1] + '\n'


def test_dml(file):
    db = sqlite_assoc.connect(file)
    db.execute('''INSERT INTO related(model, key, association, json)
                    VALUES ('User', 1, 'posts', '{"title":"Ho"}')''')
    assert db.in_transaction
    db.rollback()
    assert one(db, COUNT) == 1
    db.close()


def test_error_leaves_the_transaction_to_the_program(file):
    db = sqlite_assoc.connect(file)
    with pytest.raises(sqlite3.Error, match='NOT NULL'):
        one(db, "SELECT assoc_create('User', 1, 'posts', '{}')")
    db.rollback()
    assert not db.in_transaction
    assert one(db, COUNT) == 1
    db.close()


@pytest.mark.parametrize('level', ['', 'IMMEDIATE', 'EXCLUSIVE'])
def test_isolation_level(file, level):
    db = sqlite_assoc.connect(file, isolation_level=level)
    one(db, CREATE)
    other = sqlite3.connect(file, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match='locked'):
        other.execute('BEGIN IMMEDIATE')
    db.rollback()
    other.close()
    db.close()


def test_waits_for_another_writer(file):
    import threading
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute('BEGIN IMMEDIATE')
    other.execute("INSERT INTO Post(title) VALUES ('Other')")
    timer = threading.Timer(0.3, other.execute, ['COMMIT'])
    timer.start()
    db = sqlite_assoc.connect(file)
    with db:
        one(db, CREATE)
    timer.join()
    assert one(db, COUNT) == 3
    other.close()
    db.close()


def test_isolation_level_none_begins_nothing(file):
    db = sqlite_assoc.connect(file, isolation_level=None)
    one(db, CREATE)
    assert not db.in_transaction
    assert one(db, COUNT) == 2
    db.close()


@pytest.mark.skipif(sys.version_info < (3, 12), reason='of Python 3.12')
@pytest.mark.parametrize('autocommit, rows', [(True, 2), (False, 1)])
def test_autocommit(file, autocommit, rows):
    db = sqlite_assoc.connect(file, autocommit=autocommit)
    one(db, CREATE)
    if not autocommit:
        db.rollback()
    assert one(db, COUNT) == rows
    db.close()


def test_sync_needs_no_transaction(tmp_path):
    db = sqlite_assoc.connect(str(tmp_path / 'new.db'))
    db.executescript('CREATE TABLE User(id INTEGER PRIMARY KEY);'
                     'CREATE TABLE Post(id INTEGER PRIMARY KEY)')
    with db:
        one(db, "SELECT assoc_define('User', 'hasMany', 'Post')")
    assert 'ALTER TABLE Post' in one(db, 'SELECT assoc_sync()')
    assert not db.in_transaction
    db.close()
