# The story that every client tells, in Perl with DBD::SQLite:
#
#     perl story.pl EXTENSION DATABASE SCHEMA
use strict;
use warnings;
use utf8;
use DBI;
use DBD::SQLite::Constants ':dbd_sqlite_string_mode';
use JSON::PP;

binmode STDOUT, ':utf8';
my ($extension, $database, $schema) = @ARGV;

sub open_database {
    my $db = DBI->connect("dbi:SQLite:$database", '', '', {
        RaiseError => 1, PrintError => 0, AutoCommit => 1,
        sqlite_string_mode => DBD_SQLITE_STRING_MODE_UNICODE_STRICT});
    $db->sqlite_enable_load_extension(1);
    $db->sqlite_load_extension($extension);
    $db->sqlite_enable_load_extension(0);
    return $db;
}

sub one {
    my ($db, $sql, @values) = @_;
    return $db->selectrow_array($sql, {}, @values);
}

sub count { return one($_[0], "SELECT assoc_count('User', 1, 'posts')") }

sub failing {
    my ($db) = @_;
    return if eval { one(@_); 1 };
    my ($message) = $db->errstr =~ /^(.*)$/m;
    my $code = $db->err & 255;
    my $reason = one($db, "SELECT assoc_error() ->> 'code'");
    print "error $code, $reason: $message\n";
}

my $db = open_database;
print 'loaded into SQLite ', one($db, 'SELECT sqlite_version()'), "\n";
$db->do($_) for grep /\S/, split /;/, $schema;
print one($db, "SELECT assoc_define('User', 'hasMany', 'Post')"), "\n";
one($db, 'SELECT assoc_sync()');
my $made = decode_json(one($db, 'SELECT assoc_discover()'))->{made};
print scalar @$made, " associations discovered\n";
print one($db, "SELECT assoc_insert('User', ?)",
    '{"name":"Zoë","posts":[{"title":"Hi","tags":[{"name":"new"}]},' .
    '{"title":"Ho"}]}'), "\n";
print one($db,
    "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)", 1), "\n";
my $rows = $db->selectall_arrayref("
    SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
      JOIN Post p ON p.id = r.id");
print "$_->[0]: $_->[1]\n" for @$rows;
$db->begin_work;
one($db, "SELECT assoc_create('User', 1, 'posts', ?)", '{"title":"Hu"}');
$db->rollback;
print count($db), " posts after a rollback\n";
$db->begin_work;
$db->do("INSERT INTO related(model, key, association, json)
           VALUES ('User', 1, 'posts', ?)", {}, '{"title":"He"}');
$db->commit;
print count($db), " posts after a commit\n";
failing($db, "SELECT eager('User{pots}')");
failing($db, "SELECT assoc_insert('User', ?)", '{"name":"Zoë"}');

my $second = open_database;
print 'second connection: ', count($second), " posts\n";
one($second, "SELECT assoc_define('Post', 'belongsTo', 'User', ?)",
    '{"as":"author","foreignKey":"UserId"}');
print 'first connection: ',
    one($db, "SELECT assoc_find('Post', 1, '{title author{name}}')"), "\n";
$second->disconnect;

# A child, which opens a connection of its own and leaves its parent's alone.
$| = 1;
if (my $child = fork) {
    waitpid $child, 0;
} else {
    $db->{AutoInactiveDestroy} = 1;
    my $mine = open_database;
    print 'elsewhere: ',
        one($mine, "SELECT assoc_get('User', 1, 'posts{title}')"), "\n";
    $mine->disconnect;
    exit;
}
$db->disconnect;
print "closed\n";
