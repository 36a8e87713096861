//! Associations inside SQLite, for rusqlite. They are compiled in: there is no
//! library to load, and nothing to allow for it.
//!
//! ```
//! let db = rusqlite::Connection::open_in_memory()?;
//! sqlite_assoc::load(&db)?;
//! db.execute_batch(
//!     "CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT);
//!      CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT,
//!                        UserId INTEGER REFERENCES User);
//!      SELECT assoc_define('User', 'hasMany', 'Post');
//!      SELECT assoc_insert('User', '{\"name\":\"Ann\",\"posts\":[{\"title\":\"Hi\"}]}');",
//! )?;
//! let json: String = db.query_row("SELECT eager('User{name posts{title}}')", [], |row| row.get(0))?;
//! assert_eq!(json, r#"[{"name":"Ann","posts":[{"title":"Hi"}]}]"#);
//! # Ok::<(), rusqlite::Error>(())
//! ```
//!
//! A `SELECT` that writes is run by `query_row`: `execute` is an error for what
//! returns rows, and the row is written all the same.
use rusqlite::{ffi, Connection, Error, Result};
use std::ffi::{c_char, c_int, CStr};
use std::ptr;

extern "C" {
    /// The extension's entry point, of the kind that SQLite calls.
    pub fn sqlite3_assoc_init(
        db: *mut ffi::sqlite3,
        error: *mut *mut c_char,
        api: *const ffi::sqlite3_api_routines,
    ) -> c_int;
}

/// Gives a connection the functions and tables of assoc.
pub fn load(db: &Connection) -> Result<()> {
    let mut error: *mut c_char = ptr::null_mut();
    // SAFETY: the connection is open, and compiled in, the entry point asks for
    // no table of SQLite's interface.
    let rc = unsafe { sqlite3_assoc_init(db.handle(), &mut error, ptr::null()) };
    if rc == ffi::SQLITE_OK {
        return Ok(());
    }
    let message = (!error.is_null()).then(|| {
        // SAFETY: SQLite's memory, a text that ends in 0.
        unsafe {
            let text = CStr::from_ptr(error).to_string_lossy().into_owned();
            ffi::sqlite3_free(error.cast());
            text
        }
    });
    Err(Error::SqliteFailure(ffi::Error::new(rc), message))
}

/// Gives them to each connection that is opened from now on, those of other
/// crates on the same SQLite too.
pub fn load_always() -> Result<()> {
    // SAFETY: the entry point has the type that SQLite calls it by.
    let rc = unsafe { ffi::sqlite3_auto_extension(Some(sqlite3_assoc_init)) };
    match rc {
        ffi::SQLITE_OK => Ok(()),
        _ => Err(Error::SqliteFailure(ffi::Error::new(rc), None)),
    }
}
