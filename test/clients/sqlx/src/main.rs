//! The story that every client tells, in Rust with sqlx:
//!
//!     cargo run -- EXTENSION DATABASE SCHEMA
//!
//! Options load the extension into each connection of a pool.
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Executor, Result, Row, Sqlite};
use std::env::args;

async fn open() -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new().filename(args().nth(2).unwrap()).create_if_missing(true);
    // SAFETY: the library is ours.
    let options = unsafe { options.extension(args().nth(1).unwrap()) };
    SqlitePoolOptions::new().max_connections(1).connect_with(options).await
}

async fn one<'e>(db: impl Executor<'e, Database = Sqlite>, sql: &'static str, value: &str) -> Result<String> {
    let query = sqlx::query(sql);
    let query = if sql.contains("?)") { query.bind(value.to_owned()) } else { query };
    Ok(query.fetch_one(db).await?.get_unchecked(0))
}

async fn count(db: &SqlitePool) -> Result<String> {
    one(db, "SELECT CAST(assoc_count('User', 1, 'posts') AS TEXT)", "").await
}

async fn failing(db: &SqlitePool, sql: &'static str, value: &str) -> Result<()> {
    if let Err(sqlx::Error::Database(error)) = one(db, sql, value).await {
        let code: i32 = error.code().unwrap().parse().unwrap();
        let reason = one(db, "SELECT assoc_error() ->> 'code'", "").await?;
        let message = error.message().lines().next().unwrap();
        println!("error {}, {reason}: {message}", code & 255);
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let db = open().await?;
    println!("loaded into SQLite {}", one(&db, "SELECT sqlite_version()", "").await?);
    sqlx::raw_sql(AssertSqlSafe(args().nth(3).unwrap())).execute(&db).await?;
    println!("{}", one(&db, "SELECT assoc_define('User', 'hasMany', 'Post')", "").await?);
    one(&db, "SELECT assoc_sync()", "").await?;
    let made = "SELECT CAST(json_array_length(assoc_discover(), '$.made') AS TEXT)";
    println!("{} associations discovered", one(&db, made, "").await?);
    let user = r#"{"name":"Zoë","posts":[{"title":"Hi","tags":[{"name":"new"}]},{"title":"Ho"}]}"#;
    println!("{}", one(&db, "SELECT assoc_insert('User', ?)", user).await?);
    let shape = "SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)";
    println!("{}", one(&db, shape, "1").await?);
    let sql = "SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
                 JOIN Post p ON p.id = r.id";
    for row in sqlx::query(sql).fetch_all(&db).await? {
        println!("{}: {}", row.get::<String, _>(0), row.get::<String, _>(1));
    }

    let mut tx = db.begin().await?;
    let create = "SELECT CAST(assoc_create('User', 1, 'posts', ?) AS TEXT)";
    one(&mut *tx, create, r#"{"title":"Hu"}"#).await?;
    tx.rollback().await?;
    println!("{} posts after a rollback", count(&db).await?);
    let mut tx = db.begin().await?;
    let insert = "INSERT INTO related(model, key, association, json) VALUES ('User', 1, 'posts', ?)";
    sqlx::query(insert).bind(r#"{"title":"He"}"#).execute(&mut *tx).await?;
    tx.commit().await?;
    println!("{} posts after a commit", count(&db).await?);
    failing(&db, "SELECT eager('User{pots}')", "").await?;
    failing(&db, "SELECT assoc_insert('User', ?)", r#"{"name":"Zoë"}"#).await?;

    let second = open().await?;
    println!("second connection: {} posts", count(&second).await?);
    let define = "SELECT assoc_define('Post', 'belongsTo', 'User', ?)";
    one(&second, define, r#"{"as":"author","foreignKey":"UserId"}"#).await?;
    let post = one(&db, "SELECT assoc_find('Post', 1, '{title author{name}}')", "").await?;
    println!("first connection: {post}");
    second.close().await;

    let task = tokio::spawn(async {
        let mine = open().await?;
        one(&mine, "SELECT assoc_get('User', 1, 'posts{title}')", "").await
    });
    println!("elsewhere: {}", task.await.unwrap()?);
    db.close().await;
    println!("closed");
    Ok(())
}
