use rusqlite::{Connection, Error, ErrorCode, Params, Result};

const FOUND: &str = r#"{"name":"Zoë","posts":[{"title":"Hi"}]}"#;

fn open(file: &str) -> Result<Connection> {
    let db = Connection::open(file)?;
    sqlite_assoc::load(&db)?;
    Ok(db)
}

fn blog(file: &str) -> Result<Connection> {
    let db = open(file)?;
    db.execute_batch(
        r#"CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
           CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT,
                             UserId INTEGER REFERENCES User);
           SELECT assoc_define('User', 'hasMany', 'Post');
           SELECT assoc_insert('User', '{"name":"Zoë","posts":[{"title":"Hi"}]}');"#,
    )?;
    Ok(db)
}

fn one(db: &Connection, sql: &str, values: impl Params) -> Result<String> {
    db.query_row(sql, values, |row| row.get(0))
}

fn find(db: &Connection) -> Result<String> {
    one(db, "SELECT assoc_find('User', 1, '{name posts{title}}')", [])
}

#[test]
fn loads_twice() -> Result<()> {
    let db = blog(":memory:")?;
    sqlite_assoc::load(&db)?;
    assert_eq!(find(&db)?, FOUND);
    db.close().map_err(|(_, error)| error)
}

#[test]
fn rolls_back() -> Result<()> {
    let mut db = blog(":memory:")?;
    let tx = db.transaction()?;
    let sql = "SELECT CAST(assoc_create('User', 1, 'posts', ?) AS TEXT)";
    assert_eq!(one(&tx, sql, [r#"{"title":"Ho"}"#])?, "2");
    tx.rollback()?;
    assert_eq!(find(&db)?, FOUND);
    Ok(())
}

#[test]
fn errors_have_sqlites_codes() -> Result<()> {
    let db = blog(":memory:")?;
    match one(&db, "SELECT assoc_insert('User', ?)", [r#"{"name":"Zoë"}"#]) {
        Err(Error::SqliteFailure(error, Some(message))) => {
            assert_eq!(error.code, ErrorCode::ConstraintViolation);
            assert_eq!(message, "UNIQUE constraint failed: User.name");
        }
        other => panic!("{other:?}"),
    }
    let unknown = one(&db, "SELECT eager('User{pots}')", []).unwrap_err();
    assert!(unknown.to_string().contains("did you mean 'Posts'?"));
    Ok(())
}

#[test]
fn other_threads_have_connections_of_their_own() -> Result<()> {
    let file = std::env::temp_dir().join(format!("assoc-{}.db", std::process::id()));
    let name = file.to_str().unwrap().to_owned();
    let db = blog(&name)?;
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let name = name.clone();
            std::thread::spawn(move || find(&open(&name)?))
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap()?, FOUND);
    }
    drop(db);
    std::fs::remove_file(file).unwrap();
    Ok(())
}
