package supply_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/supply"
	"github.com/Slicer/sitegen/generator/testutil"
)

const (
	otherApp = "6000000000000000000000aa"
	id       = "600000000000000000000001"
)

// listing is a Girder listing of one package of an application.
func listing(app string) string {
	return `[{"_id":"` + id + `","name":"A_1","size":1000,"meta":{"app_id":"` + app +
		`","baseName":"A","os":"linux","arch":"amd64",` +
		`"revision":"100","version":"5.0.0","release":"5.0.0","pre_release":false,"build_date":"2024-01-02T03:04:05+00:00"}}]`
}

// read is like readAs, for a site that sets title, project and base_url.
func read(t *testing.T, settings string) (*supply.Catalogue, error) {
	t.Helper()
	return readAs(t, identity+settings)
}

// identity has the options that say what a site of another application is.
const identity = "title: A\nproject: A\nbase_url: https://a.example\n"

// openAs opens the project of the site in the current folder. text is its sitegen.yaml.
func openAs(t *testing.T, text string) *project.Project {
	t.Helper()
	if err := os.WriteFile("sitegen.yaml", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	p, err := project.Open(c, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// readAs reads the packages of the site in the current folder for a build, and records them. text is its sitegen.yaml.
func readAs(t *testing.T, text string) (*supply.Catalogue, error) {
	t.Helper()
	return readProject(t, openAs(t, text))
}

// readProject reads the packages of a project for a build, and records them.
func readProject(t *testing.T, p *project.Project) (*supply.Catalogue, error) {
	t.Helper()
	if err := os.MkdirAll(p.Config.Data, 0o755); err != nil {
		t.Fatal(err)
	}
	db, err := history.Open(t.Context(), p.HistoryFile())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	cat, err := supply.Read(t.Context(), p, db)
	if err != nil {
		return nil, err
	}
	if _, err := cat.Record(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return cat, nil
}

// TestSavedListing checks from which server the files of a saved Girder listing are downloaded: the configured one, the
// profile's for its own application, or the one from which the application was last read, and no other.
func TestSavedListing(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/app/{app}/package",
		func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, listing(otherApp)) })
	server := httptest.NewServer(mux)
	defer server.Close()
	remembered := server.URL + "/api/v1"
	other := "app: " + otherApp + "\n"
	const saved, configured = "source: listing.json\n", "girder: {api: https://girder.example/api/v1}\n"

	tests := []struct {
		name, app, before, settings string
		want                        string // base of the API, "" if the listing is refused
	}{
		{"configured", testutil.App, "", saved + configured, "https://girder.example/api/v1"},
		{"of the profile", testutil.App, "", saved, testutil.API(t)},
		{"remembered", otherApp, other + "source: " + remembered + "\n", other + saved, remembered},
		{"configured and remembered", otherApp, other + "source: " + remembered + "\n", other + saved + configured,
			"https://girder.example/api/v1"},
		{"unknown", otherApp, "", other + saved, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("listing.json", []byte(listing(test.app)), 0o644); err != nil {
				t.Fatal(err)
			}
			if test.before != "" {
				if _, err := read(t, test.before); err != nil {
					t.Fatal(err)
				}
			}
			cat, err := read(t, test.settings)
			if test.want == "" {
				if fault.KindOf(err) != fault.Usage || !strings.Contains(fmt.Sprint(fault.Hints(err)), "girder.api") {
					t.Errorf("error %v, hints %q, want a usage error about girder.api", err, fault.Hints(err))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := test.want + "/item/" + id + "/download"; len(cat.Packages) != 1 || cat.Packages[0].URL != want {
				t.Errorf("packages %+v, want one at %s", cat.Packages, want)
			}
		})
	}
}

// TestOffline checks that an offline build publishes the stored packages, and fails if there are none.
func TestOffline(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := read(t, "source: listing.json\noffline: true\n"); fault.KindOf(err) != fault.Source {
		t.Errorf("error %v, want one of the source", err)
	}
	if err := os.WriteFile("listing.json", []byte(listing(testutil.App)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, "source: listing.json\n"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove("listing.json"); err != nil {
		t.Fatal(err)
	}
	cat, err := read(t, "source: listing.json\noffline: true\n")
	if err != nil {
		t.Fatal(err)
	}
	if !cat.Stored || len(cat.Packages) != 1 || cat.Packages[0].ID != id {
		t.Errorf("catalogue %+v, want the stored package", cat)
	}
}

// TestPackagesOfAnotherProject checks that packages which do not belong to the profile are only accepted if the site
// sets title, project and base_url.
func TestPackagesOfAnotherProject(t *testing.T) {
	t.Chdir(t.TempDir())
	list := `{"version": 1, "packages": [{"id":"` + id +
		`","size":1000,"version":"1.0","built":"2026-01-02","system":"linux",` +
		`"arch":"amd64","revision":1,"product":"A","url":"https://get.example.org/a.bin"}]}`
	if err := os.WriteFile("packages.json", []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := readAs(t, "source: packages.json\n")
	if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), "the packages are not those of the profile") {
		t.Errorf("error %v, want one of usage about the profile", err)
	}
	cat, err := read(t, "source: packages.json\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(cat.Packages) != 1 || cat.Packages[0].URL != "https://get.example.org/a.bin" {
		t.Errorf("packages %+v, want the listed one", cat.Packages)
	}
}

// TestKnown checks which packages a command uses that only looks up packages, and how it describes them. Before the
// first build, they are those of a source that the site itself configures.
func TestKnown(t *testing.T) {
	const stored = "1 packages as of 2026-11-22 12:00:00, from var/"
	environment := config.Input{Environ: []string{"SITEGEN_SOURCE=sample"}}
	tests := []struct {
		name     string
		built    bool // whether the site has published the package of listing.json
		settings string
		in       config.Input
		want     string // the start of the label; "" for the error that no packages are stored
	}{
		{"nothing configured", false, "", config.Input{}, ""},
		{"source in the file", false, "source: sample\n", config.Input{}, "the "},
		{"source in the environment", false, "", environment, "the "},
		{"source of the site's own profile", false, "profile: profile.yaml\n", config.Input{}, "126 packages of "},
		{"offline", false, "source: sample\noffline: true\n", config.Input{}, ""},
		{"stored, source in the file", true, "source: sample\n", config.Input{}, stored},
		{"stored, source in the environment", true, "", environment, stored},
		{"stored, source as a flag", true, "", config.Input{Flags: map[string][]string{"source": {"sample"}}}, "the "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write := func(name string, data []byte) {
				t.Helper()
				if err := os.WriteFile(name, data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range []string{"profile.yaml", "packages.json"} {
				data, err := os.ReadFile(testutil.Path("aurora/" + name))
				if err != nil {
					t.Fatal(err)
				}
				write(name, data)
			}
			if test.built {
				write("listing.json", []byte(listing(testutil.App)))
				if _, err := readAs(t, "source: listing.json\n"); err != nil {
					t.Fatal(err)
				}
			}
			write("sitegen.yaml", []byte(test.settings))
			c, err := config.Load(test.in)
			if err != nil {
				t.Fatal(err)
			}
			p, err := project.Open(c, slog.New(slog.DiscardHandler), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			cat, err := supply.Known(t.Context(), p)
			switch {
			case test.want == "":
				if fault.KindOf(err) != fault.Source || !strings.Contains(err.Error(), "no packages are stored yet") {
					t.Errorf("error %v, want one of the source: no packages are stored yet", err)
				}
			case err != nil:
				t.Error(err)
			case !strings.HasPrefix(cat.Label(p), test.want):
				t.Errorf("%s, want %s…", cat.Label(p), test.want)
			}
		})
	}
}
