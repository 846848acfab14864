package testutil

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
)

// words are the path segments of random rules and requests. There are few of them, so requests often match rules.
var words = []string{"a", "b", "A", "c.d", "e+f", "x y", "é", "$v", `q"r`, "l;m", "(n)", "~", "default",
	"looooooooooooooooooooooooooooooooooooooooooong"}

// RandomRules returns the text of n valid rules. The same seed results in the same rules.
func RandomRules(seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 2))
	var b strings.Builder
	for i := range n {
		source, names := "", []string{}
		for range 1 + r.IntN(3) {
			if r.IntN(5) == 0 {
				name := fmt.Sprintf("p%d", len(names))
				names = append(names, name)
				source += "/:" + name
				continue
			}
			source += "/" + url.PathEscape(words[r.IntN(len(words))])
		}
		if r.IntN(4) == 0 {
			source += "/*"
			names = append(names, "splat")
		}
		conditions := ""
		for _, name := range []string{"k", "m.n"} {
			switch r.IntN(8) {
			case 0:
				conditions += " " + name + "=v"
			case 1:
				conditions += " " + name + "=:c" + name[:1]
				names = append(names, "c"+name[:1])
			}
		}
		target := fmt.Sprintf("/target/%d", i)
		if r.IntN(3) == 0 {
			target = fmt.Sprintf("https://x.example.org/%d", i)
		}
		for _, name := range names {
			if r.IntN(2) == 0 {
				target += "/:" + name
			}
		}
		fmt.Fprintf(&b, "%s%s %s %d\n", source, conditions, target, []int{301, 302, 307, 308}[r.IntN(4)])
	}
	return b.String()
}

// RandomPaths returns n requests (encoded path and query) that random rules may match.
func RandomPaths(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 3))
	list := make([]string, n)
	for i := range list {
		path := ""
		for range 1 + r.IntN(4) {
			path += "/" + url.PathEscape(append(words, "zz", "%", "<>", "\r\nX:y")[r.IntN(len(words)+4)])
		}
		path += []string{"", "", "", "/"}[r.IntN(4)]
		var query []string
		for _, name := range []string{"k", "m.n", "k", "mxn"} {
			if r.IntN(3) == 0 {
				query = append(query, name+[]string{"=v", "=w-1", "=", "", "=%76", "=a%26b", "=+"}[r.IntN(7)])
			}
		}
		list[i] = path
		if len(query) > 0 {
			list[i] += "?" + strings.Join(query, "&")
		}
	}
	return list
}

// Inherited returns the rules of the built-in profile for the links of retired servers.
func Inherited(t testing.TB, x *lookup.Index) []redirect.Rule {
	t.Helper()
	legacy := Profile(t).LegacyRules
	rules, err := redirect.InheritedRules(x, legacy.Name, legacy.Text)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// NoPackages returns an index without packages.
func NoPackages(t testing.TB) *lookup.Index { return lookup.New(Spec(t), nil) }
