// What a SELECT that writes means to Java with sqlite-jdbc:
//
//     java -cp 'FOLDER-OF-JARS/*' Transactions.java EXTENSION FOLDER
//
// Prints what ../transactions.txt expects. Every line begins with an empty
// table, so the number is that of the users who were kept.
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.sqlite.SQLiteConfig;

public class Transactions {
  static final String SELECT =
      "SELECT assoc_insert('User', '{\"name\":\"Ann\"}')";
  static final String INSERT =
      "INSERT INTO related(model, json) VALUES ('User', '{\"name\":\"Bob\"}')";
  static final String CALL =
      "INSERT INTO assoc_call(name, a1, a2)"
      + " VALUES ('assoc_insert', 'User', '{\"name\":\"Cy\"}')";

  static String extension;
  static Path database;

  interface Act {
    void on(Connection db) throws SQLException;
  }

  static Connection open() throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.enableLoadExtension(true);
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    Connection db = config.createConnection("jdbc:sqlite:" + database);
    one(db, "SELECT load_extension('" + extension + "')");
    return db;
  }

  static String one(Connection db, String sql) throws SQLException {
    try (Statement statement = db.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      return rows.next() ? rows.getString(1) : null;
    }
  }

  static String count(Connection db) throws SQLException {
    return one(db, "SELECT count(*) FROM User");
  }

  static int update(Connection db, String sql) throws SQLException {
    try (Statement statement = db.createStatement()) {
      return statement.executeUpdate(sql);
    }
  }

  static void told(String what, Act act) throws SQLException {
    try (Connection db = open()) {
      update(db, "DELETE FROM User");
      String refused = "";
      try {
        act.on(db);
      } catch (SQLException error) {
        refused = "an error, ";
      }
      db.setAutoCommit(true);
      System.out.println(what + ": " + refused + count(db) + " kept");
    }
  }

  static Act rolledBack(Act act) {
    return db -> {
      db.setAutoCommit(false);
      act.on(db);
      db.rollback();
    };
  }

  static Act batch(String sql) {
    return db -> {
      try (Statement statement = db.createStatement()) {
        statement.addBatch(sql);
        statement.executeBatch();
      }
    };
  }

  static Act prepared(String sql, boolean run) {
    return db -> {
      try (PreparedStatement statement = db.prepareStatement(sql)) {
        if (run) statement.executeUpdate();
      }
    };
  }

  static Act execute(String sql) {
    return db -> {
      try (Statement statement = db.createStatement()) {
        statement.execute(sql);
      }
    };
  }

  // Which statement begins the transaction? A read does, if it goes on to see
  // the database as it was, and not what another connection has written since.
  static void tellWhatBegins() throws SQLException {
    try (Connection db = open(); Connection other = open()) {
      update(db, "DELETE FROM User");
      db.setAutoCommit(false);
      update(other, INSERT);
      String first = count(db);
      update(other, INSERT);
      String second = count(db);
      db.rollback();
      System.out.println("setAutoCommit(false), then each time one more: reads "
          + first + ", " + second + "; after rollback " + count(db));
      db.rollback();
    }
  }

  static void tellKeys(String name, String sql) throws SQLException {
    try (Connection db = open()) {
      update(db, "DELETE FROM User");
      try (Statement statement = db.createStatement()) {
        statement.executeUpdate(sql, Statement.RETURN_GENERATED_KEYS);
        try (ResultSet keys = statement.getGeneratedKeys()) {
          keys.next();
          System.out.println(name + ": getGeneratedKeys() " + keys.getLong(1)
              + ", assoc_result() " + one(db, "SELECT assoc_result()"));
        }
      }
    }
  }

  public static void main(String[] args) throws Exception {
    extension = Path.of(args[0]).toAbsolutePath().toString();
    database = Files.createTempFile(Path.of(args[1]), "jdbc", ".db");
    try (Connection db = open()) {
      update(db, "CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT)");
    }
    told("BEGIN, SELECT, rollback", rolledBack(db -> one(db, SELECT)));
    told("BEGIN, INSERT, rollback", rolledBack(db -> update(db, INSERT)));
    told("autocommit, SELECT by executeQuery()", db -> one(db, SELECT));
    told("autocommit, SELECT by Statement.executeUpdate()",
        db -> update(db, SELECT));
    told("autocommit, SELECT by PreparedStatement.executeUpdate()",
        prepared(SELECT, true));
    told("autocommit, SELECT by execute()", execute(SELECT));
    told("autocommit, SELECT by executeBatch()", batch(SELECT));
    told("autocommit, SELECT by prepareStatement()", prepared(SELECT, false));
    told("autocommit, INSERT by executeUpdate()", db -> update(db, INSERT));
    told("autocommit, INSERT by executeBatch()", batch(INSERT));
    tellWhatBegins();
    tellKeys("INSERT", INSERT);
    tellKeys("INSERT INTO assoc_call", CALL);
    for (String end : new String[] {"", "-wal", "-shm"}) {
      Files.deleteIfExists(Path.of(database + end));
    }
  }
}
