package s3

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dop251/goja"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestBrowserFindsTheSame runs the page's script and holds it against the index.
func TestBrowserFindsTheSame(t *testing.T) {
	x := testutil.Index(t, "live")
	rows, err := lookupRows(x)
	if err != nil {
		t.Fatal(err)
	}
	vm := goja.New()
	if _, err := vm.RunString(lookupScript + "\nconst rows = " + string(rows) + ";function ask(query) { return answer(rows, query); }"); err != nil {
		t.Fatal(err)
	}
	ask, ok := goja.AssertFunction(vm.Get("ask"))
	if !ok {
		t.Fatal("no function")
	}
	asked := 0
	check := func(query string) {
		asked++
		a := x.Answer("/find", query)
		want := "none"
		switch {
		case a.Problem != nil:
			want = "problem"
		case a.Package != nil:
			want = a.Package.ID
		}
		v, err := ask(goja.Undefined(), vm.ToValue(query))
		if err != nil {
			t.Fatal(err)
		}
		found := v.Export().(map[string]any)
		got := "none"
		if found["problem"] != nil {
			got = "problem"
		} else if found["id"] != nil {
			got = fmt.Sprint(found["id"])
		}
		if got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for q := range testutil.RandomRequests(x, 21, 3000) {
		if path, query, _ := strings.Cut(q, "?"); strings.HasSuffix(path, "find") || path == "/download" {
			check(query)
		}
	}
	for _, g := range testutil.Goldens(t, "golden.jsonl") {
		if path, query := g.Split(); path == "/find" || path == "/download" {
			check(query)
		}
	}
	for _, query := range []string{"", "os", "os=win&os=linux", "o%73=w%69n", "os=win&offset=+1", "os=win&date=2026-02-30", "os=win&date=2024-02-29", "os=win&version=", "os=win&__proto__=1", "os=win&toString=1", "os=win&version=%zz", "os=win&checkout-date="} {
		check(query)
	}
	if asked < 3000 {
		t.Errorf("%d questions", asked)
	}
}

func TestPageAndRowsAreListed(t *testing.T) {
	if p := string(page()); !strings.Contains(p, "function answer(") || strings.Contains(p, "/*lookup.js*/") || !strings.Contains(p, `href="/latest/win"`) {
		t.Errorf("the page: %s", p)
	}
	for _, s := range served() {
		b, err := json.Marshal(s)
		if err != nil || !strings.Contains(string(b), `"content_type"`) {
			t.Errorf("%s, %v", b, err)
		}
	}
}
