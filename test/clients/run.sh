#!/bin/sh
# The same story told by every client; each must print expected.txt.
#
#   test/clients/run.sh EXTENSION FOLDER-OF-BETTER-SQLITE3
#
# The last line counts, as that of `make test` does.
here=$(dirname "$0")
passed=0 failed=0

tell() {
  if "$@" 2>&1 | diff -u "$here/expected.txt" -; then
    passed=$((passed + 1))
    echo "  $1 tells it"
  else
    failed=$((failed + 1))
    echo "  $1 tells another story"
  fi
}

# /usr/bin first: a python3 built elsewhere may not load extensions.
PATH=/usr/bin:$PATH
export PATH
tell python3 "$here/client.py" "$1"
tell perl "$here/client.pl" "$1"
tell node "$here/client.mjs" "$1" "$2"
echo "$passed passed, $failed failed"
test $failed = 0
