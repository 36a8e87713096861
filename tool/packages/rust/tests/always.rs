//! In a program of its own, since it changes every connection.
use rusqlite::Connection;

#[test]
fn each_connection_has_it() -> rusqlite::Result<()> {
    sqlite_assoc::load_always()?;
    let db = Connection::open_in_memory()?;
    let version: String = db.query_row("SELECT assoc_version()", [], |row| row.get(0))?;
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    Ok(())
}
