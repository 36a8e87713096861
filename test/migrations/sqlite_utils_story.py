"""sqlite-utils: transform() copies the table."""
import sys

import sqlite_utils

extension, database = sys.argv[1:3]
db = sqlite_utils.Database(database)
db.conn.enable_load_extension(True)
db.conn.load_extension(extension)
db["users"].insert({"id": 1, "name": "Ann"}, pk="id")
db["posts"].insert({"id": 1, "title": "Hello", "user_id": 1}, pk="id",
                   foreign_keys=[("user_id", "users", "id")])
db.execute("SELECT assoc_discover()").fetchall()
db.execute("SELECT assoc_live('feed', 'users{name posts{title}}')").fetchall()
db.conn.commit()
db["posts"].transform(not_null={"title"})
