package statspage_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// downloads is a line of truth-daily.tsv, which was counted apart from this project.
type downloads struct {
	day, version, os, stability, country, class string
	n                                           int
}

// of gives a property by the name that the page has for it.
func (d downloads) of(key string) string {
	return map[string]string{"version": d.version, "os": d.os, "stability": d.stability, "country": d.country, "class": d.class}[key]
}

func truth(t testing.TB) []downloads {
	t.Helper()
	var list []downloads
	for line := range strings.Lines(read(t, testutil.Path(filepath.Join("stats", "truth-daily.tsv")))) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		n, err := strconv.Atoi(f[6])
		if f[0] == "day" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, downloads{f[0], f[1], f[2], f[3], f[4], f[5], n})
	}
	return list
}

// sums adds downloads up by a property, those that a choice of others lets through: its keys are properties, its
// values what is allowed. Without a choice of classes robots do not count, but as a class of their own.
func sums(list []downloads, by string, choice map[string][]string) map[string]int {
	all := map[string]int{}
	for _, d := range list {
		if d.passes(by, choice) {
			all[d.of(by)] += d.n
		}
	}
	return all
}

// total adds up all downloads that a choice lets through.
func total(list []downloads, choice map[string][]string) (n int) {
	for _, d := range list {
		if d.passes("", choice) {
			n += d.n
		}
	}
	return n
}

// passes leaves the choice of one property aside.
func (d downloads) passes(aside string, choice map[string][]string) bool {
	if from := choice["from"]; from != nil && d.day < from[0] {
		return false
	}
	if to := choice["to"]; to != nil && d.day > to[0] {
		return false
	}
	if aside != "class" && choice["class"] == nil && d.class == "bot" {
		return false
	}
	for key, allowed := range choice {
		if key == "from" || key == "to" || key == aside {
			continue
		}
		ok := false
		for _, v := range allowed {
			ok = ok || d.of(key) == v
		}
		if !ok {
			return false
		}
	}
	return true
}
