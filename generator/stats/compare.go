package stats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// FileDifference is a value in a published file that differs from the one counted from the database.
type FileDifference struct {
	File      string // path below the folder of the statistics
	Name      string // of the value: "2026-11-20 5.12.4 linux amd64 release, DE, browser"; "" for the whole file
	Published string // the value in the file
	Counted   string // the value that it should be
}

// CompareFile returns the differences between the published content of a file and its content as counted from the
// database, at most maxFileDifferences of them. It names the numbers of tables and of other JSON files. If the values
// are the same, but not the bytes, it returns the first line that differs.
func CompareFile(name string, published, counted []byte) []FileDifference {
	if bytes.Equal(published, counted) {
		return nil
	}
	c := &comparison{file: name}
	switch {
	case !strings.HasSuffix(name, ".json"):
	case !json.Valid(published):
		c.add("", "invalid JSON", "valid JSON")
	case IsTable(name):
		c.tables(published, counted)
	default:
		c.values("", decodeAny(published), decodeAny(counted))
	}
	if len(c.list) == 0 {
		c.lines(published, counted)
	}
	if more := len(c.list) - maxFileDifferences; more > 0 {
		c.list = append(c.list[:maxFileDifferences], FileDifference{File: name,
			Name: fmt.Sprintf("%d more values", more), Published: "different", Counted: "different"})
	}
	return c.list
}

// maxFileDifferences is the number of differences that are listed for a file.
const maxFileDifferences = 20

// comparison collects the differences of a file.
type comparison struct {
	file string
	list []FileDifference
}

func (c *comparison) add(name, published, counted string) {
	c.list = append(c.list, FileDifference{c.file, name, published, counted})
}

// tables compares two cubes row by row.
func (c *comparison) tables(published, counted []byte) {
	have, err := cubeRows(published)
	if err != nil {
		c.add("", err.Error(), "a table")
		return
	}
	want, err := cubeRows(counted)
	if err != nil {
		c.add("", "a table", err.Error())
		return
	}
	names := maps.Clone(have)
	maps.Copy(names, want)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if have[name] != want[name] {
			c.add(name, strconv.FormatInt(have[name], 10), strconv.FormatInt(want[name], 10))
		}
	}
}

var errDamagedTable = errors.New("a damaged table")

// cubeRows returns the rows of a cube by name.
func cubeRows(text []byte) (map[string]int64, error) {
	var c Cube
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, errDamagedTable
	}
	from, err := parseDay(c.From)
	n := len(c.Downloads)
	if err != nil || len(c.Buckets) != len(c.Rows) || len(c.Package) != n || len(c.Country) != n || len(c.Class) != n {
		return nil, errDamagedTable
	}
	days := period{grain: c.Grain}.bucketDays()
	rows := map[string]int64{}
	row := 0
	for b, bucket := range c.Buckets {
		series := int32(0)
		for range c.Rows[b] {
			if row >= n {
				return nil, errDamagedTable
			}
			series += c.Package[row]
			country, class := c.Country[row], c.Class[row]
			if series < 0 || int(series) >= len(c.Packages) || country < 0 || int(country) >= len(c.Countries) ||
				class < 0 || int(class) >= len(c.Classes) {
				return nil, errDamagedTable
			}
			where := c.Countries[country]
			if where == "" {
				where = "country unknown"
			}
			name := fmt.Sprintf("%s %s, %s, %s", dayString(from+bucket*days), strings.Join(c.Packages[series], " "),
				where, c.Classes[class])
			rows[name] += c.Downloads[row]
			row++
		}
	}
	if row != n {
		return nil, errDamagedTable
	}
	return rows, nil
}

// decodeAny decodes valid JSON. Numbers keep their spelling.
func decodeAny(text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	_ = d.Decode(&v) // the text is valid
	return v
}

// values compares two values of JSON. Name is that of the value, such as versions[5.12.4].downloads.
func (c *comparison) values(name string, published, counted any) {
	have, isObject := members(published)
	want, both := members(counted)
	if !isObject || !both {
		if a, b := valueText(published), valueText(counted); a != b {
			c.add(name, a, b)
		}
		return
	}
	names := maps.Clone(have)
	maps.Copy(names, want)
	for _, key := range slices.Sorted(maps.Keys(names)) {
		c.values(strings.TrimPrefix(name+key, "."), have[key], want[key])
	}
}

// members returns the members of an object or array by their names: .key, [index] or, if the elements of an array are
// objects that name themselves, [name].
func members(v any) (map[string]any, bool) {
	list := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			list["."+key] = value
		}
	case []any:
		for i, value := range v {
			list["["+elementName(value, i)+"]"] = value
		}
		if len(list) < len(v) { // two elements have the same name
			clear(list)
			for i, value := range v {
				list[fmt.Sprintf("[%d]", i)] = value
			}
		}
	default:
		return nil, false
	}
	return list, true
}

// elementName returns the name of an element of an array, or its position.
func elementName(v any, i int) string {
	if object, ok := v.(map[string]any); ok {
		for _, key := range []string{"value", "code", "version", "period", "days"} {
			if name, ok := object[key]; ok {
				return strings.Trim(valueText(name), `"`)
			}
		}
	}
	return strconv.Itoa(i)
}

// maxValueText is the length of a value in a report (bytes).
const maxValueText = 80

// valueText returns a value for a report; nil, which is a missing value, is "nothing".
func valueText(v any) string {
	if v == nil {
		return "nothing"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(text) > maxValueText {
		text = append(text[:maxValueText:maxValueText], "…"...)
	}
	return string(text)
}

// lines adds the first line that differs.
func (c *comparison) lines(published, counted []byte) {
	have, want := bytes.Split(published, []byte("\n")), bytes.Split(counted, []byte("\n"))
	for i := range max(len(have), len(want)) {
		var a, b []byte
		if i < len(have) {
			a = have[i]
		}
		if i < len(want) {
			b = want[i]
		}
		if !bytes.Equal(a, b) || i >= len(have) || i >= len(want) {
			a, b = aroundDifference(a, b)
			c.add(fmt.Sprintf("line %d", i+1), Visible(a), Visible(b))
			return
		}
	}
}

// Visible returns a part of a file for a report. Characters that cannot be printed become dots.
func Visible(b []byte) string {
	if len(b) == 0 {
		return "nothing"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return '·'
	}, string(b))
}

// aroundDifference returns the parts of two lines around the first byte that differs.
func aroundDifference(a, b []byte) ([]byte, []byte) {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	from := max(0, n-maxValueText/2)
	return a[from:min(len(a), n+maxValueText/2)], b[from:min(len(b), n+maxValueText/2)]
}
