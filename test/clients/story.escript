#!/usr/bin/env escript
%% The story that every client tells, in Erlang with p1_sqlite3:
%%
%%     escript story.escript EXTENSION DATABASE SCHEMA

main([Extension, Database, Schema]) ->
    io:setopts([{encoding, unicode}]),
    put(files, {Extension, Database}),
    open_database(db),
    say("loaded into SQLite ~ts", [one(db, "SELECT sqlite_version()")]),
    sqlite3:sql_exec_script(db, Schema),
    say("~ts", [one(db, "SELECT assoc_define('User', 'hasMany', 'Post')")]),
    one(db, "SELECT assoc_sync()"),
    say("~b associations discovered",
        [one(db, "SELECT json_array_length(assoc_discover(), '$.made')")]),
    say("~ts", [one(db, "SELECT assoc_insert('User', ?)",
        [<<"{\"name\":\"Zoë\",\"posts\":[{\"title\":\"Hi\",\"tags\":"
           "[{\"name\":\"new\"}]},{\"title\":\"Ho\"}]}"/utf8>>])]),
    say("~ts", [one(db,
        "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)", [1])]),
    [say("~ts: ~ts", [Name, Title]) || {Name, Title} <- rows(db, "
        SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
          JOIN Post p ON p.id = r.id", [])],
    sqlite3:sql_exec(db, "BEGIN"),
    one(db, "SELECT assoc_create('User', 1, 'posts', ?)",
        [<<"{\"title\":\"Hu\"}">>]),
    sqlite3:sql_exec(db, "ROLLBACK"),
    say("~b posts after a rollback", [count(db)]),
    sqlite3:sql_exec(db, "BEGIN"),
    sqlite3:sql_exec(db, "INSERT INTO related(model, key, association, json)
        VALUES ('User', 1, 'posts', ?)", [<<"{\"title\":\"He\"}">>]),
    sqlite3:sql_exec(db, "COMMIT"),
    say("~b posts after a commit", [count(db)]),
    failing(db, "SELECT eager('User{pots}')", []),
    failing(db, "SELECT assoc_insert('User', ?)",
        [<<"{\"name\":\"Zoë\"}"/utf8>>]),

    open_database(second),
    say("second connection: ~b posts", [count(second)]),
    one(second, "SELECT assoc_define('Post', 'belongsTo', 'User', ?)",
        [<<"{\"as\":\"author\",\"foreignKey\":\"UserId\"}">>]),
    say("first connection: ~ts",
        [one(db, "SELECT assoc_find('Post', 1, '{title author{name}}')")]),
    sqlite3:close(second),

    %% A process, which opens a connection of its own.
    Files = get(files),
    {_, Process} = spawn_monitor(fun() ->
        put(files, Files),
        open_database(mine),
        say("elsewhere: ~ts",
            [one(mine, "SELECT assoc_get('User', 1, 'posts{title}')")]),
        sqlite3:close(mine)
    end),
    receive {'DOWN', Process, process, _, normal} -> ok end,
    sqlite3:close(db),
    say("closed", []).

say(Format, Values) -> io:format(Format ++ "~n", Values).

open_database(Name) ->
    {Extension, Database} = get(files),
    {ok, _} = sqlite3:open(Name, [{file, Database}]),
    ok = sqlite3:enable_load_extension(Name, 1),
    one(Name, "SELECT load_extension(?)", [list_to_binary(Extension)]),
    ok = sqlite3:enable_load_extension(Name, 0).

rows(Db, Sql, Values) ->
    [{columns, _}, {rows, Rows}] = sqlite3:sql_exec(Db, Sql, Values),
    Rows.

one(Db, Sql) -> one(Db, Sql, []).

one(Db, Sql, Values) ->
    [{Value}] = rows(Db, Sql, Values),
    Value.

count(Db) -> one(Db, "SELECT assoc_count('User', 1, 'posts')").

failing(Db, Sql, Values) ->
    Answer = sqlite3:sql_exec(Db, Sql, Values),
    {error, Code, Message} = lists:last(Answer),
    Reason = one(Db, "SELECT assoc_error() ->> 'code'"),
    say("error ~b, ~ts: ~ts",
        [Code band 255, Reason, hd(string:split(Message, "\n"))]).
