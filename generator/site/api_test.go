package site_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// decoded reads a JSON file into maps and slices.
func decoded(t *testing.T, file string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(file), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestReleasesJSON(t *testing.T) {
	notes := fstest.MapFS{"releases/5.8.0.md": {Data: []byte("Much.\n")}}
	files := downloadSite(t, someReleases(),
		func(in *site.Input) { in.Content, in.Sample = site.Overlay(notes, sitegen.Content()), true })
	doc := decoded(t, files["api/v1/releases.json"])
	releases := doc["releases"].([]any)
	delete(doc, "releases")
	head := map[string]any{"api_version": 1.0, "site_url": "https://download.example.org/", "sample": true}
	if diff := cmp.Diff(head, doc); diff != "" {
		t.Errorf("head (-want +got):\n%s", diff)
	}
	var got []string
	for _, r := range releases {
		got = append(got, r.(map[string]any)["version"].(string))
	}
	if want := []string{"5.8.1", "5.8.0", "5.6.2"}; !slices.Equal(got, want) {
		t.Fatalf("releases %q, want %q", got, want)
	}
	if diff := cmp.Diff(map[string]any{
		"version": "5.8.0", "revision": 200.0, "date": "2020-07-19", "newest": false, "superseded_by": "5.8.1",
		"url":           "https://download.example.org/releases/5.8.0/",
		"notes_url":     "https://download.example.org/releases/5.8.0/#notes",
		"checksums_url": "https://download.example.org/releases/5.8.0/SHA512SUMS",
		"packages": []any{map[string]any{
			"id": id(3), "product": "Aurora", "version": "5.8.0", "revision": 200.0, "stability": "release",
			"os": "win", "arch": "amd64", "build_date": "2020-07-19T12:00:00Z", "size": 250e6,
			"sha512": strings.Repeat("ab", 64), "filename": "Aurora-5.8.0-win-amd64.exe",
			"download_url":   "https://download.example.org/bitstream/" + id(3),
			"record_url":     "https://download.example.org/api/v1/packages/" + id(3) + ".json",
			"extensions_url": testutil.Spec(t).Links[0].URL.ExpandURL(&catalog.Package{Revision: 200, OS: "win"}),
		}},
	}, releases[1]); diff != "" {
		t.Errorf("release (-want +got):\n%s", diff)
	}
	first := releases[0].(map[string]any)
	if first["newest"] != true || first["superseded_by"] != nil || first["notes_url"] != nil {
		t.Errorf("newest %v, superseded by %v, notes %v", first["newest"], first["superseded_by"], first["notes_url"])
	}
}

func TestLatestJSON(t *testing.T) {
	packages := testutil.Packages(t, "live")
	doc := decoded(t, downloadSite(t, packages)["api/v1/latest.json"])
	index := lookup.New(testutil.Spec(t), packages)
	for _, s := range []catalog.Stability{catalog.Release, catalog.Nightly} {
		want, got := map[string]string{}, map[string]string{}
		for _, o := range testutil.Scheme(t).OSes() {
			for _, a := range testutil.Scheme(t).ArchIDs() {
				answer := index.Answer("/find", "os="+string(o)+"&arch="+string(a)+"&stability="+string(s))
				if answer.Package != nil {
					want[string(o)+" "+string(a)] = answer.Package.ID
				}
			}
		}
		for o, arches := range doc[string(s)].(map[string]any) {
			for a, p := range arches.(map[string]any) {
				got[o+" "+a] = p.(map[string]any)["id"].(string)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) < 3 {
			t.Errorf("%s, compared with /find (-want +got):\n%s", s, diff)
		}
	}
}

// TestRecords checks that the file of a package equals the answer of /find, byte for byte.
func TestRecords(t *testing.T) {
	packages := testutil.Packages(t, "live")
	files := downloadSite(t, packages)
	for _, p := range packages {
		if got, want := files["api/v1/packages/"+p.ID+".json"],
			string(lookup.ObjectJSON(testutil.Spec(t), p))+"\n"; got != want {
			t.Errorf("%s: %q, want %q", p.ID, got, want)
		}
	}
	if got := files["-/null.json"]; got != "null\n" {
		t.Errorf("null.json is %q", got)
	}
}

// TestFindAll replaces the includes with records, as the web server does.
func TestFindAll(t *testing.T) {
	packages := testutil.Packages(t, "live")
	index := lookup.New(testutil.Spec(t), packages)
	files := downloadSite(t, packages)
	for _, o := range []string{"", "win", "macosx", "linux"} {
		for _, s := range []string{"", "release", "nightly", "any"} {
			query := "offset=0"
			name := "all-default"
			if o != "" {
				query, name = query+"&os="+o, strings.Replace(name, "all", o, 1)
			}
			if s != "" {
				query, name = query+"&stability="+s, strings.Replace(name, "default", s, 1)
			}
			cells := index.Answer("/findall", query).Cells
			got := files["-/findall/"+name+".json"]
			for _, c := range cells {
				include := fmt.Sprintf(`<!--#include virtual="/-/object/%s/%s?$args" -->`, c.OS, c.Stability)
				got = strings.Replace(got, include, string(lookup.ObjectJSON(testutil.Spec(t), c.Package)), 1)
			}
			if want := string(lookup.ObjectsJSON(testutil.Spec(t), cells)) + "\n"; got != want {
				t.Errorf("%s with its includes is %q, want %q", name, got, want)
			}
		}
	}
}

//go:generate env UPDATE_DOCS=1 go test -count=1 -run ^TestAPIDocument$ .

// TestAPIDocument checks that the tables of docs/api.md match the grammar and the objects of the API.
func TestAPIDocument(t *testing.T) {
	spec := testutil.Spec(t)
	var parameters, permalinks strings.Builder
	parameters.WriteString("| Parameter | Values | Without it |\n| --- | --- | --- |\n")
	for _, p := range spec.Parameters() {
		values := p.About
		if p.Kind == lookup.Choice {
			values = codes(p.Values)
		}
		if p.Kind != lookup.Never {
			fmt.Fprintf(&parameters, "| `%s` | %s | %s |\n", p.Name, values, p.Without)
		}
	}
	permalinks.WriteString("| Address | Leads to |\n| --- | --- |\n")
	for _, l := range spec.Permalinks() {
		fmt.Fprintf(&permalinks, "| `%s` | %s |\n", l.Path, l.About)
	}
	parts := map[string]string{"parameters": parameters.String(), "permalinks": permalinks.String()}
	for _, o := range site.Objects(spec) {
		var keys strings.Builder
		keys.WriteString("| Key | Value |\n| --- | --- |\n")
		for _, k := range o.Keys {
			about := strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(k.About)
			if k.Type != "null" {
				about = kind(k) + ": " + about
			}
			if unknown := k.Unknown(); unknown != "" {
				about += "; " + unknown
			}
			fmt.Fprintf(&keys, "| `%s` | %s |\n", k.Name, about)
		}
		parts[o.Name] = keys.String()
	}
	testutil.CheckDocument(t, "api.md", parts)
}

// codes returns a list of values as code in Markdown, or "" for none.
func codes(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return "`" + strings.Join(values, "`, `") + "`"
}

// kind returns the possible values of a key, in words if there are too many.
func kind(k site.Key) string {
	if len(k.Values) > 0 {
		return codes(k.Values)
	}
	return k.Kind()
}
