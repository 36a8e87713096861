"""The story that every client tells, in Python."""
import sqlite3
import sys

db = sqlite3.connect(":memory:", isolation_level=None)
db.enable_load_extension(True)
db.load_extension(sys.argv[1])
db.enable_load_extension(False)
db.executescript("""
    CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT);
""")


def one(sql, *values):
    return db.execute(sql, values).fetchone()[0]


print(one("SELECT assoc_define('User', 'hasMany', 'Post')"))
one("SELECT assoc_sync()")
print(one("SELECT assoc_insert('User', ?)",
          '{"name":"Ann","Posts":[{"title":"Hi"},{"title":"Ho"}]}'))
print(one("SELECT eager('User(id = ?1){name posts{title}}', ?)", 1))
for name, title in db.execute("""
        SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
          JOIN Post p ON p.id = r.id"""):
    print(f"{name}: {title}")
try:
    one("SELECT eager('User{pots}')")
except sqlite3.OperationalError as error:
    print(str(error).splitlines()[0])
posts = one("SELECT assoc_count('User', 1, 'posts')")
db.execute("BEGIN")
one("SELECT assoc_create('User', 1, 'posts', ?)", '{"title":"Hu"}')
db.execute("ROLLBACK")
more = one("SELECT assoc_count('User', 1, 'posts')") - posts
print(f"{posts} posts, {more} after the rollback of one more")
db.close()
print("closed")
