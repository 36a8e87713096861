// The story that every client tells, in Java with sqlite-jdbc:
//
//     java -cp 'FOLDER-OF-JARS/*' Story.java EXTENSION DATABASE SCHEMA
//
// A writing SELECT is run by executeQuery(). executeBatch() takes rows for an
// error, after they are written: see Transactions.java.
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.sqlite.SQLiteConfig;

public class Story {
  static String extension;
  static String database;

  static Connection open() throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.enableLoadExtension(true);
    Connection db = config.createConnection("jdbc:sqlite:" + database);
    one(db, "SELECT load_extension(?)", extension);
    return db;
  }

  static String one(Connection db, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = db.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() ? rows.getString(1) : null;
      }
    }
  }

  static void run(Connection db, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = db.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }

  static String count(Connection db) throws SQLException {
    return one(db, "SELECT assoc_count('User', 1, 'posts')");
  }

  // The driver writes "[CODE] its own words (SQLite's words)".
  static void failing(Connection db, String sql, Object... values)
      throws SQLException {
    try {
      one(db, sql, values);
    } catch (SQLException error) {
      String message = error.getMessage().split("\n")[0]
          .replaceFirst("^[^(]*\\(", "").replaceFirst("\\)$", "");
      System.out.println(
          "error " + (error.getErrorCode() & 255) + ", "
          + one(db, "SELECT assoc_error() ->> 'code'") + ": " + message);
    }
  }

  public static void main(String[] args) throws Exception {
    extension = Path.of(args[0]).toAbsolutePath().toString();
    database = args[1];
    Connection db = open();
    System.out.println(
        "loaded into SQLite " + one(db, "SELECT sqlite_version()"));
    try (Statement statement = db.createStatement()) {
      for (String sql : args[2].split(";")) {
        if (!sql.isBlank()) statement.executeUpdate(sql);
      }
    }
    System.out.println(
        one(db, "SELECT assoc_define('User', 'hasMany', 'Post')"));
    one(db, "SELECT assoc_sync()");
    System.out.println(
        one(db, "SELECT json_array_length(assoc_discover(), '$.made')")
        + " associations discovered");
    System.out.println(one(db, "SELECT assoc_insert('User', ?)", """
        {"name":"Zoë","posts":[{"title":"Hi","tags":[{"name":"new"}]},
         {"title":"Ho"}]}"""));
    System.out.println(one(db,
        "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)", 1));
    try (Statement statement = db.createStatement();
        ResultSet rows = statement.executeQuery("""
            SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
              JOIN Post p ON p.id = r.id""")) {
      while (rows.next()) {
        System.out.println(rows.getString(1) + ": " + rows.getString(2));
      }
    }

    db.setAutoCommit(false);
    one(db, "SELECT assoc_create('User', 1, 'posts', ?)", "{\"title\":\"Hu\"}");
    db.rollback();
    System.out.println(count(db) + " posts after a rollback");
    db.rollback();
    run(db, "INSERT INTO related(model, key, association, json)"
        + " VALUES ('User', 1, 'posts', ?)", "{\"title\":\"He\"}");
    db.commit();
    db.setAutoCommit(true);
    System.out.println(count(db) + " posts after a commit");
    failing(db, "SELECT eager('User{pots}')");
    failing(db, "SELECT assoc_insert('User', ?)", "{\"name\":\"Zoë\"}");

    Connection second = open();
    System.out.println("second connection: " + count(second) + " posts");
    one(second, "SELECT assoc_define('Post', 'belongsTo', 'User', ?)",
        "{\"as\":\"author\",\"foreignKey\":\"UserId\"}");
    System.out.println("first connection: "
        + one(db, "SELECT assoc_find('Post', 1, '{title author{name}}')"));
    second.close();

    Thread thread = new Thread(() -> {
      try (Connection mine = open()) {
        System.out.println("elsewhere: "
            + one(mine, "SELECT assoc_get('User', 1, 'posts{title}')"));
      } catch (SQLException error) {
        error.printStackTrace();
      }
    });
    thread.start();
    thread.join();
    db.close();
    System.out.println("closed");
  }
}
