# Rails: Active Record copies the table for a change of a column.
require "active_record"
require "stringio"
extension, database = ARGV
ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: database)
raw = ActiveRecord::Base.connection.raw_connection
raw.enable_load_extension(true)
raw.load_extension(extension)
ActiveRecord::Migration.verbose = false
class First < ActiveRecord::Migration[6.1]
  def up
    create_table(:users) { |t| t.text :name }
    create_table(:posts) { |t| t.text :title; t.references :user, foreign_key: true }
    execute "INSERT INTO users VALUES (1, 'Ann')"
    execute "INSERT INTO posts VALUES (1, 'Hello', 1)"
    select_value "SELECT assoc_discover()"
    select_value "SELECT assoc_live('feed', 'users{name posts{title}}')"
  end
end
class Second < ActiveRecord::Migration[6.1]
  def up
    change_column_null :posts, :title, false, ""
  end
end
[First, Second].each { |step| step.migrate(:up) }
ActiveRecord::SchemaDumper.ignore_tables = [/^(assoc|feed)_/]
out = StringIO.new
ActiveRecord::SchemaDumper.dump(ActiveRecord::Base.connection, out)
abort out.string if out.string.match?(/assoc_|feed_/) || !out.string.include?('"posts"')
