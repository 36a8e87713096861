<?php
// What a SELECT that writes means to PHP:
//
//     php -d sqlite3.extension_dir=FOLDER transactions.php SQLite3|PDO EXTENSION
//
// Prints what transactions.txt expects. Every line begins with an empty
// database, so the number is that of the users who were written.
[, $client, $extension] = $argv;
const SCHEMA = 'CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT)';
const SELECT = "SELECT assoc_insert('User', '{\"name\":\"Ann\"}')";
const INSERT = "INSERT INTO related(model, json)
                  VALUES ('User', '{\"name\":\"Bob\"}')";
const COUNT = 'SELECT count(*) FROM User';
const RESULT = 'SELECT assoc_result()';

function opened(): SQLite3 {
  global $extension;
  $db = new SQLite3(':memory:');
  $db->enableExceptions(true);
  $db->loadExtension(basename($extension));
  $db->exec(SCHEMA);
  return $db;
}

// PDO loads extensions from PHP 8.4 on. Before, the library of SQLite can be
// asked to give the extension to each new connection.
function openedPdo(): PDO {
  $db = new PDO('sqlite::memory:');
  $db->exec(SCHEMA);
  return $db;
}

function autoload(string $extension): void {
  $sqlite = FFI::cdef('int sqlite3_auto_extension(void (*entry)(void));',
    'libsqlite3.so.0');
  $assoc = FFI::cdef('void sqlite3_assoc_init(void);', $extension);
  $sqlite->sqlite3_auto_extension($assoc->sqlite3_assoc_init);
}

function told(string $what, int $users): void {
  echo "$what: $users kept\n";
}

// How many users does the function write?
function written($db, callable $write): int {
  $write($db);
  return $db instanceof PDO ? $db->query(COUNT)->fetchColumn()
    : $db->querySingle(COUNT);
}

function fetched(SQLite3Result $result, int $passes): void {
  for ($i = 0; $i < $passes; $i++) {
    while ($result->fetchArray()) {
    }
  }
  $result->finalize();
}

function tellSqlite3(): void {
  foreach (['SELECT' => SELECT, 'INSERT' => INSERT] as $name => $sql) {
    told("BEGIN, $name, rollback", written(opened(), function ($db) use ($sql) {
      $db->exec('BEGIN');
      $db->querySingle($sql);
      $db->exec('ROLLBACK');
    }));
  }
  $told = fn($what, $write) => told($what, written(opened(), $write));
  $told('SELECT by querySingle()', fn($db) => $db->querySingle(SELECT));
  $told('SELECT by exec()', fn($db) => $db->exec(SELECT));
  $told('SELECT by query()', fn($db) => $db->query(SELECT)->finalize());
  $told('SELECT by query(), one fetchArray()', function ($db) {
    $result = $db->query(SELECT);
    $result->fetchArray();
    $result->finalize();
  });
  $told('SELECT by query(), one pass of fetchArray()',
    fn($db) => fetched($db->query(SELECT), 1));
  $told('SELECT by query(), two passes of fetchArray()',
    fn($db) => fetched($db->query(SELECT), 2));
  $told('SELECT by query(), fetchArray(), reset(), fetchArray()',
    function ($db) {
      $result = $db->query(SELECT);
      $result->fetchArray();
      $result->reset();
      $result->fetchArray();
      $result->finalize();
    });
  $told('SELECT by prepare()', fn($db) => $db->prepare(SELECT)->close());
  $told('SELECT by prepare(), execute(), one pass of fetchArray()',
    fn($db) => fetched($db->prepare(SELECT)->execute(), 1));
  $told('INSERT by exec()', fn($db) => $db->exec(INSERT));
  $told('INSERT by prepare(), execute()',
    fn($db) => $db->prepare(INSERT)->execute()->finalize());
  $db = opened();
  $db->exec(INSERT);
  echo 'INSERT: lastInsertRowID() ', $db->lastInsertRowID(),
    ', assoc_result() ', $db->querySingle(RESULT), "\n";
}

function tellPdo(): void {
  foreach (['SELECT' => SELECT, 'INSERT' => INSERT] as $name => $sql) {
    told("BEGIN, $name, rollback",
      written(openedPdo(), function ($db) use ($sql) {
        $db->beginTransaction();
        $db->query($sql)->fetchAll();
        $db->rollBack();
      }));
  }
  $told = fn($what, $write) => told($what, written(openedPdo(), $write));
  $told('SELECT by exec()', fn($db) => $db->exec(SELECT));
  $told('SELECT by query(), fetchAll()',
    fn($db) => $db->query(SELECT)->fetchAll());
  $told('SELECT by query(), not fetched',
    fn($db) => $db->query(SELECT)->closeCursor());
  $told('INSERT by exec()', fn($db) => $db->exec(INSERT));
  $db = openedPdo();
  $db->exec(INSERT);
  echo 'INSERT: lastInsertId() ', $db->lastInsertId(), ', assoc_result() ',
    $db->query(RESULT)->fetchColumn(), "\n";
}

if ($client === 'PDO') {
  autoload($extension);
  tellPdo();
} else {
  tellSqlite3();
}
