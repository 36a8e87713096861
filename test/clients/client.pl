# The story that every client tells, in Perl.
use strict;
use warnings;
use DBI;

my $db = DBI->connect("dbi:SQLite::memory:", "", "",
    {RaiseError => 1, PrintError => 0, AutoCommit => 1});
$db->sqlite_enable_load_extension(1);
$db->sqlite_load_extension($ARGV[0]);
$db->do("CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT)");
$db->do("CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT)");

sub one { my ($sql, @values) = @_; return $db->selectrow_array($sql, {}, @values) }

print one("SELECT assoc_define('User', 'hasMany', 'Post')"), "\n";
one("SELECT assoc_sync()");
print one("SELECT assoc_insert('User', ?)",
    '{"name":"Ann","Posts":[{"title":"Hi"},{"title":"Ho"}]}'), "\n";
print one("SELECT eager('User(id = ?1){name posts{title}}', ?)", 1), "\n";
my $rows = $db->selectall_arrayref("
    SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
      JOIN Post p ON p.id = r.id");
print "$_->[0]: $_->[1]\n" for @$rows;
eval { one("SELECT eager('User{pots}')"); 1 }
    or print $db->errstr =~ /^(.*)$/m ? "$1\n" : "no error\n";
my $posts = one("SELECT assoc_count('User', 1, 'posts')");
$db->begin_work;
one("SELECT assoc_create('User', 1, 'posts', ?)", '{"title":"Hu"}');
$db->rollback;
my $more = one("SELECT assoc_count('User', 1, 'posts')") - $posts;
print "$posts posts, $more after the rollback of one more\n";
$db->disconnect;
print "closed\n";
