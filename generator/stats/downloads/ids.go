package downloads

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/sqlite"
)

// keyed is a table that numbers its rows, which have a unique key.
type keyed struct {
	name   string
	key    []string // columns
	value  string   // a further column with integers, "0" for none
	others []string // the other columns, including that of value
}

// rowsPerStatement is the number of rows in one statement. A row has at most 6 columns, so a statement has 600
// parameters; older versions of SQLite allow at most 999.
const rowsPerStatement = 100

// placeholders returns the parameters of rows for VALUES: (?,?),(?,?),(?,?).
func placeholders(columns, rows int) string {
	row := "(?" + strings.Repeat(",?", columns-1) + ")"
	return row + strings.Repeat(","+row, rows-1)
}

// Packages returns the ids of the packages with these bitstream ids, without repetitions. It adds packages that are not
// in the catalogue. All numbers exclude their downloads until SetPackages adds them to the catalogue.
func (b *Batch) Packages(bitstreams []string) ([]int32, error) {
	keys := make([][]any, len(bitstreams))
	for i, id := range bitstreams {
		keys[i] = []any{id}
	}
	t := keyed{"packages", []string{"bitstream"}, "0", []string{"series", "known", "built", "legacy_version", "stable"}}
	ids, _, err := b.ids(t, keys, func(int) ([]any, int32, error) { return []any{0, 0, "", "", 0}, 0, nil })
	return ids, err
}

// Places returns the ids of places, without repetitions: 0 if country and location are unknown.
func (b *Batch) Places(places []Place) ([]int32, error) {
	keys := make([][]any, len(places))
	for i, p := range places {
		keys[i] = []any{p.Country, p.Location}
	}
	ids, _, err := b.ids(keyed{"places", []string{"country", "location"}, "0", nil}, keys,
		func(int) ([]any, int32, error) { return nil, 0, nil })
	return ids, err
}

// Agents returns the ids and the classes of user agents, without repetitions. It calls classify for the classification
// of each that is new.
func (b *Batch) Agents(texts []string, classify func(text string) (Agent, error)) (ids, classes []int32, err error) {
	keys := make([][]any, len(texts))
	for i, text := range texts {
		keys[i] = []any{[]byte(text)}
	}
	t := keyed{"agents", []string{"agent"}, "class", []string{"class", "legacy", "browser", "os", "device"}}
	return b.ids(t, keys, func(i int) ([]any, int32, error) {
		a, err := classify(texts[i])
		return []any{a.Class, a.Legacy, a.Browser, a.System, a.Device}, int32(a.Class), err
	})
}

// keyedRow holds the id of a row, and its value: see keyed.
type keyedRow struct{ id, value int32 }

// ids returns the ids and values of the rows with these keys. It adds the rows that are new, in the order of the keys.
// Others returns the other columns of a new row, and its value. The first run over a log has thousands of user agents,
// so one query is for many keys.
func (b *Batch) ids(t keyed, keys [][]any, others func(i int) ([]any, int32, error)) (ids, values []int32, err error) {
	ids, values = make([]int32, 0, len(keys)), make([]int32, 0, len(keys))
	for len(ids) < len(keys) {
		begin := len(ids)
		some := keys[begin:min(begin+rowsPerStatement, len(keys))]
		rows := make([]keyedRow, len(some))
		if err := b.find(t, some, rows); err != nil {
			return nil, nil, err
		}
		var fresh []any // columns of the new rows
		var added []int // their positions
		for i, key := range some {
			if rows[i].id >= 0 {
				continue
			}
			columns, value, err := others(begin + i)
			if err != nil {
				return nil, nil, err
			}
			fresh, added, rows[i].value = append(append(fresh, key...), columns...), append(added, i), value
		}
		last, err := b.insert(t, fresh)
		if err != nil {
			return nil, nil, err
		}
		for n, i := range added { // SQLite numbers the new rows in their order
			rows[i].id = last - int32(len(added)-1-n)
		}
		for _, r := range rows {
			ids, values = append(ids, r.id), append(values, r.value)
		}
	}
	return ids, values, nil
}

// find sets the rows with these keys, with the id -1 for those that do not exist.
func (b *Batch) find(t keyed, keys [][]any, rows []keyedRow) error {
	var wanted strings.Builder
	var args []any
	for i, key := range keys {
		rows[i].id = -1
		if i > 0 {
			wanted.WriteByte(',')
		}
		fmt.Fprintf(&wanted, "(%d%s)", i, strings.Repeat(",?", len(key)))
		args = append(args, key...)
	}
	key := strings.Join(t.key, ", ")
	var position int
	err := sqlite.Each(b.ctx, b.tx, func(row sqlite.Row) (r keyedRow, err error) {
		err = row.Scan(&position, &r.id, &r.value)
		return r, err
	}, func(r keyedRow) error {
		rows[position] = r
		return nil
	}, fmt.Sprintf("WITH wanted (position, %s) AS (VALUES %s) SELECT position, id, %s FROM wanted "+
		"CROSS JOIN %s USING (%s)", key, &wanted, t.value, t.name, key), args...)
	return failed("write downloads", err)
}

// insert adds rows and returns the id of the last one.
func (b *Batch) insert(t keyed, values []any) (last int32, err error) {
	if len(values) == 0 {
		return 0, nil
	}
	columns := len(t.key) + len(t.others)
	query := fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", t.name,
		strings.Join(slices.Concat(t.key, t.others), ", "), placeholders(columns, len(values)/columns))
	result, err := b.tx.Exec(b.ctx, query, values...)
	if err != nil {
		return 0, failed("write downloads", err)
	}
	id, err := result.LastInsertId()
	return int32(id), failed("write downloads", err)
}
