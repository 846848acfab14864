package lookup_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/testutil"
)

// script returns the functions of lookup.Script for a grammar.
func script(t testing.TB, spec *lookup.Spec) (parse func(query string, single bool) map[string]any,
	permalink func(path string) map[string]any) {
	t.Helper()
	tables, err := json.Marshal(lookup.NewTables(spec))
	if err != nil {
		t.Fatal(err)
	}
	vm := goja.New()
	program := lookup.Script + "\nconst tables = " + string(tables) + `;
		function parsed(query, single) {
			const q = parse(tables, parameters(query), single);
			return JSON.stringify(q.problem ? q : {
				oses: q.o, stabilities: q.s, arch: q.a[0], offset: +q.f, finds: q.finds, value: q.sought || '',
			});
		}
		function linked(path) { return JSON.stringify(permalink(tables, path) || null); }`
	if _, err := vm.RunString(program); err != nil {
		t.Fatal(err)
	}
	call := func(name string, args ...any) (result map[string]any) {
		t.Helper()
		f, ok := goja.AssertFunction(vm.Get(name))
		if !ok {
			t.Fatalf("no function %s", name)
		}
		values := make([]goja.Value, len(args))
		for i, a := range args {
			values[i] = vm.ToValue(a)
		}
		v, err := f(goja.Undefined(), values...)
		if err == nil {
			err = json.Unmarshal([]byte(v.String()), &result)
		}
		if err != nil {
			t.Fatalf("%s(%q): %v", name, args, err)
		}
		return result
	}
	return func(query string, single bool) map[string]any { return call("parsed", query, single) },
		func(path string) map[string]any { return call("linked", path) }
}

// due returns the result of Parse for a query, in the form of the script's.
func due(t testing.TB, spec *lookup.Spec, query string, single bool) map[string]any {
	t.Helper()
	route := lookup.FindAll
	if single {
		route = lookup.Find
	}
	q, problem := spec.Parse(route, query)
	if problem != nil {
		return map[string]any{"problem": problem.Param}
	}
	data, err := json.Marshal(map[string]any{
		"oses": q.OSes, "stabilities": q.Stabilities, "arch": q.Arch, "offset": q.Offset, "value": q.Value,
		"finds": []string{"n", "v", "r", "c", "d"}[q.Finds],
	})
	if err != nil {
		t.Fatal(err)
	}
	var result map[string]any
	if err := json.Unmarshal(data, &result); err != nil {
		t.Fatal(err)
	}
	return result
}

// unusual contains queries that a random generator would not make.
var unusual = []string{
	"", "os", "os=", "os=win&os=linux", "os=&os=win", "o%73=w%69n", "OS=win", "os=Win", "os=w%2569n", "&&os=win&&",
	"os=win;arch=arm64",
	"os=win&offset=+1", "os=win&offset=%2B1", "os=win&offset=-0", "os=win&offset=--1", "os=win&offset=",
	"os=win&offset=%20", "os=win&offset=1%0a", "os=win&offset=1%09",
	"os=win&revision=+007+", "os=win&revision=%2B7", "os=win&revision=-7", "os=win&revision=7.0", "os=win&revision=1e3",
	"os=win&revision=%D9%A3", "os=win&closest-revision=%20%207",
	"os=win&date=2026-02-30", "os=win&date=2024-02-29", "os=win&date=1900-02-29", "os=win&date=2000-02-29",
	"os=win&date=0000-02-29", "os=win&date=9999-12-31",
	"os=win&date=2026-00-01", "os=win&date=2026-13-01", "os=win&date=2026-01-00", "os=win&date=2026-01-01%0a",
	"os=win&date=+2026-01-01", "os=win&date=20260101",
	"os=win&version=", "os=win&version=%zz", "os=win&version=%", "os=win&version=5&version=6",
	"os=win&version=&date=2026-01-01", "version=&revision=x&date=y",
	"os=win&checkout-date=", "os=win&checkout-date=2020-01-01", "os=win&checkout-date=1&version=5&date=2020-01-01",
	"os=beos&stability=x", "stability=x&os=win&version=5&date=1",
	"os=win&__proto__=1", "os=win&toString=1", "os=win&constructor=1&hasOwnProperty=2", "os=__proto__",
	"os=win&version=__proto__", "__proto__=os&os=win",
}

// TestScript compares the script with Parse, with the grammar of the built-in profile and with one that has other
// parameters.
func TestScript(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec *lookup.Spec
	}{{"built in", testutil.Spec(t)}, {"other", testutil.OtherSpec(t)}} {
		t.Run(tt.name, func(t *testing.T) {
			x := lookup.New(tt.spec, testutil.Packages(t, "live"))
			parse, _ := script(t, tt.spec)
			queries := unusual
			for q := range testutil.RandomRequests(x, 31, 2000) {
				_, query, _ := strings.Cut(q, "?")
				queries = append(queries, query)
			}
			for _, query := range queries {
				for _, single := range []bool{true, false} {
					got := parse(query, single)
					want := due(t, tt.spec, query, single)
					if n, ok := got["offset"].(float64); ok && (n > lookup.MaxOffset || n < -lookup.MaxOffset) {
						got["offset"] = want["offset"] // the script need not limit it: both find nothing
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s (-Parse +script):\n%s", query, diff)
					}
				}
			}
		})
	}
}

// TestScriptReadsPermalinks compares both for every permalink of a catalogue, and for paths that are not permalinks.
func TestScriptReadsPermalinks(t *testing.T) {
	spec := testutil.OtherSpec(t)
	_, permalink := script(t, spec)
	paths := []string{"/", "/latest/", "/latest/win/", "/latest/win\n", "/latest/beos", "/x/latest/win",
		"/latest/win/nightly/x", "/latest/winxjson", "/releases/../win", "/releases//win",
		"/releases/5.1.json/win.json", "/revision/1/win", "/revision/x/win", "/revision/-1/win", "/latest/__proto__"}
	for _, l := range spec.Permalinks() {
		for _, value := range []string{"win", "5.1", "34645", "2026-01-02", "A-b_c.d", "any"} {
			path := l.Expand(func(name string) string {
				if p := spec.Parameter(name); p.Kind == lookup.Choice {
					return p.Values[len(value)%len(p.Values)]
				}
				return value
			})
			paths = append(paths, path, path+".json", path+".jsonx")
		}
	}
	found := 0
	for _, path := range paths {
		got := permalink(path)
		route, query, ok := spec.Permalink(path)
		if !ok {
			if got != nil {
				t.Errorf("%q: the script reads %v", path, got)
			}
			continue
		}
		found++
		want := map[string]any{}
		for name, v := range lookup.DecodeQuery(query) {
			want[name] = v
		}
		if got == nil || fmt.Sprint(got["given"]) != fmt.Sprint(want) || (got["record"] != nil) != (route == lookup.Find) {
			t.Errorf("%q: %v, want %s?%s", path, got, route, query)
		}
	}
	if found < 20 {
		t.Errorf("%d permalinks", found)
	}
}
