# The SQL of documentation pages as one script for the sqlite3 shell, with a new
# database and the extension for each section, as tool/doctest.tcl runs it:
#
#   awk -f script.awk -v load=EXTENSION FILE.md ... > script.sql

FNR == 1 {
  page = FILENAME
  sub(/.*\//, "", page)
}
/^##? / && !inside { heading = $0; first = 1 }
/^```/ {
  if (!inside && $1 == "```sql" && $2 != "skip") {
    inside = 1
    if (first && $2 != "continue") {
      print ".open :memory:"
      print ".load " load
      print ".print == " page ", " heading
    }
    first = 0
  } else {
    inside = 0
  }
  next
}
inside { print }
