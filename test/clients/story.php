<?php
// The story that every client tells, in PHP with its SQLite3 class:
//
//     php -d sqlite3.extension_dir=FOLDER story.php EXTENSION DATABASE SCHEMA
//
// loadExtension() takes the name of a file in that folder. query() and then
// fetchArray() run a statement twice, so a SELECT that writes goes through
// querySingle(), and a statement with values is DML or only reads.
[, $extension, $database, $schema] = $argv;

function open(): SQLite3 {
  global $extension, $database;
  $db = new SQLite3($database);
  $db->enableExceptions(true);
  $db->loadExtension(basename($extension));
  return $db;
}

function rows(SQLite3 $db, string $sql, ...$values): array {
  $statement = $db->prepare($sql);
  foreach ($values as $i => $value) {
    $statement->bindValue($i + 1, $value);
  }
  $result = $statement->execute();
  $rows = [];
  while ($result->numColumns() && ($row = $result->fetchArray(SQLITE3_NUM))) {
    $rows[] = $row;
  }
  return $rows;
}

function quoted(array $value): string {
  return "'" . SQLite3::escapeString(json_encode($value)) . "'";
}

function failing(SQLite3 $db, string $sql): void {
  try {
    $db->querySingle($sql);
  } catch (Exception $error) {
    $message = strtok($error->getMessage(), "\n");
    $code = $db->lastErrorCode();
    $reason = $db->querySingle("SELECT assoc_error() ->> 'code'");
    echo "error $code, $reason: $message\n";
  }
}

$db = open();
$count = "SELECT assoc_count('User', 1, 'posts')";
echo 'loaded into SQLite ', $db->querySingle('SELECT sqlite_version()'), "\n";
$db->exec($schema);
echo $db->querySingle("SELECT assoc_define('User', 'hasMany', 'Post')"), "\n";
$db->querySingle('SELECT assoc_sync()');
$made = json_decode($db->querySingle('SELECT assoc_discover()'))->made;
echo count($made), " associations discovered\n";
echo $db->querySingle("SELECT assoc_insert('User', " . quoted([
  'name' => 'Zoë',
  'posts' => [['title' => 'Hi', 'tags' => [['name' => 'new']]],
    ['title' => 'Ho']]]) . ')'), "\n";
echo rows($db, "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)",
  1)[0][0], "\n";
foreach (rows($db, "
    SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
      JOIN Post p ON p.id = r.id") as [$name, $title]) {
  echo "$name: $title\n";
}
$db->exec('BEGIN');
$db->querySingle("SELECT assoc_create('User', 1, 'posts', '{\"title\":\"Hu\"}')");
$db->exec('ROLLBACK');
echo $db->querySingle($count), " posts after a rollback\n";
$db->exec('BEGIN');
rows($db, "INSERT INTO related(model, key, association, json)
             VALUES ('User', 1, 'posts', ?)", '{"title":"He"}');
$db->exec('COMMIT');
echo $db->querySingle($count), " posts after a commit\n";
failing($db, "SELECT eager('User{pots}')");
failing($db, "SELECT assoc_insert('User', " . quoted(['name' => 'Zoë']) . ')');

$second = open();
echo 'second connection: ', $second->querySingle($count), " posts\n";
$second->querySingle("SELECT assoc_define('Post', 'belongsTo', 'User', "
  . quoted(['as' => 'author', 'foreignKey' => 'UserId']) . ')');
echo 'first connection: ', $db->querySingle(
  "SELECT assoc_find('Post', 1, '{title author{name}}')"), "\n";
$second->close();

// Another process: a web server's workers.
$php = implode(' ', array_map('escapeshellarg', [PHP_BINARY,
  '-d', 'sqlite3.extension_dir=' . ini_get('sqlite3.extension_dir'), '-r', '
    $db = new SQLite3($argv[2]);
    $db->loadExtension(basename($argv[1]));
    echo $db->querySingle("SELECT assoc_get(\'User\', 1, \'posts{title}\')");',
  $extension, $database]));
echo 'elsewhere: ', shell_exec($php), "\n";
$db->close();
echo "closed\n";
