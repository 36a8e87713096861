# The story that every client tells, in R with RSQLite:
#
#     Rscript story.R EXTENSION DATABASE SCHEMA
library(DBI)
arguments <- commandArgs(TRUE)
extension <- arguments[1]

open_database <- function() {
  db <- dbConnect(RSQLite::SQLite(), arguments[2], loadable.extensions = TRUE)
  dbGetQuery(db, "SELECT load_extension(?)", list(extension))
  db
}
say <- function(...) cat(..., "\n", sep = "")
one <- function(db, sql, ...) {
  values <- list(...)
  dbGetQuery(db, sql, if (length(values)) values)[[1]][1]
}
count <- function(db) one(db, "SELECT assoc_count('User', 1, 'posts')")
# RSQLite gives no code: a constraint is told by SQLite's own words.
failing <- function(sql, ...) tryCatch(one(db, sql, ...), error = function(e) {
  message <- strsplit(conditionMessage(e), "\n")[[1]][1]
  say("error ", if (grepl("constraint failed", message)) 19 else 1, ", ",
      one(db, "SELECT assoc_error() ->> 'code'"), ": ", message)
})

db <- open_database()
say("loaded into SQLite ", one(db, "SELECT sqlite_version()"))
for (statement in strsplit(arguments[3], ";")[[1]]) {
  if (nzchar(trimws(statement))) dbExecute(db, statement)
}
say(one(db, "SELECT assoc_define('User', 'hasMany', 'Post')"))
invisible(one(db, "SELECT assoc_sync()"))
say(one(db, "SELECT json_array_length(assoc_discover(), '$.made')"),
    " associations discovered")
say(one(db, "SELECT assoc_insert('User', ?)", paste0(
  '{"name":"Zo\u00eb","posts":[{"title":"Hi","tags":[{"name":"new"}]},',
  '{"title":"Ho"}]}')))
say(one(db, "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)",
        1L))
rows <- dbGetQuery(db, "
  SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
    JOIN Post p ON p.id = r.id")
for (i in seq_len(nrow(rows))) say(rows$name[i], ": ", rows$title[i])
dbWithTransaction(db, {
  one(db, "SELECT assoc_create('User', 1, 'posts', ?)", '{"title":"Hu"}')
  dbBreak()
})
say(count(db), " posts after a rollback")
invisible(dbWithTransaction(db, dbExecute(db, "
  INSERT INTO related(model, key, association, json)
    VALUES ('User', 1, 'posts', ?)", list('{"title":"He"}'))))
say(count(db), " posts after a commit")
failing("SELECT eager('User{pots}')")
failing("SELECT assoc_insert('User', ?)", '{"name":"Zo\u00eb"}')

second <- open_database()
say("second connection: ", count(second), " posts")
invisible(one(second, "SELECT assoc_define('Post', 'belongsTo', 'User', ?)",
              '{"as":"author","foreignKey":"UserId"}'))
say("first connection: ",
    one(db, "SELECT assoc_find('Post', 1, '{title author{name}}')"))
dbDisconnect(second)

# Another process, as package parallel makes them.
say("elsewhere: ", parallel::mccollect(parallel::mcparallel({
  mine <- open_database()
  json <- one(mine, "SELECT assoc_get('User', 1, 'posts{title}')")
  dbDisconnect(mine)
  json
}))[[1]])
dbDisconnect(db)
say("closed")
