package compare_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/build"
	"github.com/Slicer/sitegen/generator/compare"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/testutil"
)

// rules are the redirect rules of the site that the tests compare.
const rules = `/old          /releases/      301
/older        /releases/      302
/manual/*     https://docs.example.org/:splat  302
/forum        https://discourse.example.org/   302
/gone         /404.html       410
`

// buildSite builds a site of the sample in a new folder, and changes to it.
func buildSite(t *testing.T) *project.Project {
	t.Helper()
	t.Chdir(t.TempDir())
	testutil.WriteFiles(t, ".", []output.File{{Path: "sitegen.yaml", Data: []byte("source: sample\nredirect_hosts: [docs.example.org, discourse.example.org]\n")},
		{Path: "redirects/rules.txt", Data: []byte(rules)}})
	c, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	p, err := project.Open(c, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := build.Build(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return p
}

// startCopy starts an Nginx that serves a copy of the built site with some changes.
func startCopy(t *testing.T, change func(c siteCopy)) *testutil.Nginx {
	t.Helper()
	c := siteCopy{t, t.TempDir()}
	for _, folder := range []string{"public", "redirects"} {
		if err := os.CopyFS(filepath.Join(c.dir, folder), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
	change(c)
	return testutil.StartNginx(t, filepath.Join(c.dir, "public"), filepath.Join(c.dir, "redirects"))
}

// siteCopy is a copy of a site that differences are planted in.
type siteCopy struct {
	t   *testing.T
	dir string
}

// edit replaces a text in a file.
func (c siteCopy) edit(path, old, now string) {
	c.t.Helper()
	path = filepath.Join(c.dir, filepath.FromSlash(path))
	text, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		c.t.Fatalf("%s does not contain %q", path, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, now, 1)), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// set changes the object in a file of JSON.
func (c siteCopy) set(path string, change func(object map[string]any)) {
	c.t.Helper()
	path = filepath.Join(c.dir, filepath.FromSlash(path))
	text, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	object := testutil.Parsed(c.t, string(text)).(map[string]any)
	change(object)
	if text, err = json.Marshal(object); err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c siteCopy) remove(path string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.dir, filepath.FromSlash(path))); err != nil {
		c.t.Fatal(err)
	}
}

// planted is a difference that is planted in a copy, and the difference that a report must have.
type planted struct {
	request string
	want    compare.Difference // the fields that are set must be equal
	plant   func(c siteCopy)
}

// plants returns fifty differences for the packages with some ids.
func plants(ids []string) []planted {
	var list []planted
	add := func(request string, kind compare.Kind, name, old, now string, plant func(c siteCopy)) {
		list = append(list, planted{request, compare.Difference{Kind: kind, Name: name, Old: old, New: now}, plant})
	}
	record := func(id string) string { return "/api/v1/packages/" + id + ".json" }

	// Ten values in JSON.
	for i, change := range []func(map[string]any){
		func(o map[string]any) { o["size"] = 1 },
		func(o map[string]any) { o["revision"] = 34000 }, // a number instead of a text
		func(o map[string]any) { delete(o, "sha512") },
		func(o map[string]any) { o["arch"] = "sparc" },
		func(o map[string]any) { o["name"] = nil },
		func(o map[string]any) { o["download_url"] = "/bitstream/0" },
		func(o map[string]any) { o["build_date"] = []any{o["build_date"]} },
		func(o map[string]any) { o["color"] = "red" },
		func(o map[string]any) { o["size"] = o["size"].(float64) + 1 },
		func(o map[string]any) { o["product_name"] = map[string]any{} },
	} {
		name := []string{"size", "revision", "sha512", "arch", "name", "download_url", "build_date", "color", "size",
			"product_name"}[i]
		add(record(ids[i]), compare.JSON, name, "", "", func(c siteCopy) { c.set("public"+record(ids[i]), change) })
	}
	// Five packages without a record, so that neither the record nor the file is found: ten missing answers.
	for _, id := range ids[10:15] {
		add(record(id), compare.Status, "", "200", "404", func(c siteCopy) { c.remove("public" + record(id)) })
		add("/bitstream/"+id, compare.Status, "", "302", "404", func(siteCopy) {})
	}
	// Eight missing pages and files.
	for _, path := range []string{
		"/releases/5.8.1/", "/releases/5.6.2/", "/requirements/", "/releases/5.8.1/SHA512SUMS", "/search/",
		"/de/releases/5.8.1/", "/releases/5.12.4/card.png", "/api/",
	} {
		file := "public" + path
		if strings.HasSuffix(path, "/") {
			file += "index.html"
		}
		add(path, compare.Status, "", "200", "404", func(c siteCopy) { c.remove(file) })
	}
	// Six changed pages, of which bytes are compared, and five other files.
	for _, path := range []string{
		"/releases/", "/preview/", "/releases/5.4.0/", "/releases/5.2.2/", "/de/", "/de/preview/",
	} {
		add(path, compare.Body, "", "", "",
			func(c siteCopy) { c.edit("public"+path+"index.html", "<title>", "<title>X") })
	}
	add("/robots.txt", compare.Body, "", "", "",
		func(c siteCopy) { c.edit("public/robots.txt", "User-agent", "User-Agent") })
	add("/sitemap.xml", compare.Body, "", "", "",
		func(c siteCopy) { c.edit("public/sitemap.xml", "/releases/5.4.0/", "/x/") })
	add("/releases.atom", compare.Body, "", "", "",
		func(c siteCopy) { c.edit("public/releases.atom", "<title>", "<title>X") })
	add("/preview.atom", compare.Body, "", "", "",
		func(c siteCopy) { c.edit("public/preview.atom", "</feed>", "</feed> ") })
	add("/releases/5.6.2/SHA512SUMS", compare.Body, "", "", "",
		func(c siteCopy) { c.edit("public/releases/5.6.2/SHA512SUMS", "a", "b") })
	// Two nested values in JSON.
	add("/api/v1/latest.json", compare.JSON, "api_version", "1", "2",
		func(c siteCopy) { c.set("public/api/v1/latest.json", func(o map[string]any) { o["api_version"] = 2 }) })
	add("/api/openapi.json", compare.JSON, "info.title", "", "", func(c siteCopy) {
		c.set("public/api/openapi.json", func(o map[string]any) { o["info"].(map[string]any)["title"] = "X" })
	})
	// Four rules with another status or target.
	const file = "redirects/nginx/http/rules.conf"
	add("/old", compare.Status, "", "301", "302",
		func(c siteCopy) { c.edit(file, `\n/old\n301?`, `\n/old\n302?`) })
	add("/older", compare.Location, "", "/releases/", "/release/",
		func(c siteCopy) { c.edit(file, `/older\n302? /releases/`, `/older\n302? /release/`) })
	add("/forum", compare.Location, "", "https://discourse.example.org/", "http://discourse.example.org/",
		func(c siteCopy) { c.edit(file, "https://discourse", "http://discourse") })
	add("/manual/1", compare.Location, "", "", "",
		func(c siteCopy) { c.edit(file, "https://docs.example.org/", "https://doc.example.org/") })
	// Five headers, in the configuration.
	location := func(path, directives string) func(c siteCopy) {
		return func(c siteCopy) {
			name := filepath.Join(c.dir, "redirects/nginx/server", "planted"+strings.ReplaceAll(path, "/", "-")+".conf")
			text := fmt.Sprintf("location = %s { %s }\n", path, directives)
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	add("/releases/4.8.1/card.png", compare.Header, "content-disposition", "none", "attachment",
		location("/releases/4.8.1/card.png", "add_header Content-Disposition attachment;"))
	add("/releases/5.0.3/card.png", compare.Header, "content-type", "image/png", "image/gif",
		location("/releases/5.0.3/card.png", "types { } default_type image/gif;"))
	add("/releases/5.2.2/card.png", compare.Header, "cache-control", "", "no-store",
		location("/releases/5.2.2/card.png", "add_header Cache-Control no-store;"))
	add("/releases/5.4.0/card.png", compare.Header, "access-control-allow-origin", "none", "*",
		location("/releases/5.4.0/card.png", "add_header Access-Control-Allow-Origin *;"))
	add("/releases/5.6.2/card.png", compare.Header, "x-content-type-options", "nosniff", "none",
		location("/releases/5.6.2/card.png", "add_header Cache-Control x;"))
	return list
}

// TestPlanted plants fifty differences in a copy of a site on a real Nginx. The comparison finds each of them, and it
// reports exactly the requests whose answers differ, as a plain comparison of bytes finds them. Between two copies
// without planted differences, there are none.
func TestPlanted(t *testing.T) {
	p := buildSite(t)
	requests, err := compare.Generate(t.Context(), p, testutil.Amount(2000, 300))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range requests {
		if id, ok := strings.CutPrefix(r.Target, "/api/v1/packages/"); ok {
			ids = append(ids, strings.TrimSuffix(id, ".json"))
		}
	}
	slices.Sort(ids)
	all := plants(ids[20:])
	if len(all) != 50 {
		t.Fatalf("%d differences are planted, not 50", len(all))
	}
	old := startCopy(t, func(siteCopy) {})
	options := compare.Options{Old: old.URL, Random: testutil.Amount(2000, 300), Parallel: 4, HTML: compare.PagesAll}

	options.New = startCopy(t, func(siteCopy) {}).URL
	same, err := compare.Run(t.Context(), p, options)
	if err != nil {
		t.Fatal(err)
	}
	if same.Requests != len(requests) || same.Same != same.Requests || len(same.Differences) > 0 || same.Err() != nil {
		t.Errorf("between equal sites: %d of %d requests differ, the first in %v", same.Different, same.Requests,
			same.Differences[:min(1, len(same.Differences))])
	}

	options.New = startCopy(t, func(c siteCopy) {
		for _, d := range all {
			d.plant(c)
		}
	}).URL
	r, err := compare.Run(t.Context(), p, options)
	if err != nil {
		t.Fatal(err)
	}
	reported := map[string]bool{}
	for _, f := range r.Differences {
		reported[f.Request] = true
	}
	for _, d := range all {
		if !slices.ContainsFunc(r.Differences, func(f compare.Found) bool { return d.found(f) }) {
			t.Errorf("%s: planted %v, not found", d.request, d.want)
		}
	}
	want, got := []string{}, []string{}
	for _, q := range requests {
		if answer(t, options.Old, q.Target) != answer(t, options.New, q.Target) {
			want = append(want, q.Target)
		}
		if reported[q.Target] {
			got = append(got, q.Target)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests with different answers (-want +got):\n%s", diff)
	}
	if r.Different != len(got) || r.Same+r.Different != r.Requests {
		t.Errorf("%d different and %d same of %d, want %d different", r.Different, r.Same, r.Requests, len(got))
	}
	t.Logf("%d requests, %d of them differ, in %d groups", r.Requests, r.Different, len(r.Groups))
}

// found reports whether a reported difference is the planted one.
func (d planted) found(f compare.Found) bool {
	return f.Request == d.request && f.Kind == d.want.Kind && f.Name == d.want.Name &&
		(d.want.Old == "" || f.Old == d.want.Old) && (d.want.New == "" || f.New == d.want.New)
}

// answer returns the answer to a request as text: its status, its Location or some other headers, and its body.
func answer(t *testing.T, base, target string) string {
	t.Helper()
	res, body := testutil.Ask(t, testutil.Client(), "GET", base+target)
	text := fmt.Sprintln(res.StatusCode, res.Header.Get("Location"))
	if res.StatusCode >= 300 {
		return text
	}
	for _, name := range []string{"Content-Type", "Cache-Control", "Access-Control-Allow-Origin",
		"Content-Disposition", "X-Content-Type-Options"} {
		text += fmt.Sprintln(name, res.Header.Values(name))
	}
	return text + body
}
