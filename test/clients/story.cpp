// The story that every client tells, in C++ with SQLiteCpp:
//
//     story EXTENSION DATABASE SCHEMA
#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include <iostream>
#include <string>
#include <thread>

using SQLite::Database;
using SQLite::Statement;

static std::string extension, file;

struct Connection : Database {
  Connection() : Database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE) {
    loadExtension(extension.c_str(), nullptr);
  }
};

template <class... Values>
static std::string one(Database &db, const char *sql, Values... values) {
  Statement statement(db, sql);
  SQLite::bind(statement, values...);
  statement.executeStep();
  return statement.getColumn(0).getString();
}

static std::string one(Database &db, const char *sql) {
  return db.execAndGet(sql).getString();
}

static std::string count(Database &db) {
  return one(db, "SELECT assoc_count('User', 1, 'posts')");
}

template <class... Values>
static void failing(Database &db, const char *sql, Values... values) {
  try {
    one(db, sql, values...);
  } catch (const SQLite::Exception &error) {
    const std::string message = error.what();
    std::cout << "error " << (error.getExtendedErrorCode() & 255) << ", "
              << one(db, "SELECT assoc_error() ->> 'code'") << ": "
              << message.substr(0, message.find('\n')) << "\n";
  }
}

int main(int, char **argv) {
  extension = argv[1];
  file = argv[2];
  {
    Connection db;
    std::cout << "loaded into SQLite " << one(db, "SELECT sqlite_version()")
              << "\n";
    db.exec(argv[3]);
    std::cout << one(db, "SELECT assoc_define('User', 'hasMany', 'Post')")
              << "\n";
    one(db, "SELECT assoc_sync()");
    std::cout << one(db, "SELECT json_array_length(assoc_discover(), '$.made')")
              << " associations discovered\n";
    std::cout << one(db, "SELECT assoc_insert('User', ?)",
                     R"({"name":"Zoë","posts":[{"title":"Hi",
                         "tags":[{"name":"new"}]},{"title":"Ho"}]})")
              << "\n";
    std::cout << one(db,
                     "SELECT eager('User(id = ?1){name posts{title "
                     "tags{name}}}', ?)",
                     1)
              << "\n";
    Statement rows(db,
                   "SELECT u.name, p.title FROM User u, "
                   "related('User', u.id, 'posts') r "
                   "JOIN Post p ON p.id = r.id");
    while (rows.executeStep()) {
      std::cout << rows.getColumn(0) << ": " << rows.getColumn(1) << "\n";
    }
    rows.reset();
    {
      SQLite::Transaction rolledBack(db); // by its destructor
      one(db, "SELECT assoc_create('User', 1, 'posts', ?)",
          R"({"title":"Hu"})");
    }
    std::cout << count(db) << " posts after a rollback\n";
    {
      SQLite::Transaction transaction(db);
      Statement insert(db,
                       "INSERT INTO related(model, key, association, json)"
                       " VALUES ('User', 1, 'posts', ?)");
      insert.bind(1, R"({"title":"He"})");
      insert.exec();
      transaction.commit();
    }
    std::cout << count(db) << " posts after a commit\n";
    failing(db, "SELECT eager('User{pots}')");
    failing(db, "SELECT assoc_insert('User', ?)", R"({"name":"Zoë"})");
    {
      Connection second;
      std::cout << "second connection: " << count(second) << " posts\n";
      one(second, "SELECT assoc_define('Post', 'belongsTo', 'User', ?)",
          R"({"as":"author","foreignKey":"UserId"})");
      std::cout << "first connection: "
                << one(db,
                       "SELECT assoc_find('Post', 1, '{title author{name}}')")
                << "\n";
    }
    std::thread([] {
      Connection mine;
      std::cout << "elsewhere: "
                << one(mine, "SELECT assoc_get('User', 1, 'posts{title}')")
                << "\n";
    }).join();
  }
  std::cout << "closed\n";
}
