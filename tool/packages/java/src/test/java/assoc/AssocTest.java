package assoc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AssocTest {
  static final String FOUND =
      "{\"name\":\"Zoë\",\"posts\":[{\"title\":\"Hi\"},{\"title\":\"Ho\"}]}";

  @TempDir Path folder;
  String url;

  @BeforeEach
  void blog() throws SQLException {
    url = "jdbc:sqlite:" + folder.resolve("blog.db");
    try (Connection db = Assoc.connect(url);
        Statement statement = db.createStatement()) {
      statement.executeUpdate(
          "CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
      statement.executeUpdate("CREATE TABLE Post(id INTEGER PRIMARY KEY,"
          + " title TEXT, UserId INTEGER REFERENCES User)");
      assertEquals("Posts",
          Assoc.call(db, "assoc_define", "User", "hasMany", "Post"));
      Assoc.call(db, "assoc_insert", "User", FOUND);
    }
  }

  static String find(Connection db) throws SQLException {
    return Assoc.call(db, "assoc_find", "User", 1, "{name posts{title}}");
  }

  @Test
  void finds() throws SQLException {
    try (Connection db = Assoc.connect(url)) {
      assertEquals(FOUND, find(db));
      assertEquals(null, Assoc.call(db, "assoc_find", "User", 2, "{name}"));
    }
  }

  @Test
  void rollsBack() throws SQLException {
    try (Connection db = Assoc.connect(url)) {
      db.setAutoCommit(false);
      Assoc.call(db, "assoc_create", "User", 1, "posts", "{\"title\":\"Hu\"}");
      db.rollback();
      assertEquals(FOUND, find(db));
    }
  }

  @Test
  void writesInBatches() throws SQLException {
    try (Connection db = Assoc.connect(url)) {
      db.setAutoCommit(false);
      try (PreparedStatement insert = db.prepareStatement(
          "INSERT INTO related(model, key, association, json)"
          + " VALUES ('User', 1, 'posts', ?)")) {
        for (String title : List.of("a", "b", "c")) {
          insert.setString(1, "{\"title\":\"" + title + "\"}");
          insert.addBatch();
        }
        insert.executeBatch();
      }
      db.commit();
      assertEquals("5", Assoc.call(db, "assoc_count", "User", 1, "posts"));
    }
  }

  @Test
  void errorsHaveSqlitesCodes() throws SQLException {
    try (Connection db = Assoc.connect(url)) {
      SQLException twice = assertThrows(SQLException.class, () ->
          Assoc.call(db, "assoc_insert", "User", "{\"name\":\"Zoë\"}"));
      assertEquals(19, twice.getErrorCode() & 255);
      SQLException unknown = assertThrows(SQLException.class, () ->
          Assoc.call(db, "eager", "User{pots}"));
      assertTrue(unknown.getMessage().contains("did you mean 'Posts'?"));
    }
  }

  @Test
  void servesPoolsAndThreads() throws Exception {
    DataSource source = Assoc.dataSource(url);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    Callable<String> task = () -> {
      try (Connection db = source.getConnection()) {
        return find(db);
      }
    };
    for (Future<String> found
        : threads.invokeAll(List.of(task, task, task, task))) {
      assertEquals(FOUND, found.get());
    }
    threads.shutdown();
  }
}
