package assoc;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import javax.sql.DataSource;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;

/**
 * Associations inside SQLite, for sqlite-jdbc.
 *
 * <pre>
 * try (Connection db = Assoc.connect("jdbc:sqlite:blog.db")) {
 *   String json = Assoc.call(db, "assoc_find", "User", 1, "{name posts{title}}");
 * }
 * </pre>
 *
 * <p>A SELECT that writes is run by executeQuery(): executeBatch() is an error for
 * what returns rows, and the row is written all the same.
 */
public final class Assoc {
  private Assoc() {}

  private static Path library;

  /**
   * The library: the one that the system property assoc.library names, else the
   * one in the jar, which is copied to a file that goes when the program ends.
   */
  public static synchronized Path library() {
    String named = System.getProperty("assoc.library");
    if (named != null) return Path.of(named).toAbsolutePath();
    if (library == null) library = unpack();
    return library;
  }

  private static Path unpack() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String file = os.contains("win") ? "assoc.dll"
        : os.contains("mac") ? "assoc.dylib" : "assoc.so";
    String name = "native/" + System.getProperty("os.arch") + "/" + file;
    try (InputStream in = Assoc.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the jar has no " + name
            + "; name the library by the system property assoc.library");
      }
      Path folder = Files.createTempDirectory("assoc");
      Path copy = folder.resolve(file);
      folder.toFile().deleteOnExit();
      copy.toFile().deleteOnExit(); // before its folder: last in, first out
      Files.copy(in, copy);
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A connection that may load extensions, and has loaded this one. */
  public static Connection connect(String url) throws SQLException {
    return connect(url, new SQLiteConfig());
  }

  /** The same, with the configuration's pragmas. */
  public static Connection connect(String url, SQLiteConfig config)
      throws SQLException {
    config.enableLoadExtension(true);
    Connection db = config.createConnection(url);
    try {
      load(db);
      return db;
    } catch (SQLException e) {
      db.close();
      throw e;
    }
  }

  /** Loads it into a connection that was opened with enableLoadExtension(true). */
  public static void load(Connection db) throws SQLException {
    call(db, "load_extension", library().toString());
  }

  /** For pools: each of its connections has loaded the extension. */
  public static DataSource dataSource(String url) {
    SQLiteConfig config = new SQLiteConfig();
    config.enableLoadExtension(true);
    SQLiteDataSource source = new SQLiteDataSource(config) {
      @Override
      public org.sqlite.SQLiteConnection getConnection(String user,
          String password) throws SQLException {
        org.sqlite.SQLiteConnection db = super.getConnection(user, password);
        try {
          load(db);
          return db;
        } catch (SQLException e) {
          db.close();
          throw e;
        }
      }
    };
    source.setUrl(url);
    return source;
  }

  /** Calls an SQL function; NULL is null. */
  public static String call(Connection db, String function, Object... values)
      throws SQLException {
    String marks = values.length == 0 ? "" : "?" + ", ?".repeat(values.length - 1);
    try (PreparedStatement statement =
        db.prepareStatement("SELECT " + function + "(" + marks + ")")) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        return rows.getString(1);
      }
    }
  }
}
