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
	others []string
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
	t := keyed{"packages", []string{"bitstream"}, []string{"series", "known", "built", "legacy_version", "stable"}}
	return b.ids(t, keys, func(int) ([]any, error) { return []any{0, 0, "", "", 0}, nil })
}

// Places returns the ids of places, without repetitions: 0 if country and location are unknown.
func (b *Batch) Places(places []Place) ([]int32, error) {
	keys := make([][]any, len(places))
	for i, p := range places {
		keys[i] = []any{p.Country, p.Location}
	}
	return b.ids(keyed{"places", []string{"country", "location"}, nil}, keys,
		func(int) ([]any, error) { return nil, nil })
}

// Agents returns the ids of user agents, without repetitions. It calls classify for the classification of each that is
// new.
func (b *Batch) Agents(texts []string, classify func(text string) (Agent, error)) ([]int32, error) {
	keys := make([][]any, len(texts))
	for i, text := range texts {
		keys[i] = []any{[]byte(text)}
	}
	t := keyed{"agents", []string{"agent"}, []string{"class", "legacy", "browser", "os", "device"}}
	return b.ids(t, keys, func(i int) ([]any, error) {
		a, err := classify(texts[i])
		return []any{a.Class, a.Legacy, a.Browser, a.System, a.Device}, err
	})
}

// ids returns the ids of the rows with these keys. It adds the rows that are new, in the order of the keys. Others
// returns the other values of a new row. The first run over a log has thousands of user agents, so one query is for
// many keys.
func (b *Batch) ids(t keyed, keys [][]any, others func(i int) ([]any, error)) ([]int32, error) {
	ids := make([]int32, 0, len(keys))
	for len(ids) < len(keys) {
		begin := len(ids)
		some := keys[begin:min(begin+rowsPerStatement, len(keys))]
		found, err := b.find(t, some)
		if err != nil {
			return nil, err
		}
		var fresh []any // values of the new rows
		for i, key := range some {
			if _, ok := found[i]; ok {
				continue
			}
			values, err := others(begin + i)
			if err != nil {
				return nil, err
			}
			fresh = append(append(fresh, key...), values...)
		}
		last, err := b.insert(t, fresh)
		if err != nil {
			return nil, err
		}
		// SQLite numbers the new rows in their order.
		next := last - int32(len(some)-len(found)) + 1
		for i := range some {
			id, ok := found[i]
			if !ok {
				id = next
				next++
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// find returns the ids of the rows that exist, by the position of their keys in the list.
func (b *Batch) find(t keyed, keys [][]any) (map[int]int32, error) {
	var wanted strings.Builder
	var args []any
	for i, key := range keys {
		if i > 0 {
			wanted.WriteByte(',')
		}
		fmt.Fprintf(&wanted, "(%d%s)", i, strings.Repeat(",?", len(key)))
		args = append(args, key...)
	}
	key := strings.Join(t.key, ", ")
	found := map[int]int32{}
	var position int
	err := sqlite.Each(b.ctx, b.tx, func(row sqlite.Row) (id int32, err error) {
		err = row.Scan(&position, &id)
		return id, err
	}, func(id int32) error {
		found[position] = id
		return nil
	}, fmt.Sprintf("WITH wanted (position, %s) AS (VALUES %s) SELECT position, id FROM wanted CROSS JOIN %s USING (%s)",
		key, &wanted, t.name, key), args...)
	return found, failed("write downloads", err)
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
