//! The story that every client tells, in Rust with rusqlite:
//!
//!     cargo run -- EXTENSION DATABASE SCHEMA
//!
//! A writing SELECT is asked with query_row: execute() is an error for what
//! returns rows, and the row is written all the same.
use rusqlite::{params, Connection, Error, Params, Result};
use std::env::args;

fn open() -> Result<Connection> {
    let db = Connection::open(args().nth(2).unwrap())?;
    // SAFETY: the extension is ours, and loading is allowed for it alone.
    unsafe {
        db.load_extension_enable()?;
        db.load_extension(args().nth(1).unwrap(), None::<&str>)?;
    }
    db.load_extension_disable()?;
    Ok(db)
}

fn one(db: &Connection, sql: &str, values: impl Params) -> Result<String> {
    db.query_row(sql, values, |row| row.get(0))
}

fn number(db: &Connection, sql: &str) -> Result<i64> {
    db.query_row(sql, [], |row| row.get(0))
}

fn count(db: &Connection) -> Result<i64> {
    number(db, "SELECT assoc_count('User', 1, 'posts')")
}

fn failing(db: &Connection, sql: &str, values: impl Params) {
    match one(db, sql, values) {
        Err(Error::SqliteFailure(code, Some(message))) => println!(
            "error {}, {}: {}",
            code.extended_code & 255,
            one(db, "SELECT assoc_error() ->> 'code'", []).unwrap(),
            message.lines().next().unwrap()
        ),
        other => println!("{other:?}"),
    }
}

fn main() -> Result<()> {
    let mut db = open()?;
    println!("loaded into SQLite {}", one(&db, "SELECT sqlite_version()", [])?);
    db.execute_batch(&args().nth(3).unwrap())?;
    println!("{}", one(&db, "SELECT assoc_define('User', 'hasMany', 'Post')", [])?);
    one(&db, "SELECT assoc_sync()", [])?;
    let made = "SELECT json_array_length(assoc_discover(), '$.made')";
    println!("{} associations discovered", number(&db, made)?);
    let user = r#"{"name":"Zoë","posts":[{"title":"Hi","tags":[{"name":"new"}]},{"title":"Ho"}]}"#;
    println!("{}", one(&db, "SELECT assoc_insert('User', ?)", [user])?);
    let shape = "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)";
    println!("{}", one(&db, shape, [1])?);
    {
        let mut posts = db.prepare(
            "SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
               JOIN Post p ON p.id = r.id",
        )?;
        let mut rows = posts.query([])?;
        while let Some(row) = rows.next()? {
            let (name, title): (String, String) = (row.get(0)?, row.get(1)?);
            println!("{name}: {title}");
        }
    }

    let tx = db.transaction()?;
    tx.query_row(
        "SELECT assoc_create('User', 1, 'posts', ?)",
        [r#"{"title":"Hu"}"#],
        |_| Ok(()),
    )?;
    tx.rollback()?;
    println!("{} posts after a rollback", count(&db)?);
    let tx = db.transaction()?;
    tx.execute(
        "INSERT INTO related(model, key, association, json)
           VALUES ('User', 1, 'posts', ?)",
        [r#"{"title":"He"}"#],
    )?;
    tx.commit()?;
    println!("{} posts after a commit", count(&db)?);
    failing(&db, "SELECT eager('User{pots}')", []);
    failing(&db, "SELECT assoc_insert('User', ?)", [r#"{"name":"Zoë"}"#]);

    let second = open()?;
    println!("second connection: {} posts", count(&second)?);
    one(
        &second,
        "SELECT assoc_define('Post', 'belongsTo', 'User', ?)",
        params![r#"{"as":"author","foreignKey":"UserId"}"#],
    )?;
    let post = one(&db, "SELECT assoc_find('Post', 1, '{title author{name}}')", [])?;
    println!("first connection: {post}");
    second.close().map_err(|(_, error)| error)?;

    let thread = std::thread::spawn(|| {
        let mine = open()?;
        one(&mine, "SELECT assoc_get('User', 1, 'posts{title}')", [])
    });
    println!("elsewhere: {}", thread.join().unwrap()?);
    db.close().map_err(|(_, error)| error)?;
    println!("closed");
    Ok(())
}
