(* The story that every client tells, in OCaml with sqlite3-ocaml:

     story EXTENSION DATABASE SCHEMA *)
open Sqlite3

let extension = Sys.argv.(1)
let say = Printf.printf
let ok db = function Rc.OK | Rc.DONE -> () | _ -> failwith (errmsg db)

(* All rows of a statement, each an array of texts. *)
let rows db sql values =
  let statement = prepare db sql in
  List.iteri (fun i value -> ok db (bind statement (i + 1) value)) values;
  let rec read found =
    match step statement with
    | Rc.ROW -> read (Array.map Data.to_string_coerce (row_data statement) :: found)
    | Rc.DONE -> ok db (finalize statement); List.rev found
    | _ ->
      let message = errmsg db in
      ignore (finalize statement); failwith message in
  read []

let one db sql values = (List.hd (rows db sql values)).(0)
let count db = one db "SELECT assoc_count('User', 1, 'posts')" []
let text value = Data.TEXT value

let connect () =
  let db = db_open Sys.argv.(2) in
  ignore (enable_load_extension db true);
  ignore (one db "SELECT load_extension(?)" [ text extension ]);
  ignore (enable_load_extension db false);
  db

let failing db sql values =
  try ignore (one db sql values)
  with Failure message ->
    let code = match errcode db with
      | Rc.CONSTRAINT -> 19 | Rc.ERROR -> 1 | _ -> 0 in
    say "error %d, %s: %s\n" code
      (one db "SELECT assoc_error() ->> 'code'" [])
      (List.hd (String.split_on_char '\n' message))

let () =
  let db = connect () in
  say "loaded into SQLite %s\n" (one db "SELECT sqlite_version()" []);
  ok db (exec db Sys.argv.(3));
  say "%s\n" (one db "SELECT assoc_define('User', 'hasMany', 'Post')" []);
  ignore (one db "SELECT assoc_sync()" []);
  say "%s associations discovered\n"
    (one db "SELECT json_array_length(assoc_discover(), '$.made')" []);
  say "%s\n" (one db "SELECT assoc_insert('User', ?)" [ text
    {|{"name":"Zoë","posts":[{"title":"Hi","tags":[{"name":"new"}]},{"title":"Ho"}]}|} ]);
  say "%s\n"
    (one db "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)"
      [ Data.INT 1L ]);
  List.iter (fun row -> say "%s: %s\n" row.(0) row.(1)) (rows db
    "SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
       JOIN Post p ON p.id = r.id" []);
  ok db (exec db "BEGIN");
  ignore (one db "SELECT assoc_create('User', 1, 'posts', ?)"
    [ text {|{"title":"Hu"}|} ]);
  ok db (exec db "ROLLBACK");
  say "%s posts after a rollback\n" (count db);
  ok db (exec db "BEGIN");
  ignore (rows db "INSERT INTO related(model, key, association, json)
                     VALUES ('User', 1, 'posts', ?)" [ text {|{"title":"He"}|} ]);
  ok db (exec db "COMMIT");
  say "%s posts after a commit\n" (count db);
  failing db "SELECT eager('User{pots}')" [];
  failing db "SELECT assoc_insert('User', ?)" [ text {|{"name":"Zoë"}|} ];

  let second = connect () in
  say "second connection: %s posts\n" (count second);
  ignore (one second "SELECT assoc_define('Post', 'belongsTo', 'User', ?)"
    [ text {|{"as":"author","foreignKey":"UserId"}|} ]);
  say "first connection: %s\n"
    (one db "SELECT assoc_find('Post', 1, '{title author{name}}')" []);
  ignore (db_close second);

  Thread.join (Thread.create (fun () ->
    let mine = connect () in
    say "elsewhere: %s\n"
      (one mine "SELECT assoc_get('User', 1, 'posts{title}')" []);
    ignore (db_close mine)) ());
  ignore (db_close db);
  say "closed\n"
