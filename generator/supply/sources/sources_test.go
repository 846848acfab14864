package sources_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources"
	"github.com/Slicer/sitegen/generator/testutil"
)

func options(t testing.TB) source.Options {
	return source.Options{
		Fetch: fetch.New(fetch.Options{}), Scheme: testutil.Scheme(t), Now: time.Now, Brief: true,
		Girder: source.Girder{App: testutil.App, API: testutil.API(t)},
	}
}

func TestChoose(t *testing.T) {
	tests := []struct{ name, setting, identity string }{
		{"sample", "sample", "sample"},
		{"API", "https://girder.example.org/api/v1", "https://girder.example.org/api/v1"},
		{"API with slashes and capitals", "HTTPS://Girder.Example.org/api/v1//", "https://girder.example.org/api/v1"},
		{"API without TLS", "http://localhost:8080/api/v1", "http://localhost:8080/api/v1"},
		{"API by name", "girder:https://girder.example.org/api/v1.json", "https://girder.example.org/api/v1.json"},
		{"packages.json", "https://get.example.org/dist/Packages.JSON", "https://get.example.org/dist/Packages.JSON"},
		{"packages.json, compressed", "https://get.example.org/packages.json.gz",
			"https://get.example.org/packages.json.gz"},
		{"packages.json with a signature", "https://get.example.org/packages.json?sig=1",
			"https://get.example.org/packages.json"},
		{"packages.json by name", "packages:https://ci.example.org/list?branch=main", "https://ci.example.org/list"},
		{"file of packages by name", "packages:dist/packages", "file:packages"},
		{"file", "saved/listing.json", "file:listing.json"},
		{"file by name", "girder:saved/listing.json", "file:listing.json"},
		{"file called sample", "./sample", "file:sample"},
		{"file with a colon", "./girder:sample", "file:girder:sample"},
		{"file on a drive", `C:listing.json`, "file:C:listing.json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := sources.Choose(test.setting, options(t))
			if err != nil {
				t.Fatal(err)
			}
			if s.Identity() != test.identity {
				t.Errorf("identity %q, want %q", s.Identity(), test.identity)
			}
		})
	}
}

func TestChooseRefuses(t *testing.T) {
	tests := []struct{ name, setting, want string }{
		{"nothing", "", `source: is empty (found "")`},
		{"nothing after the name", "girder:", `source: is empty (found "girder:")`},
		{"unknown kind", "gider:listing.json",
			`source: is of an unknown kind "gider"; did you mean "girder"? (found "gider:listing.json")`},
		{"packages.json of an API", "https://example.com/packages.json#linux",
			`source: has a fragment (found "https://example.com/packages.json#linux")`},
		{"sample has no location", "sample:x", `source: is of an unknown kind "sample" (found "sample:x")`},
		{"one slash", "https:/example.com/api/v1",
			`source: is not a URL, which begins with https:// (found "https:/example.com/api/v1")`},
		{"another scheme", "ftp://example.com/api/v1",
			`source: is neither an http nor an https URL (found "ftp://example.com/api/v1")`},
		{"no host", "https:///api/v1", `source: has no host (found "https:///api/v1")`},
		{"not a URL", "https://[::1/api", `source: is not a URL (found "https://[::1/api")`},
		{"password", "https://me:secret@example.com/api/v1",
			`source: has a user name in it; ` +
				`configure a token or header instead (found "https://xxxxx@example.com/api/v1")`},
		{"query", "https://example.com/api/v1?limit=0",
			`source: must be only the base of a Girder API (found "https://example.com/api/v1?limit=0")`},
		{"question mark", "https://example.com/api/v1?",
			`source: must be only the base of a Girder API (found "https://example.com/api/v1?")`},
		{"fragment", "https://example.com/#folder",
			`source: must be only the base of a Girder API (found "https://example.com/#folder")`},
		{"the listing's own URL", "https://example.com/api/v1/app/5f44/package",
			`source: must be only the base of a Girder API (found "https://example.com/api/v1/app/5f44/package")`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := sources.Choose(test.setting, options(t))
			if err == nil || fault.KindOf(err) != fault.Usage || len(fault.Hints(err)) != 1 ||
				!strings.HasPrefix(fault.Hints(err)[0], "A source is ") {
				t.Fatalf("error %v, hints %q, want one of usage with a hint", err, fault.Hints(err))
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzChoose(f *testing.F) {
	for _, seed := range []string{"", "sample", "listing.json", "https://example.com/api/v1/", "http://[::1]:80/",
		"https://a@b/?#", "://", "girder:x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, setting string) {
		s, err := sources.Choose(setting, options(t))
		if err != nil {
			if fault.KindOf(err) != fault.Usage {
				t.Errorf("%q: error %v of kind %v", setting, err, fault.KindOf(err))
			}
			return
		}
		if (s.Identity() == "sample") != (setting == "sample") || s.Identity() == "" {
			t.Errorf("%q has identity %q", setting, s.Identity())
		}
	})
}

const (
	id     = "6a464e2543581bffa4f3cccb"
	girder = `[{"_id":"` + id + `","name":"Aurora","size":333433559,"created":"2026-01-02T03:04:05Z","meta":{"app_id":"` + testutil.App +
		`","baseName":"Aurora","os":"linux","arch":"amd64","revision":"1"}}]`
	packages = `{"version": 1, "packages": [{"id":"` + id +
		`","size":333433559,"version":"1.0","built":"2026-01-02","system":"linux",` +
		`"arch":"amd64","revision":1,"product":"Aurora","url":"https://get.example.org/a.bin"}]}`
)

// TestRead reads each kind of source from every kind of location.
func TestRead(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/app/{app}/package", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, girder) })
	mux.HandleFunc("/packages.json", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, packages) })
	mux.HandleFunc("/list", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, packages) })
	mux.HandleFunc("/packages.json.gz",
		func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, compressed(packages)) })
	server := httptest.NewServer(mux)
	defer server.Close()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "girder"), "\n"+girder)
	write(t, filepath.Join(dir, "girder.json.gz"), compressed(girder))

	write(t, filepath.Join(dir, "packages"), "\xef\xbb\xbf\r\n"+packages)
	write(t, filepath.Join(dir, "packages.json.gz"), compressed(packages))

	const own = "https://get.example.org/a.bin"
	tests := []struct{ setting, url string }{
		{server.URL + "/packages.json", own},
		{server.URL + "/packages.json.gz", own},
		{"packages:" + server.URL + "/list", own},
		{filepath.Join(dir, "packages"), own},
		{filepath.Join(dir, "packages.json.gz"), own},
		{"packages:" + filepath.Join(dir, "packages"), own},
		{server.URL + "/api/v1", server.URL + "/api/v1/item/" + id + "/download"},
		{filepath.Join(dir, "girder"), testutil.API(t) + "/item/" + id + "/download"},
		{filepath.Join(dir, "girder.json.gz"), testutil.API(t) + "/item/" + id + "/download"},
		{"girder:" + filepath.Join(dir, "girder"), testutil.API(t) + "/item/" + id + "/download"},
	}
	for _, test := range tests {
		t.Run(test.setting, func(t *testing.T) {
			s, err := sources.Choose(test.setting, options(t))
			if err != nil {
				t.Fatal(err)
			}
			list, err := s.Read(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			published, held := catalog.Publish(testutil.Scheme(t), list.Spelling, list.Records)
			if len(published) != 1 || len(held) != 0 || published[0].URL != test.url {
				t.Errorf("published %+v, held %v, want a file at %s", published, held, test.url)
			}
		})
	}
	s, err := sources.Choose("sample", options(t))
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.Read(t.Context(), nil); err != nil || len(list.Records) < 60 {
		t.Errorf("sample: %v, %v", list, err)
	}
}

func TestReadRefusesFiles(t *testing.T) {
	dir := t.TempDir()
	tests := []struct{ name, body, want string }{
		{"page.html", "<html>", `/page.html:1:1: not a list of packages (an HTML page: "<html>")`},
		{"empty.json", " \n", "/empty.json:1:1: not a list of packages (the file is empty)"},
		{"zip.json", "PK\x05\x06", `/zip.json:1:1: not a list of packages (found "PK\x05\x06")`},
		{"cut.json", "[{", "/cut.json:1:3: item 1: cut off"},
		{"object.json", `{"message": "no"}`,
			`/object.json:1:1: not a packages.json: the object has neither "version" nor "packages"`},
		{"missing.json", "", "/missing.json: no such file or directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(dir, test.name)
			if test.body != "" {
				write(t, path, test.body)
			}
			s, err := sources.Choose(path, options(t))
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Read(t.Context(), nil)
			if err == nil || fault.KindOf(err) != fault.Source || len(fault.Hints(err)) != 1 {
				t.Fatalf("error %v, hints %q", err, fault.Hints(err))
			}
			_, place, _ := strings.Cut(err.Error(), dir)
			if diff := cmp.Diff(test.want, place); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if errors.Is(err, fs.ErrNotExist) != (test.body == "") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

func compressed(s string) string {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	io.WriteString(zw, s)
	if err := zw.Close(); err != nil {
		panic(fmt.Sprintf("compress in memory: %v", err))
	}
	return b.String()
}
