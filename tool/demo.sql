-- What assoc does, in a minute. tool/demo.sh feeds this to the sqlite3 shell.
.load ./assoc
SELECT 'assoc ' || assoc_version() || ' on SQLite ' || sqlite_version();
