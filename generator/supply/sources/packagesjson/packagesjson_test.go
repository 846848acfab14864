package packagesjson_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources/packagesjson"
)

// scheme is the scheme of an invented project.
var scheme = &catalog.Scheme{
	IDs: catalog.NameIDs,
	Systems: []catalog.System{
		{ID: "win", Title: "Windows", Aliases: []string{"windows"}},
		{ID: "mac", Title: "macOS", Aliases: []string{"darwin"}},
		{ID: "linux", Title: "Linux", Aliases: []string{"linux"}}, {ID: "freebsd", Title: "FreeBSD"},
	},
	Arches: []catalog.Architecture{
		{ID: "x64", Title: "Intel", Aliases: []string{"x86_64"}},
		{ID: "arm64", Title: "ARM", Aliases: []string{"aarch64"}}, {ID: "riscv64", Title: "RISC-V"},
	},
}

// decode decodes a valid file of testdata/packages.
func decode(t *testing.T, name string) *packagesjson.Document {
	t.Helper()
	doc, err := packagesjson.Decode("dist/packages.json", files(t, "packages/good/*.json")[name])
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestRecords(t *testing.T) {
	tests := []struct {
		file string
		want []catalog.Record
	}{
		{"minimal.json", []catalog.Record{{
			ID: "aurora-3.1-linux-x86_64", Name: "aurora-3.1-x86_64.AppImage", ProductName: "Aurora", OS: "linux",
			Arch:    "x86_64",
			Version: "3.1", Release: "3.1", BuildDate: "2026-11-20T03:12:00Z", Size: 104857600,
			FileName: "aurora-3.1-x86_64.AppImage", URL: "https://get.aurora.example/3.1/aurora-3.1-x86_64.AppImage",
			Place: "dist/packages.json:4",
		}}},
		{"null-is-absent.json", []catalog.Record{{
			ID: "aurora-3.1-linux-x86_64", Name: "a.AppImage", ProductName: "Aurora", OS: "linux", Arch: "x86_64",
			Version: "3.1", Release: "3.1", BuildDate: "2026-11-20T03:12:00Z", Size: 1,
			FileName: "a.AppImage", URL: "https://get.aurora.example/a.AppImage", Place: "dist/packages.json:2",
		}}},
		{"everything.json", []catalog.Record{
			{
				ID: "aurora-3.1-windows", Name: "Aurora 3.1 for Windows", ProductName: "Aurora", OS: "windows",
				Arch:     "x86_64",
				Revision: "34645", Version: "3.1", Release: "3.1", BuildDate: "2026-11-20T03:12:00.123456+01:00",
				Size:     104857600,
				SHA256:   "ABCDEF" + strings.Repeat("0123456789abcdef", 3) + "0123456789",
				SHA512:   strings.Repeat("abcdef0123456789", 8),
				FileName: "aurora-3.1.msi", URL: "https://get.aurora.example/3.1/download?platform=windows",
				Place: "dist/packages.json:5",
			},
			{
				ID: "aurora-nova-3.2-rc1-windows-x86_64", Name: "aurora-3.2-rc1.msi", ProductName: "Aurora Nova",
				OS: "windows", Arch: "x86_64",
				Revision: "34700", Version: "3.2-rc1", Release: "3.2-rc1", PreRelease: true, BuildDate: "2026-11-21",
				Size:     104857601,
				FileName: "aurora-3.2-rc1.msi", URL: "https://get.aurora.example/3.2-rc1/aurora-3.2-rc1.msi",
				Place: "dist/packages.json:21",
			},
			{
				ID: "aurora-nova-3.2-20261122t0300-linux-x86_64", Name: "aurora nightly.AppImage",
				ProductName: "Aurora Nova", OS: "Linux", Arch: "X86_64",
				Revision: "34710", Version: "3.2", BuildDate: "2026-11-22T03:00:00Z", Size: 104857602,
				FileName: "aurora nightly.AppImage",
				URL:      "https://nightly.aurora.example/2026-11-22/aurora%20nightly.AppImage",
				Place:    "dist/packages.json:25",
			},
			{
				ID: "aurora-nova-3.2-20261122t1330-linux-x86_64", Name: "aurora-nova-3.2-20261122t1330-linux-x86_64",
				ProductName: "Aurora Nova", OS: "Linux", Arch: "X86_64",
				Revision: "34712", Version: "3.2", BuildDate: "2026-11-22T15:30:00+02:00", Size: 104857603,
				URL: "https://nightly.aurora.example/2026-11-22/2/", Place: "dist/packages.json:29",
			},
		}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			product := "Aurora"
			if test.file == "everything.json" {
				product = "Aurora Nova"
			}
			got := decode(t, test.file).Records(product, catalog.Template{})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRecordsThatCannotBePublished checks the reasons for which records with senseless values are held back.
func TestRecordsThatCannotBePublished(t *testing.T) {
	doc := decode(t, "senseless-values.json")
	_, held := catalog.Publish(scheme, packagesjson.Spelling, doc.Records("Aurora", catalog.Template{}))
	got := map[string]string{}
	for _, h := range held {
		got[h.Place] = fmt.Sprintf("%s: %s (found %q)", h.Field, h.Reason, h.Value)
	}
	want := map[string]string{
		"dist/packages.json:2": `built: not a date and time in 2000 to 2099 (found "yesterday")`,
		"dist/packages.json:3": `system: not one of win, mac, linux, freebsd (found "beos")`,
		"dist/packages.json:4": `arch: not one of x64, arm64, riscv64 (found "")`,
		"dist/packages.json:5": `version: not a plain release name (letters, digits, . _ -) (found "../..")`,
		"dist/packages.json:6": `size: upload not finished (found "0")`,
		"dist/packages.json:7": `url: not an http or https URL that can be sent without escaping ` +
			`(found "ftp://get.aurora.example/a")`,
		"dist/packages.json:8":  `sha256: not 64 hex digits (found "abc")`,
		"dist/packages.json:9":  `url: missing (found "")`,
		"dist/packages.json:11": `id: listed twice (found "aurora-3.1-linux-x86_64")`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
}

// TestDownload checks the URL of a package that lists none.
func TestDownload(t *testing.T) {
	doc, err := packagesjson.Decode("packages.json", []byte(`{"version": 1, "packages": [
		{"version": "3.1", "built": "2026-11-20", "system": "windows", "arch": "x86_64", "size": 1, "file": "aurora-3.1.msi"},
		{"version": "3.1", "built": "2026-11-20", "system": "linux", "arch": "x86_64", "size": 1},
		{"version": "3.0", "built": "2025-11-20", "system": "linux", "arch": "x86_64", "size": 1, "url": "https://old.aurora.example/a.AppImage"}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	published, held := catalog.Publish(scheme, packagesjson.Spelling,
		doc.Records("Aurora", catalog.MustTemplate("https://get.aurora.example/{version}/{os}/{file}")))
	var urls []string
	for _, p := range published {
		urls = append(urls, p.URL)
	}
	if diff := cmp.Diff([]string{"https://get.aurora.example/3.1/win/aurora-3.1.msi",
		"https://old.aurora.example/a.AppImage"}, urls); diff != "" {
		t.Errorf("URLs (-want +got):\n%s", diff)
	}
	if len(held) != 1 || held[0].Place != "packages.json:3" || held[0].Field != "url" {
		t.Errorf("held %v, want the package without a file name", held)
	}
}

// serve starts a server with a packages.json, and returns its URL and the requests it receives.
func serve(t *testing.T, bodies ...string) (base string, requests *[]*http.Request) {
	requests = new([]*http.Request)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*requests = append(*requests, r)
		fmt.Fprint(w, bodies[min(len(*requests), len(bodies))-1])
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// open returns the source for a URL.
func open(t *testing.T, text string) source.Source {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := packagesjson.Kind().OpenURL(u, source.Options{
		Product: "Aurora", Fetch: fetch.New(fetch.Options{Retries: 1,
			Sleep: func(context.Context, time.Duration) error { return nil }}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReadFromAServer(t *testing.T) {
	minimal := string(files(t, "packages/good/*.json")["minimal.json"])
	base, requests := serve(t, minimal[:40], minimal)
	s := open(t, base+"/dist/packages.json?token=secret")
	list, err := s.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Records) != 1 || list.Records[0].Place != base+"/dist/packages.json:4" ||
		s.Identity() != base+"/dist/packages.json" {
		t.Errorf("%s: %+v", s.Identity(), list.Records)
	}
	if len(*requests) != 2 || (*requests)[1].URL.RawQuery != "token=secret" {
		t.Errorf("%d requests, want one more after the one that was cut off", len(*requests))
	}
}

func TestReadFromAServerFails(t *testing.T) {
	types := string(files(t, "packages/bad/*.json")["types.json"])
	tests := []struct {
		name, body string
		want       string // the beginning of the error
		isFailure  bool   // whether it is a failure of the server
	}{
		{"errors in the file", types, "BASE/packages.json:5:18: packages[0].version is not the version in quotes",
			false},
		{"a page", "<html>", `fetch BASE/packages.json: a page instead of a list of packages (an HTML page: "<html>")`,
			true},
		{"cut off", types[:100], "fetch BASE/packages.json: BASE/packages.json:7:12: the file is cut off (2 tries)",
			true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			base, _ := serve(t, test.body)
			list, err := open(t, base+"/packages.json?token=secret").Read(t.Context(), nil)
			if list != nil || err == nil || fault.KindOf(err) != fault.Source || len(fault.Hints(err)) != 1 {
				t.Fatalf("%v, error %v, hints %q", list, err, fault.Hints(err))
			}
			if want := strings.ReplaceAll(test.want, "BASE", base); !strings.HasPrefix(err.Error(), want) ||
				strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v, want %s", err, want)
			}
			if _, isFailure := errors.AsType[*fetch.Failure](err); isFailure != test.isFailure {
				t.Errorf("%T: failure of the server: %v", err, isFailure)
			}
		})
	}
}
