"""Alembic: batch mode copies the table; autogenerate must not see assoc's."""
import sys

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations

extension, database = sys.argv[1:3]
engine = sa.create_engine(f"sqlite:///{database}")


@sa.event.listens_for(engine, "connect")
def load(connection, record):
    connection.enable_load_extension(True)
    connection.load_extension(extension)


def include_object(thing, name, kind, reflected, compare_to):
    return not (kind == "table" and name.startswith(("assoc_", "feed_")))


metadata = sa.MetaData()
users = sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True),
                 sa.Column("name", sa.Text))
posts = sa.Table("posts", metadata, sa.Column("id", sa.Integer, primary_key=True),
                 sa.Column("title", sa.Text),
                 sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id")))

with engine.begin() as connection:
    metadata.create_all(connection)
    connection.execute(sa.text("INSERT INTO users VALUES (1, 'Ann')"))
    connection.execute(sa.text("INSERT INTO posts VALUES (1, 'Hello', 1)"))
    connection.execute(sa.text("SELECT assoc_discover()"))
    connection.execute(sa.text("SELECT assoc_live('feed', 'users{name posts{title}}')"))

with engine.begin() as connection:
    op = Operations(MigrationContext.configure(connection))
    with op.batch_alter_table("posts", recreate="always") as batch:
        batch.alter_column("title", nullable=False)

posts.c.title.nullable = False
with engine.connect() as connection:
    seen = {}
    for name, options in {"all": {}, "filtered": {"include_object": include_object}}.items():
        context = MigrationContext.configure(connection, opts=options)
        seen[name] = {d[1].name for d in compare_metadata(context, metadata)
                      if d[0] == "remove_table"}
assert seen["all"] == {"assoc_definitions", "assoc_token", "assoc_store", "feed_doc",
                       "feed_mark", "assoc_dirty_posts", "assoc_dirty_users"}, seen
assert seen["filtered"] == set(), seen
