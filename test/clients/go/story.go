// The story that every client tells, in Go with mattn's driver:
//
//	go run . EXTENSION DATABASE SCHEMA
//
// The driver loads the extension into each connection that the pool opens.
// Build it with CGO_ENABLED=1.
package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/mattn/go-sqlite3"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func open() *sql.DB {
	db, err := sql.Open("sqlite3_assoc", os.Args[2])
	must(err)
	return db
}

// A pool or a transaction.
type queryer interface {
	QueryRow(query string, args ...any) *sql.Row
}

func one(db queryer, query string, args ...any) (text string) {
	must(db.QueryRow(query, args...).Scan(&text))
	return
}

func count(db queryer) string {
	return one(db, "SELECT assoc_count('User', 1, 'posts')")
}

func failing(db *sql.DB, query string, args ...any) {
	var text string
	var cause sqlite3.Error
	if err := db.QueryRow(query, args...).Scan(&text); errors.As(err, &cause) {
		message, _, _ := strings.Cut(cause.Error(), "\n")
		reason := one(db, "SELECT assoc_error() ->> 'code'")
		fmt.Printf("error %d, %s: %s\n", cause.Code, reason, message)
	}
}

func main() {
	sql.Register("sqlite3_assoc",
		&sqlite3.SQLiteDriver{Extensions: []string{os.Args[1]}})
	db := open()
	must(db.Ping())
	fmt.Println("loaded into SQLite", one(db, "SELECT sqlite_version()"))
	_, err := db.Exec(os.Args[3])
	must(err)
	fmt.Println(one(db, "SELECT assoc_define('User', 'hasMany', 'Post')"))
	one(db, "SELECT assoc_sync()")
	var discovered struct{ Made []any }
	must(json.Unmarshal([]byte(one(db, "SELECT assoc_discover()")), &discovered))
	fmt.Println(len(discovered.Made), "associations discovered")
	fmt.Println(one(db, "SELECT assoc_insert('User', ?)",
		`{"name":"Zoë","posts":[{"title":"Hi","tags":[{"name":"new"}]},{"title":"Ho"}]}`))
	fmt.Println(one(db,
		"SELECT eager('User(id = ?1){name posts{title tags{name}}}', ?)", 1))
	rows, err := db.Query(`
		SELECT u.name, p.title FROM User u, related('User', u.id, 'posts') r
		  JOIN Post p ON p.id = r.id`)
	must(err)
	for rows.Next() {
		var name, title string
		must(rows.Scan(&name, &title))
		fmt.Printf("%s: %s\n", name, title)
	}
	must(rows.Close())

	tx, err := db.Begin()
	must(err)
	one(tx, "SELECT assoc_create('User', 1, 'posts', ?)", `{"title":"Hu"}`)
	must(tx.Rollback())
	fmt.Println(count(db), "posts after a rollback")
	tx, err = db.Begin()
	must(err)
	_, err = tx.Exec(`INSERT INTO related(model, key, association, json)
		VALUES ('User', 1, 'posts', ?)`, `{"title":"He"}`)
	must(err)
	must(tx.Commit())
	fmt.Println(count(db), "posts after a commit")
	failing(db, "SELECT eager('User{pots}')")
	failing(db, "SELECT assoc_insert('User', ?)", `{"name":"Zoë"}`)

	second := open()
	fmt.Println("second connection:", count(second), "posts")
	one(second, "SELECT assoc_define('Post', 'belongsTo', 'User', ?)",
		`{"as":"author","foreignKey":"UserId"}`)
	fmt.Println("first connection:",
		one(db, "SELECT assoc_find('Post', 1, '{title author{name}}')"))
	must(second.Close())

	done := make(chan string)
	go func() {
		mine := open()
		done <- one(mine, "SELECT assoc_get('User', 1, 'posts{title}')")
		must(mine.Close())
	}()
	fmt.Println("elsewhere:", <-done)
	must(db.Close())
	fmt.Println("closed")
}
