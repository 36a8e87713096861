"""Django: migrations copy a table under another name; definitions stay."""
import sys

import django
from django.conf import settings

extension, database = sys.argv[1:3]
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
    INSTALLED_APPS=[], DEFAULT_AUTO_FIELD="django.db.models.AutoField")
django.setup()

from django.db import connection, migrations, models
from django.core.management.commands.inspectdb import Command
from django.db.backends.signals import connection_created
from django.db.migrations.state import ProjectState


def load(connection, **more):
    connection.connection.enable_load_extension(True)
    connection.connection.load_extension(extension)


connection_created.connect(load)


class First(migrations.Migration):
    operations = [
        migrations.CreateModel("User", [("id", models.AutoField(primary_key=True)),
                                        ("name", models.TextField())],
                               options={"db_table": "users"}),
        migrations.CreateModel("Post", [("id", models.AutoField(primary_key=True)),
                                        ("title", models.TextField(null=True)),
                                        ("user", models.ForeignKey("blog.User", models.CASCADE))],
                               options={"db_table": "posts"}),
        migrations.RunSQL(["INSERT INTO users VALUES (1, 'Ann')",
                           "INSERT INTO posts VALUES (1, 'Hello', 1)"]),
    ]


class Second(migrations.Migration):
    operations = [migrations.AlterField("Post", "title", models.TextField(default=""))]


state = ProjectState()
for step in (First("0001", "blog"), Second("0002", "blog")):
    with connection.schema_editor(atomic=True) as editor:
        state = step.apply(state, editor)
    if step.name == "0001":
        with connection.cursor() as cursor:
            cursor.execute("SELECT assoc_discover()")
            cursor.execute("SELECT assoc_live('feed', 'users{name posts{title}}')")

text = "\n".join(Command().handle_inspection(
    {"database": "default", "table": [], "table_name_filter": lambda n: not n.startswith(("assoc_", "feed_")),
     "include_partitions": False, "include_views": False}))
assert "AssocDefinitions" not in text and "class Posts" in text, text
