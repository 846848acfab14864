package statspage_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// truthLine is a line of truth-daily.tsv, which was counted independently of this project.
type truthLine struct {
	day, version, os, stability, country, class string
	n                                           int
}

// property returns the value of a property, given the name that the page uses for it.
func (d truthLine) property(key string) string {
	return map[string]string{
		"version": d.version, "os": d.os, "stability": d.stability, "country": d.country, "class": d.class,
	}[key]
}

// truth returns the lines of truth-daily.tsv.
func truth(t testing.TB) []truthLine {
	t.Helper()
	var list []truthLine
	for line := range strings.Lines(read(t, testutil.Path(filepath.Join("stats", "truth-daily.tsv")))) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		n, err := strconv.Atoi(f[6])
		if f[0] == "day" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, truthLine{f[0], f[1], f[2], f[3], f[4], f[5], n})
	}
	return list
}

// sums returns the downloads that match filters, by the values of a property. The filters map properties to the
// selected values; "from" and "to" limit the days. The filter of the property itself is ignored, so that its other
// values have sums, too. Bots are excluded unless they are selected, but the sums by class include them.
func sums(list []truthLine, by string, filters map[string][]string) map[string]int {
	all := map[string]int{}
	for _, d := range list {
		if d.matches(by, filters) {
			all[d.property(by)] += d.n
		}
	}
	return all
}

// total returns the number of downloads that match filters.
func total(list []truthLine, filters map[string][]string) (n int) {
	for _, d := range list {
		if d.matches("", filters) {
			n += d.n
		}
	}
	return n
}

// matches reports whether the downloads match the filters of all properties but one.
func (d truthLine) matches(except string, filters map[string][]string) bool {
	if from := filters["from"]; from != nil && d.day < from[0] {
		return false
	}
	if to := filters["to"]; to != nil && d.day > to[0] {
		return false
	}
	if except != "class" && filters["class"] == nil && d.class == "bot" {
		return false
	}
	for key, selected := range filters {
		if key == "from" || key == "to" || key == except {
			continue
		}
		ok := false
		for _, v := range selected {
			ok = ok || d.property(key) == v
		}
		if !ok {
			return false
		}
	}
	return true
}
