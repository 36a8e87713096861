// Package assoc puts associations into SQLite: importing it is all that is
// needed for each connection of mattn's driver to have them.
//
//	import (
//		"assoc"
//		_ "github.com/mattn/go-sqlite3"
//	)
//
//	db, err := sql.Open("sqlite3", "blog.db")
//	var user struct {
//		Name  string
//		Posts []struct{ Title string }
//	}
//	err = assoc.Find(ctx, db, &user, "User", 1, "{name posts{title}}")
//
// The extension is compiled into the program, by cgo, and uses the SQLite that
// mattn's driver brings. There is no library to load.
package assoc

// #cgo CFLAGS: -O2 -DNDEBUG -DSQLITE_CORE
// #cgo linux LDFLAGS: -Wl,--unresolved-symbols=ignore-in-object-files
// #cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup
// #include "assoc.h"
// typedef void (*Entry)(void);
// static int addToAll(void) {
//   return sqlite3_auto_extension((Entry)sqlite3_assoc_init);
// }
import "C"

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	_ "github.com/mattn/go-sqlite3"
)

func init() {
	if rc := C.addToAll(); rc != C.SQLITE_OK {
		panic("assoc: SQLite takes no extension")
	}
}

// Queryer is a *sql.DB, *sql.Conn or *sql.Tx.
type Queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Call calls an SQL function, such as "assoc_add", and gives its result as a
// text; a NULL is not valid.
func Call(ctx context.Context, db Queryer, function string, args ...any) (sql.NullString, error) {
	var text sql.NullString
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ")
	query := "SELECT " + function + "(" + marks + ")"
	err := db.QueryRowContext(ctx, query, args...).Scan(&text)
	return text, err
}

func read(ctx context.Context, db Queryer, value any, function string, args []any) error {
	text, err := Call(ctx, db, function, args...)
	if err != nil {
		return err
	}
	if !text.Valid {
		return sql.ErrNoRows
	}
	return json.Unmarshal([]byte(text.String), value)
}

// Find reads a row, with what the shape says of it, into value. A row that does
// not exist is sql.ErrNoRows.
func Find(ctx context.Context, db Queryer, value any, model string, key any, shape string, params ...any) error {
	return read(ctx, db, value, "assoc_find", append([]any{model, key, shape}, params...))
}

// Eager reads rows, such as those of "User(name = ?1){name posts{title}}", into
// value, a pointer to a slice.
func Eager(ctx context.Context, db Queryer, value any, query string, params ...any) error {
	return read(ctx, db, value, "eager", append([]any{query}, params...))
}

// Insert writes a row and all below it, as one JSON document.
func Insert(ctx context.Context, db Queryer, model string, values any) (keys string, err error) {
	document, err := json.Marshal(values)
	if err != nil {
		return "", err
	}
	text, err := Call(ctx, db, "assoc_insert", model, string(document))
	return text.String, err
}
