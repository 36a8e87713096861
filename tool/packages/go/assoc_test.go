package assoc

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/mattn/go-sqlite3"
)

var ctx = context.Background()

type post struct{ Title string }
type user struct {
	Name  string
	Posts []post
}

const shape = "{name posts{title}}"

func open(t *testing.T, file string) *sql.DB {
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func blog(t *testing.T) (*sql.DB, string) {
	file := filepath.Join(t.TempDir(), "blog.db")
	db := open(t, file)
	if _, err := db.Exec(`
		CREATE TABLE User(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
		CREATE TABLE Post(id INTEGER PRIMARY KEY, title TEXT,
		                  UserId INTEGER REFERENCES User);
		SELECT assoc_define('User', 'hasMany', 'Post');`); err != nil {
		t.Fatal(err)
	}
	keys, err := Insert(ctx, db, "User", map[string]any{
		"name": "Zoë", "posts": []map[string]any{{"title": "Hi"}, {"title": "Ho"}}})
	if err != nil || keys != `{"id":1,"posts":[{"id":1},{"id":2}]}` {
		t.Fatal(keys, err)
	}
	return db, file
}

func TestFind(t *testing.T) {
	db, _ := blog(t)
	var found user
	if err := Find(ctx, db, &found, "User", 1, shape); err != nil {
		t.Fatal(err)
	}
	if found.Name != "Zoë" || len(found.Posts) != 2 || found.Posts[1].Title != "Ho" {
		t.Fatal(found)
	}
	if err := Find(ctx, db, &found, "User", 2, shape); !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
}

func TestEager(t *testing.T) {
	db, _ := blog(t)
	var found []user
	if err := Eager(ctx, db, &found, "User(name = ?1)"+shape, "Zoë"); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || len(found[0].Posts) != 2 {
		t.Fatal(found)
	}
}

func TestRollback(t *testing.T) {
	db, _ := blog(t)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Call(ctx, tx, "assoc_create", "User", 1, "posts", `{"title":"Hu"}`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	count, err := Call(ctx, db, "assoc_count", "User", 1, "posts")
	if err != nil || count.String != "2" {
		t.Fatal(count, err)
	}
}

func TestErrors(t *testing.T) {
	db, _ := blog(t)
	var cause sqlite3.Error
	_, err := Insert(ctx, db, "User", map[string]any{"name": "Zoë"})
	if !errors.As(err, &cause) || cause.Code != sqlite3.ErrConstraint {
		t.Fatal(err)
	}
	err = Find(ctx, db, &user{}, "User", 1, "{pots}")
	if !errors.As(err, &cause) || cause.Code != sqlite3.ErrError {
		t.Fatal(err)
	}
}

// Each connection of the pool has the extension, and so has another pool.
func TestConnections(t *testing.T) {
	_, file := blog(t)
	other := open(t, file)
	var wait sync.WaitGroup
	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			var found user
			if err := Find(ctx, other, &found, "User", 1, shape); err != nil {
				t.Error(err)
			}
		}()
	}
	wait.Wait()
}
