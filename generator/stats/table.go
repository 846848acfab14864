package stats

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

const (
	// maxImported is the maximum number of lines in a table of daily numbers: ten years of a busy site.
	maxImported = 20_000_000
	// maxErrors is the maximum number of invalid values that an error lists.
	maxErrors = 20
)

// ImportDaily imports numbers that another program counted: a table in the format tsv or csv of Export, with or
// without the column arch. If a value is invalid, it imports nothing and returns an error that lists the invalid
// values, up to maxErrors of them. A table with nothing but column names is an error of the kind fault.Losses: the
// query that wrote it has found nothing. ImportDaily closes the days of the table: their lines in logs are no longer
// counted. Days that have been counted from logs are an error.
func (e *Engine) ImportDaily(ctx context.Context, name string, r io.Reader) (lines int, err error) {
	t := tableReader{name: name, lastDay: dayOf(e.options.Now()) + 1, systems: e.options.Systems}
	table, err := t.read(r)
	if err != nil {
		hint := "Nothing was imported. Correct the table and import it again."
		if fault.Count(err) >= maxErrors {
			hint = fmt.Sprintf("Nothing was imported. Only %d errors are listed; there may be more.", maxErrors)
		}
		return 0, fault.Wrap(fault.Usage, err, hint)
	}
	if len(table) == 0 {
		err := fmt.Errorf("%s: nothing was imported: there are no lines after the column names", name)
		return 0, fault.Wrap(fault.Losses, err, "Check the query that wrote the table: its period and its paths.")
	}
	if err := e.db.Admin.ImportDaily(ctx, table); err != nil {
		return 0, err
	}
	return len(table), nil
}

// tableColumns are the columns of a table, in their order.
var tableColumns = []string{"day", "version", "os", "arch", "stability", "country", "class", "downloads"}

// archColumn is the position of the column that a table need not have.
const archColumn = 3

// tableReader reads a table of daily numbers. A row is a line, since no value may contain a line break.
type tableReader struct {
	name    string   // of the file, for messages
	comma   byte     // separates the columns
	arch    bool     // there is a column arch
	lastDay int32    // later days are invalid
	systems []string // ids of the systems that are valid; nil for any
}

// read reads a table.
func (t *tableReader) read(r io.Reader) ([]downloads.Daily, error) {
	scanner := bufio.NewScanner(r)
	if !scanner.Scan() {
		return nil, cmp.Or(scanner.Err(), fmt.Errorf("%s: empty; the first line must be the column names: %s", t.name,
			strings.Join(slices.Delete(slices.Clone(tableColumns), archColumn, archColumn+1), " ")))
	}
	if err := t.begin(bytes.TrimPrefix(scanner.Bytes(), []byte("\xEF\xBB\xBF"))); err != nil {
		return nil, err
	}
	var table []downloads.Daily
	var problems []error
	n := 1
	for scanner.Scan() && len(problems) < maxErrors {
		n++
		if len(table) == maxImported {
			return nil, fmt.Errorf("%s:%d:1: more than %s lines", t.name, n, thousands(maxImported))
		}
		d, column, err := t.parse(scanner.Text())
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d:%d: %w", t.name, n, column, err))
			continue
		}
		table = append(table, d)
	}
	switch err := scanner.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		problems = append(problems, fmt.Errorf("%s:%d:1: line longer than 65,536 bytes", t.name, n+1))
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", t.name, err)
	}
	if len(problems) == 0 {
		problems = t.repeated(table)
	}
	return table, errors.Join(problems...)
}

// repeated returns an error for each line that differs from an earlier one at most in its downloads, up to maxErrors.
// The numbers of a table that was joined from overlapping parts would otherwise count twice.
func (t *tableReader) repeated(table []downloads.Daily) (problems []error) {
	order := make([]int32, len(table)) // of the lines, sorted by all columns except downloads
	for i := range order {
		order[i] = int32(i)
	}
	compare := func(a, b int32) int {
		x, y := &table[a], &table[b]
		return cmp.Or(cmp.Compare(x.Day, y.Day), strings.Compare(x.Version, y.Version), strings.Compare(x.OS, y.OS),
			strings.Compare(x.Arch, y.Arch), strings.Compare(x.Stability, y.Stability),
			strings.Compare(x.Country, y.Country), cmp.Compare(x.Class, y.Class))
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(compare(a, b), cmp.Compare(a, b)) })
	for i := 1; i < len(order) && len(problems) < maxErrors; i++ {
		if compare(order[i-1], order[i]) == 0 {
			const first = 2 // line of table[0]
			problems = append(problems, fmt.Errorf("%s:%d:1: repeats line %d, apart from the downloads; "+
				"add up their numbers, or remove one of them", t.name, order[i]+first, order[i-1]+first))
		}
	}
	return problems
}

// begin reads the column names.
func (t *tableReader) begin(line []byte) error {
	t.comma = ','
	if bytes.IndexByte(line, '\t') >= 0 {
		t.comma = '\t'
	}
	columns, _, err := t.split(string(line))
	t.arch = len(columns) > archColumn && columns[archColumn] == "arch"
	want := slices.Clone(tableColumns)
	if !t.arch {
		want = slices.Delete(want, archColumn, archColumn+1)
	}
	if err != nil || !slices.Equal(columns, want) {
		return fmt.Errorf("%s:1:1: the columns must be day version os [arch] stability country class downloads, "+
			"separated by tabs or commas (found %.100q)", t.name, line)
	}
	return nil
}

// split splits a line into its fields, and returns the column of the line at which each begins (bytes, from 1). The
// fields may be in quotes. After an error, the last of the positions is that of the error.
func (t *tableReader) split(line string) (fields []string, positions []int, err error) {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma = rune(t.comma)
	fields, err = r.Read()
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, []int{parse.Column}, parse.Err
	}
	if err != nil {
		return nil, []int{1}, errors.New("empty line")
	}
	for i := range fields {
		_, column := r.FieldPos(i)
		positions = append(positions, column)
	}
	return fields, positions, nil
}

// parse parses a line. After an error, column is the column of the line at which the invalid value begins.
func (t *tableReader) parse(line string) (d downloads.Daily, column int, err error) {
	f, positions, err := t.split(line)
	if err != nil {
		return d, positions[0], fmt.Errorf("%w (found %.100q)", err, line)
	}
	if !t.arch && len(f) >= archColumn {
		f, positions = slices.Insert(f, archColumn, ""), slices.Insert(positions, archColumn, 1)
	}
	if len(f) != len(tableColumns) {
		return d, 1, fmt.Errorf("must have as many columns as the first line (found %.100q)", line)
	}
	for i, check := range []func(string) error{
		func(s string) (err error) { d.Day, err = t.parseDay(s); return err },
		func(s string) error { d.Version = s; return checkName("version", s) },
		func(s string) error { d.OS = s; return t.checkSystem(s) },
		func(s string) error { d.Arch = s; return checkName("arch", s) },
		func(s string) error { d.Stability = s; return checkStability(s) },
		func(s string) error { d.Country = s; return checkCountry(s) },
		func(s string) error {
			class, ok := ParseClass(s)
			if !ok {
				return fmt.Errorf("class must be one of bot, browser, mobile, tool, unknown (found %.40q)", s)
			}
			d.Class = int(class)
			return nil
		},
		func(s string) (err error) {
			if d.Downloads, err = strconv.ParseInt(s, 10, 40); err != nil || d.Downloads < 1 {
				return fmt.Errorf("downloads must be a positive number (found %.40q)", s)
			}
			return nil
		},
	} {
		if err := check(f[i]); err != nil {
			return downloads.Daily{}, positions[i], err
		}
	}
	return d, 0, nil
}

// parseDay parses a day.
func (t *tableReader) parseDay(text string) (int32, error) {
	day, err := parseDay(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("invalid day (found %.40q); write it as 2026-11-20", text)
	case day < 0 || day > t.lastDay:
		return 0, fmt.Errorf("day must be between 1970-01-01 and tomorrow (found %q)", text)
	}
	return day, nil
}

// checkSystem checks the id of a system.
func (t *tableReader) checkSystem(id string) error {
	if err := checkName("os", id); err != nil || id == "" || t.systems == nil || slices.Contains(t.systems, id) {
		return err
	}
	return fmt.Errorf("os must be one of %s, or empty (found %q); for others, add a system to the profile",
		strings.Join(t.systems, ", "), id)
}

// checkStability checks a stability.
func checkStability(s string) error {
	switch catalog.Stability(s) {
	case catalog.Release, catalog.Nightly, "":
		return nil
	}
	return fmt.Errorf("stability must be %s, %s or empty (found %.40q)", catalog.Release, catalog.Nightly, s)
}

// checkCountry checks the code of a country.
func checkCountry(code string) error {
	if code != "" && code != Other && !isCountryCode(code) {
		return fmt.Errorf("country must be a code of two capital letters (found %.40q)", code)
	}
	return nil
}

// checkName checks the name of a version, a system and so on.
func checkName(column, name string) error {
	if len(name) > 40 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("%s must be at most 40 printable ASCII characters (found %.60q)", column, name)
	}
	return nil
}
