package records_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources"
	"github.com/Slicer/sitegen/generator/testutil"
)

// table creates the table as the old site does.
const table = `CREATE TABLE _ (item_id TEXT primary key, revision INTEGER, checkout_date TEXT, build_date TEXT, record TEXT)`

// database writes a database with the results of some statements, and returns its path.
func database(t *testing.T, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "girder-records.sqlite")
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return path
}

// row returns the statement that adds a record, as the old site does.
func row(id, record string) string {
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	return "INSERT INTO _ (item_id, record) VALUES (" + quote(id) + ", " + quote(record) + ")"
}

func read(t *testing.T, setting string) (*source.Listing, error) {
	t.Helper()
	s, err := sources.Choose(setting, source.Options{
		Fetch: fetch.New(fetch.Options{}), Scheme: testutil.Scheme(t), Now: time.Now,
		Girder: source.Girder{App: testutil.App, API: testutil.API(t)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.Read(t.Context(), nil)
}

// TestRead reads a Girder listing from a records database. The packages are those that the listing itself leads to.
func TestRead(t *testing.T) {
	var items []json.RawMessage
	if err := json.Unmarshal(testutil.Listing(t, "live"), &items); err != nil {
		t.Fatal(err)
	}
	statements := []string{table, "BEGIN"}
	for _, item := range items {
		id := testutil.Parsed(t, string(item)).(map[string]any)["_id"].(string)
		statements = append(statements, row(id, string(item)))
	}
	path := database(t, append(statements, "COMMIT")...)
	for _, setting := range []string{path, "records:" + path} {
		l, err := read(t, setting)
		if err != nil {
			t.Fatal(err)
		}
		packages, _ := catalog.Publish(testutil.Scheme(t), l.Spelling, l.Records)
		if diff := cmp.Diff(testutil.Packages(t, "live"), packages); diff != "" {
			t.Errorf("packages (-listing +database):\n%.2000s", diff)
		}
		if last := l.Warnings[len(l.Warnings)-1]; !strings.Contains(last, "packages that Girder has deleted") {
			t.Errorf("warnings %q", l.Warnings)
		}
	}
}

// TestHostile reads files that are not what they should be.
func TestHostile(t *testing.T) {
	const good = `{"_id":"600000000000000000000001","name":"x","size":1000,"meta":{}}`
	const id = "600000000000000000000001"
	for _, tt := range []struct {
		name       string
		statements []string
		want       string // part of the error; "" for none
		left       string // part of the last warning
	}{
		{"good", []string{table, row(id, good)}, "", "has deleted"},
		{"no table", []string{"CREATE TABLE access (x)", "CREATE TABLE bsinfo (x)"},
			`it has no table _ (found ["access" "bsinfo"])`, ""},
		{"other columns", []string{"CREATE TABLE _ (item_id, x)"}, `(found ["item_id"])`, ""},
		{"view", []string{"CREATE VIEW _ AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) " +
			"SELECT n AS item_id, n AS record FROM r"}, "it has no table _", ""},
		{"virtual table", []string{"CREATE VIRTUAL TABLE _ USING rtree(item_id, record, y)"}, "it has no table _", ""},
		{"no rows", []string{table}, "no records of Girder (found 0 rows)", ""},
		{"Midas", []string{table, row("1341035", `{"item_id":"1341035"}`)}, "records of the retired Midas server", ""},
		{"text that ends the array", []string{table, row("0", `{"_id":"0"}],[{`), row(id, good)}, "",
			`1 rows left out; the first is item_id "0": the record is not a JSON object`},
		{"another id", []string{table, row("0", good), row(id, good)}, "", "has another _id"},
		{"bytes", []string{table, "INSERT INTO _ VALUES ('0',0,'','',x'00ff')", row(id, good)}, "", "not text but blob"},
		{"nothing", []string{table, "INSERT INTO _ VALUES (NULL,0,'','',NULL)", row(id, good)}, "", "not text but null"},
		{"array", []string{table, row("0", `[]`), row(id, good)}, "", "not a JSON object"},
		{"long", []string{table, row("0", `{"_id":"0","x":"`+strings.Repeat("x", 1<<20)+`"}`), row(id, good)}, "",
			"longer than 1048576 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := read(t, database(t, tt.statements...))
			switch {
			case tt.want != "":
				if fault.KindOf(err) != fault.Source || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v of kind %v, want %q", err, fault.KindOf(err), tt.want)
				}
			case err != nil:
				t.Error(err)
			case len(l.Records) != 1 || !strings.Contains(l.Warnings[len(l.Warnings)-1], tt.left):
				t.Errorf("%d records, warnings %q", len(l.Records), l.Warnings)
			}
		})
	}
}

// TestDamaged damages a database byte by byte. Reading it ends with a listing or an error, and never hangs.
func TestDamaged(t *testing.T) {
	statements := []string{table}
	for i := range 40 {
		id := fmt.Sprintf("%024x", i)
		statements = append(statements, row(id, `{"_id":"`+id+`","name":"`+strings.Repeat("x", 200)+`","meta":{}}`))
	}
	data, err := os.ReadFile(database(t, statements...))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "damaged.sqlite")
	for at := 0; at < len(data); at += testutil.Amount(7, 61) {
		damaged := append([]byte{}, data...)
		damaged[at] ^= 0xff
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		if l, err := read(t, path); err == nil && len(l.Records) > 40 {
			t.Errorf("byte %d: %d records", at, len(l.Records))
		}
	}
	if err := os.WriteFile(path, data[:len(data)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, path); fault.KindOf(err) != fault.Source {
		t.Errorf("half of a file: %v", err)
	}
}
