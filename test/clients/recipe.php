<?php
// The recipe of POLICIES.md for PHP, as it stands there:
//
//     php -d sqlite3.extension_dir=FOLDER recipe.php EXTENSION PAGE
[, $extension, $page] = $argv;
preg_match('/```php\n(.*?)```/s', file_get_contents($page), $found);
$db = new SQLite3(':memory:');
$db->enableExceptions(true);
$db->loadExtension(basename($extension));
$db->exec(<<<SQL
  CREATE TABLE notes(id INTEGER PRIMARY KEY, owner, text TEXT);
  INSERT INTO notes VALUES (1, 1, 'mine'), (2, 2, 'yours'), (3, 'it''s', 'odd');
  SELECT assoc_policy('notes', '{"read":"owner = :me"}');
  SELECT assoc_config('session', 'required');
  SQL);

function ask(SQLite3 $db, string $recipe, $id, string $shape): string {
  $user = (object)['id' => $id];
  $_POST['shape'] = $shape;
  ob_start();
  try {
    eval($recipe);
    return ob_get_contents();
  } catch (Exception $error) {
    return strtok($error->getMessage(), "\n");
  } finally {
    ob_end_clean();
  }
}

$failed = 0;
foreach ([
  [1, 'notes{text}', '[{"text":"mine"}]'],
  [2, 'notes{nothing}', "assoc: notes has no column or association 'nothing'"],
  [2, 'notes{text}', '[{"text":"yours"}]'],
  ["it's", 'notes{text}', '[{"text":"odd"}]'],
] as [$id, $shape, $due]) {
  $got = ask($db, $found[1], $id, $shape);
  $failed += !str_ends_with($got, $due);
  if (!str_ends_with($got, $due)) echo "$shape: expected $due, and got $got\n";
}
try {
  $db->querySingle("SELECT eager('notes')");
  $failed++;
} catch (Exception $error) {
  $failed += strpos($error->getMessage(), 'needs a session') === false;
}
echo 5 - $failed, " passed\n";
exit($failed ? 1 : 0);
