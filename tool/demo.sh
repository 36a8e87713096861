#!/bin/sh
# Run tool/demo.sql in the sqlite3 shell, on a database in memory: `make demo`.
# SQLITE3 names another shell. It must be one that can load extensions, which
# Apple's cannot.
cd "$(dirname "$0")/.." && exec "${SQLITE3:-sqlite3}" -batch -bail :memory: \
  < tool/demo.sql
