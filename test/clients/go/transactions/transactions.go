// What a SELECT that writes means to Go with mattn's driver:
//
//	go run ./transactions EXTENSION FOLDER
//
// Prints what ../../transactions.txt expects. Every line begins with an empty
// database, so the number is that of the users who were kept.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"
)

const (
	schema  = `CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT)`
	choose  = `SELECT assoc_insert('User', '{"name":"Ann"}')`
	insert  = `INSERT INTO related(model, json) VALUES ('User', '{"name":"Bob"}')`
	users   = `SELECT count(*) FROM User`
	outcome = `SELECT assoc_result()`
)

var background = context.Background()

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The driver loads the extension into each connection that the pool opens.
func open(file string) *sql.DB {
	db, err := sql.Open("sqlite3_assoc", file)
	must(err)
	return db
}

func number(db *sql.DB, query string) (n int) {
	must(db.QueryRow(query).Scan(&n))
	return
}

// Does act, on an empty database. With several connections in the pool, unless
// act says otherwise.
func within(act func(db *sql.DB, file string)) {
	folder, err := os.MkdirTemp(os.Args[2], "go")
	must(err)
	file := filepath.Join(folder, "user.db")
	db := open(file)
	_, err = db.Exec(schema)
	must(err)
	act(db, file)
	must(db.Close())
	must(os.RemoveAll(folder))
}

func told(what string, act func(db *sql.DB) error) {
	within(func(db *sql.DB, _ string) {
		refused := ""
		if act(db) != nil {
			refused = "an error, "
		}
		fmt.Printf("%s: %s%d kept\n", what, refused, number(db, users))
	})
}

func rolledBack(act func(tx *sql.Tx) error) func(db *sql.DB) error {
	return func(db *sql.DB) error {
		tx, err := db.Begin()
		must(err)
		must(act(tx))
		return tx.Rollback()
	}
}

func queried(fetch bool) func(db *sql.DB) error {
	return func(db *sql.DB) error {
		rows, err := db.Query(choose)
		must(err)
		for fetch && rows.Next() {
		}
		return rows.Close()
	}
}

// While its rows are open, a query keeps its connection.
func tellRows() {
	within(func(db *sql.DB, _ string) {
		db.SetMaxOpenConns(1)
		rows, err := db.Query(choose)
		must(err)
		soon, cancel := context.WithTimeout(background, 200*time.Millisecond)
		_, err = db.ExecContext(soon, insert)
		cancel()
		waits := errors.Is(err, context.DeadlineExceeded)
		must(rows.Close())
		_, err = db.Exec(insert)
		fmt.Printf("one connection: waits for rows %v, after Close %v\n",
			waits, err == nil)
	})
}

// A pool for readers gets what looks like a query.
func tellReaders() {
	within(func(_ *sql.DB, file string) {
		readers := open("file:" + file + "?mode=ro")
		var text string
		var cause sqlite3.Error
		err := readers.QueryRow(choose).Scan(&text)
		fmt.Printf("pool for readers: refused %v\n",
			errors.As(err, &cause) && cause.Code == sqlite3.ErrReadonly)
		must(readers.Close())
	})
}

// The result stays with the connection that wrote.
func tellResult() {
	within(func(db *sql.DB, _ string) {
		conn, err := db.Conn(background)
		must(err)
		made, err := conn.ExecContext(background, insert)
		must(err)
		id, err := made.LastInsertId()
		must(err)
		var mine, others sql.NullString
		must(conn.QueryRowContext(background, outcome).Scan(&mine))
		must(db.QueryRow(outcome).Scan(&others))
		fmt.Printf("INSERT: LastInsertId() %d, assoc_result() %s\n",
			id, mine.String)
		fmt.Printf("assoc_result() on another connection: %v\n",
			others.Valid)
		must(conn.Close())
	})
	within(func(db *sql.DB, _ string) {
		tx, err := db.Begin()
		must(err)
		_, err = tx.Exec(insert)
		must(err)
		var mine string
		must(tx.QueryRow(outcome).Scan(&mine))
		fmt.Printf("assoc_result() in the transaction: %s\n", mine)
		must(tx.Commit())
	})
}

func main() {
	sql.Register("sqlite3_assoc",
		&sqlite3.SQLiteDriver{Extensions: []string{os.Args[1]}})
	told("BEGIN, SELECT, rollback", rolledBack(func(tx *sql.Tx) error {
		var text string
		return tx.QueryRow(choose).Scan(&text)
	}))
	told("BEGIN, INSERT, rollback", rolledBack(func(tx *sql.Tx) error {
		_, err := tx.Exec(insert)
		return err
	}))
	told("SELECT by QueryRow(), Scan()", func(db *sql.DB) error {
		var text string
		return db.QueryRow(choose).Scan(&text)
	})
	told("SELECT by Query(), rows read", queried(true))
	told("SELECT by Query(), no row read", queried(false))
	told("SELECT by Exec()", func(db *sql.DB) error {
		_, err := db.Exec(choose)
		return err
	})
	told("INSERT by Exec()", func(db *sql.DB) error {
		_, err := db.Exec(insert)
		return err
	})
	tellRows()
	tellReaders()
	tellResult()
}
