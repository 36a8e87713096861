//! What a SELECT that writes means to Rust with rusqlite:
//!
//!     cargo run --bin transactions -- EXTENSION
//!
//! Prints what ../../../transactions.txt expects. Every line begins with an
//! empty database, so the number is that of the users who were kept.
use rusqlite::{Connection, Result};
use std::env::args;

const SCHEMA: &str = "CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT)";
const SELECT: &str = r#"SELECT assoc_insert('User', '{"name":"Ann"}')"#;
const INSERT: &str =
    r#"INSERT INTO related(model, json) VALUES ('User', '{"name":"Bob"}')"#;

fn open() -> Result<Connection> {
    let db = Connection::open_in_memory()?;
    // SAFETY: the extension is ours, and loading is allowed for it alone.
    unsafe {
        db.load_extension_enable()?;
        db.load_extension(args().nth(1).unwrap(), None::<&str>)?;
    }
    db.load_extension_disable()?;
    db.execute_batch(SCHEMA)?;
    Ok(db)
}

fn one(db: &Connection, sql: &str) -> Result<String> {
    db.query_row(sql, [], |row| row.get(0))
}

fn told(what: &str, act: impl Fn(&mut Connection) -> Result<()>) -> Result<()> {
    let mut db = open()?;
    let refused = if act(&mut db).is_err() { "an error, " } else { "" };
    let kept: i64 = db.query_row("SELECT count(*) FROM User", [], |row| row.get(0))?;
    println!("{what}: {refused}{kept} kept");
    Ok(())
}

fn main() -> Result<()> {
    told("BEGIN, SELECT, rollback", |db| {
        let tx = db.transaction()?;
        one(&tx, SELECT)?;
        tx.rollback()
    })?;
    told("BEGIN, INSERT, rollback", |db| {
        let tx = db.transaction()?;
        tx.execute(INSERT, [])?;
        tx.rollback()
    })?;
    told("SELECT by query_row()", |db| one(db, SELECT).map(drop))?;
    told("SELECT by execute()", |db| db.execute(SELECT, []).map(drop))?;
    told("SELECT by execute_batch()", |db| db.execute_batch(SELECT))?;
    told("SELECT by prepare()", |db| db.prepare(SELECT).map(drop))?;
    told("SELECT by query(), no row read", |db| {
        db.prepare(SELECT)?.query([]).map(drop)
    })?;
    told("INSERT by execute()", |db| db.execute(INSERT, []).map(drop))?;
    let db = open()?;
    println!(
        "readonly(): SELECT {}, INSERT {}",
        db.prepare(SELECT)?.readonly(),
        db.prepare(INSERT)?.readonly()
    );
    db.execute(INSERT, [])?;
    println!(
        "INSERT: last_insert_rowid() {}, assoc_result() {}",
        db.last_insert_rowid(),
        one(&db, "SELECT assoc_result()")?
    );
    Ok(())
}
