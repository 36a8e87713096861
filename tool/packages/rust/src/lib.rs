#![doc = include_str!("../README.md")]
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
