"""What the package is for libraries: the extension is there, and what is
rolled back is gone."""
import asyncio

import pytest

import sqlite_assoc
from conftest import COUNT, CREATE, FIND, FOUND


def test_apsw(file):
    apsw = pytest.importorskip('apsw')
    db = apsw.Connection(file)
    sqlite_assoc.load(db)  # beside Python's own SQLite, which has loaded it
    assert db.execute(FIND).get == FOUND
    with pytest.raises(ZeroDivisionError), db:
        db.execute(CREATE).get
        1 / 0
    assert db.execute(COUNT).get == 1
    db.close()


def test_sqlite_utils(file):
    sqlite_utils = pytest.importorskip('sqlite_utils')
    db = sqlite_utils.Database(file)
    sqlite_assoc.load(db)
    assert db.execute(FIND).fetchone()[0] == FOUND
    with pytest.raises(ZeroDivisionError), db.atomic():
        db.execute(CREATE).fetchall()
        1 / 0
    assert db['Post'].count == 1
    db.close()


def test_peewee(file):
    peewee = pytest.importorskip('peewee')
    db = peewee.SqliteDatabase(file)
    sqlite_assoc.load(db)
    assert db.execute_sql(FIND).fetchone()[0] == FOUND
    with pytest.raises(ZeroDivisionError), db.atomic():
        db.execute_sql(CREATE).fetchall()
        1 / 0
    assert db.execute_sql(COUNT).fetchone()[0] == 1
    db.close()


def test_aiosqlite(file):
    aiosqlite = pytest.importorskip('aiosqlite')

    async def story():
        # The same factory as connect(): a transaction begins before a SELECT
        # that writes.
        async with aiosqlite.connect(
                file, factory=sqlite_assoc.Connection) as db:
            await sqlite_assoc.load_async(db)
            assert list(await db.execute_fetchall(FIND)) == [(FOUND,)]
            await db.execute_fetchall(CREATE)
            await db.rollback()
            assert list(await db.execute_fetchall(COUNT)) == [(1,)]
    asyncio.run(story())


def test_sqlalchemy(file):
    sqlalchemy = pytest.importorskip('sqlalchemy')
    from sqlite_assoc.sqlalchemy import listen
    engine = sqlalchemy.create_engine('sqlite:///' + file)
    listen(engine)
    with engine.connect() as db:
        assert db.exec_driver_sql(FIND).scalar() == FOUND
        # A shape's :name beside SQLAlchemy's own: the shape is a value.
        assert db.execute(sqlalchemy.text('SELECT eager(:shape, :values)'), {
            'shape': 'User(name = :who){name}', 'values': '{"who":"Ann"}',
        }).scalar() == '[{"name":"Ann"}]'
    with pytest.raises(ZeroDivisionError), engine.begin() as db:
        db.exec_driver_sql(CREATE).scalar()
        1 / 0
    with engine.connect() as db:
        assert db.exec_driver_sql(COUNT).scalar() == 1
    engine.dispose()


def test_sqlalchemy_async(file):
    pytest.importorskip('aiosqlite')
    pytest.importorskip('greenlet')
    asyncio_of = pytest.importorskip('sqlalchemy.ext.asyncio')
    from sqlite_assoc.sqlalchemy import listen

    async def story():
        engine = asyncio_of.create_async_engine('sqlite+aiosqlite:///' + file)
        listen(engine)
        async with engine.connect() as db:
            assert (await db.exec_driver_sql(FIND)).scalar() == FOUND
        with pytest.raises(ZeroDivisionError):
            async with engine.begin() as db:
                await db.exec_driver_sql(CREATE)
                1 / 0
        async with engine.connect() as db:
            assert (await db.exec_driver_sql(COUNT)).scalar() == 1
        await engine.dispose()
    asyncio.run(story())


def test_django(file):
    django = pytest.importorskip('django')
    from django.conf import settings
    settings.configure(
        INSTALLED_APPS=['sqlite_assoc.django'],
        DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3',
                               'NAME': file}})
    django.setup()
    from django.db import connection, transaction

    def one(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    assert one(FIND) == FOUND
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        one(CREATE)
        1 / 0
    assert one(COUNT) == 1
    connection.close()


def test_datasette(file):
    pytest.importorskip('datasette')
    from datasette.app import Datasette
    from datasette.plugins import pm
    import sqlite_assoc.datasette
    if not pm.is_registered(sqlite_assoc.datasette):
        pm.register(sqlite_assoc.datasette, 'assoc')  # not installed: by hand

    async def story(hidden):
        permissions = {'databases': {'blog': {'tables': {
            'Post': {'allow': not hidden}}}}}
        datasette = Datasette([file], metadata=permissions)
        await datasette.invoke_startup()

        async def get(path):
            return await datasette.client.get(path)
        return [await get(path) for path in (
            '/blog/User/1.nested', '/blog/User.nested', '/blog/User/1',
            '/blog', '/blog/assoc_definitions.nested')]

    row, table, page, database, nothing = asyncio.run(story(hidden=False))
    document = {'id': 1, 'name': 'Ann',
                'Posts': [{'id': 1, 'title': 'Hi', 'UserId': 1}]}
    assert row.json() == document
    assert table.json() == [document]
    assert row.headers['content-type'].startswith('application/json')
    assert '/blog/User/1.nested' in page.text
    assert 'drawDiagram(json)' in database.text
    assert nothing.status_code == 400

    row, _, page, database, _ = asyncio.run(story(hidden=True))
    assert row.status_code == 400, 'what belongs to it may not be seen'
    assert '.nested' not in page.text
    assert '"Post"' not in database.text
