package packages_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/packages"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/testutil"
)

// now is the time of all runs of the tests.
var now = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// site returns the project of an empty folder, which becomes the current one.
func site(t *testing.T) *project.Project {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("sitegen.yaml", []byte("source: sample\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := project.Open(c, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// record stores what a build has published and held back.
func record(t *testing.T, p *project.Project, published []*catalog.Package, held ...catalog.Held) {
	t.Helper()
	db, err := history.Open(t.Context(), p.HistoryFile())
	if err != nil {
		t.Error(err)
		return
	}
	defer db.Close()
	run := history.Run{At: now, Source: "sample", App: testutil.App}
	if _, err := db.Record(t.Context(), history.Snapshot{Run: run, Published: published, Held: held}); err != nil {
		t.Error(err)
	}
}

// open returns the catalogue of the test listing, of which the newest package has been withdrawn, and one record was
// held back.
func open(t *testing.T) (*packages.Catalogue, *project.Project) {
	t.Helper()
	p := site(t)
	all := testutil.Packages(t, "live")
	record(t, p, all)
	record(t, p, all[1:], catalog.Held{ID: "600000000000000000000001", Name: "Broken", Field: "size", Value: "0",
		Reason: "upload not finished"})
	return reopen(t, p), p
}

// nameOf returns the name of a package of the test listing.
func nameOf(t *testing.T, id string) string {
	t.Helper()
	return testutil.Index(t, "live").Package(id).Name
}

func reopen(t *testing.T, p *project.Project) *packages.Catalogue {
	t.Helper()
	c, err := packages.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDuplicates checks that the groups are those that the retired server listed with --display-duplicate-drafts.
func TestDuplicates(t *testing.T) {
	c, _ := open(t)
	groups, err := c.Duplicates(packages.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	drafts := 0
	for _, g := range groups {
		for i, d := range g.Packages {
			if d.Revision != g.Revision || d.OS != g.OS || d.Arch != g.Arch {
				t.Errorf("%s is in the group of revision %d", d.Name, g.Revision)
			}
			if i > 0 && catalog.Compare(g.Packages[i-1].Package.Package, d.Package.Package) > 0 {
				t.Errorf("%s is not in the order of the catalogue", d.ID)
			}
			if folder := strings.TrimSuffix(testutil.API(t), "/api/v1") + "/#folder/"; !strings.HasPrefix(d.Source, folder) {
				t.Errorf("source %s, want a folder at %s", d.Source, folder)
			}
			if d.Draft {
				drafts++
			}
		}
	}
	// One group consists of two drafts, another one of a release and a pre-release.
	if len(groups) != 17 || drafts != 17 {
		t.Errorf("%d groups with %d drafts, want 17 with 17", len(groups), drafts)
	}
	for _, f := range []packages.Filter{{OS: "win"}, {Version: "5.12"}, {Stability: packages.PreRelease}} {
		some, err := c.Duplicates(f)
		if err != nil || len(some) == 0 || len(some) >= 17 {
			t.Errorf("%+v: %d groups, %v", f, len(some), err)
		}
	}
}

func TestList(t *testing.T) {
	c, _ := open(t)
	all := testutil.Packages(t, "live")
	count := func(is func(*catalog.Package) bool) (n int) {
		for _, p := range all[1:] {
			if is(p) {
				n++
			}
		}
		return n
	}
	published := packages.Published
	for _, test := range []struct {
		filter packages.Filter
		want   int
	}{
		{packages.Filter{State: published}, len(all) - 1},
		{packages.Filter{State: packages.Withdrawn}, 1},
		{packages.Filter{State: packages.Held}, 1},
		{packages.Filter{State: packages.All}, len(all) + 1},
		{packages.Filter{}, len(all) + 1},
		{packages.Filter{State: packages.Held, OS: "win"}, 0}, // its system is unknown
		{packages.Filter{State: published, OS: "Darwin", Arch: "aarch64"},
			count(func(p *catalog.Package) bool { return p.OS == "macosx" && p.Arch == "arm64" })},
		{packages.Filter{State: published, Version: "5.12"},
			count(func(p *catalog.Package) bool { return strings.HasPrefix(p.Version+".", "5.12.") })},
		{packages.Filter{State: published, Revision: "34645"},
			count(func(p *catalog.Package) bool { return p.Revision == 34645 })},
		{packages.Filter{State: published, Stability: catalog.Release},
			count(func(p *catalog.Package) bool { return p.Matches(catalog.Release) })},
		{packages.Filter{State: published, Stability: packages.PreRelease},
			count(func(p *catalog.Package) bool { return p.Release != "" && p.PreRelease })},
		{packages.Filter{State: published, Stability: catalog.Nightly},
			count(func(p *catalog.Package) bool { return p.Release == "" })},
	} {
		list, err := c.List(test.filter)
		if err != nil || len(list) != test.want {
			t.Errorf("%+v: %d packages, want %d; %v", test.filter, len(list), test.want, err)
		}
	}
}

func TestUnknownValues(t *testing.T) {
	c, _ := open(t)
	for _, test := range []struct {
		filter packages.Filter
		want   string
	}{
		{packages.Filter{OS: "linus"},
			`--os: must be one of win, macosx, linux (found "linus"); did you mean "linux"?`},
		{packages.Filter{Arch: "arm46"}, `--arch: must be one of amd64, arm64, i386 (found "arm46"); did you mean "arm64"?`},
		{packages.Filter{State: "hold"},
			`--state: must be one of published, held, withdrawn, all (found "hold"); did you mean "held"?`},
		{packages.Filter{Stability: "draft"},
			`--stability: must be one of release, pre-release, nightly (found "draft")`},
		{packages.Filter{Revision: "34654"}, `--revision: no package has it (found "34654"); the nearest is 34645`},
		{packages.Filter{Revision: "new"}, `--revision: no package has it (found "new")`},
		{packages.Filter{Version: "5.12.9"}, `--version: no package has it (found "5.12.9"); did you mean "5.12.4"?`},
	} {
		_, err := c.List(test.filter)
		if err == nil || err.Error() != test.want || fault.KindOf(err) != fault.Usage {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
}

func TestFind(t *testing.T) {
	c, _ := open(t)
	const release, draft = "6aa1db04ce9de556d30112bb", "6aa0b2ea6f3c5c9a20dd52f3"
	withdrawn := testutil.Packages(t, "live")[0]
	name := nameOf(t, release)
	for word, want := range map[string]string{
		release: release, strings.ToUpper(release): release, "/bitstream/" + release: release,
		"https://download.example.org/bitstream/" + draft: draft,
		"Broken": "600000000000000000000001", withdrawn.ID: withdrawn.ID, withdrawn.Name: withdrawn.ID,
		strings.ToLower(nameOf(t, "6aa1beb7ce9de556d3010204")): "6aa1beb7ce9de556d3010204",
	} {
		if p, err := c.Find(word); err != nil || p.ID != want {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
	for word, want := range map[string]string{
		"34645": `"34645" names 4 packages`,
		name:    `"` + name + `" names 2 packages`,
		"6aa1db04ce9de556d30112bc": `no package has the id, name or revision "6aa1db04ce9de556d30112bc"; ` +
			`did you mean "` + release,
		"": `no package has the id, name or revision ""`,
	} {
		if _, err := c.Find(word); err == nil || !strings.HasPrefix(err.Error(), want) ||
			fault.KindOf(err) != fault.Usage || len(fault.Hints(err)) != 1 {
			t.Errorf("%q: error %v, want %s", word, err, want)
		}
	}
	candidate := release + "  " + name + " (release 5.12.4, published)"
	if _, err := c.Find("34645"); err == nil || !strings.Contains(err.Error(), candidate) {
		t.Errorf("candidates: %v", err)
	}
}

func TestShow(t *testing.T) {
	c, p := open(t)
	pkg, err := c.Find("6aa1db04ce9de556d30112bb")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("redirects", 0o755); err != nil {
		t.Fatal(err)
	}
	lines := []string{
		"/win /latest/win 302", "/get os=win /download 302", "/win /latest/linux 302", "/chain/* /win 301",
		"/direct " + pkg.URL + " 302", "/mac /latest/macosx 302", "/any/:id /bitstream/:id 302", "/loop /loop2 302",
		"/loop2 /loop 302", "/elsewhere https://example.org/latest/win 302", "/page /releases/ 200",
	}
	if err := os.WriteFile(p.RulesFile(), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := c.Show(pkg)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/bitstream/6aa1db04ce9de556d30112bb", "/latest/win", "/releases/5.12.4/win", "/releases/5.12/win",
		"/releases/5/win", "/revision/34645/win", "/download?os=win&stability=release", "/download?os=win&version=5.12.4",
		"/download?os=win&version=5.12", "/download?os=win&version=5", "/download?os=win&revision=34645",
	}
	if diff := cmp.Diff(want, d.Addresses); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	rules := []packages.Rule{
		{Place: "redirects/rules.txt:1:1", Rule: "/win /latest/win 302"},
		{Place: "redirects/rules.txt:2:1", Rule: "/get os=win /download 302"},
		{Place: "redirects/rules.txt:4:1", Rule: "/chain/* /win 301"},
		{Place: "redirects/rules.txt:5:1", Rule: "/direct " + pkg.URL + " 302"},
	}
	if diff := cmp.Diff(rules, d.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	changes := []packages.Change{{Run: 1, Time: now, Kind: "added", ID: pkg.ID, Name: pkg.Name}}
	if diff := cmp.Diff(changes, d.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}

	instead := map[string]string{}
	for _, a := range c.Instead(pkg, nil) {
		instead[a.Address] = a.ID
	}
	for address, id := range map[string]string{
		want[0]: "", "/latest/win": "6a61770a2eb3d967f03268b4", "/releases/5.12.4/win": "",
		"/revision/34645/win": "6aa0b2ea6f3c5c9a20dd52f3", // the draft
	} {
		if got, ok := instead[address]; !ok || got != id {
			t.Errorf("%s: %q, want %q", address, got, id)
		}
	}
	withdrawn := testutil.Packages(t, "live")[0]
	changed, err := c.History(packages.Filter{}, withdrawn.ID)
	if err != nil || len(changed) != 2 || changed[1].Kind != "withdrawn" || changed[1].Run != 2 {
		t.Errorf("history %+v, %v", changed, err)
	}
	if _, err := os.Stat(p.HoldsFile()); err == nil {
		t.Error("reading wrote a file")
	}
}

func TestHold(t *testing.T) {
	c, p := open(t)
	pkg, err := c.Find("6aa1db04ce9de556d30112bb")
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Hold(pkg, "crashes", "ada")
	if err != nil || !r.Changed || len(r.Instead) == 0 {
		t.Fatal(r, err)
	}
	list, err := p.Holds()
	if err != nil || len(list) != 1 || list[0].Describe() != "crashes (by ada, 2026-11-27)" {
		t.Errorf("holds %v, %v", list, err)
	}
	next, err := c.Find("6a61770a2eb3d967f03268b4")
	if err != nil {
		t.Fatal(err)
	}
	latest := func(list []packages.Answer) string {
		i := slices.IndexFunc(list, func(a packages.Answer) bool { return a.Address == "/latest/win" })
		return list[i].ID
	}
	if got := latest(r.Instead); got != next.ID {
		t.Errorf("instead of the newest release: %s, want %s", got, next.ID)
	}
	if got := latest(c.Instead(next, list)); got == pkg.ID || got == next.ID { // both are held back
		t.Errorf("instead of both: %s", got)
	}
	again := reopen(t, p)
	if pkg, err := again.Find(pkg.ID); err != nil || pkg.State != packages.Published || pkg.NextBuild != packages.Held {
		t.Errorf("before the next build: %+v, %v", pkg, err)
	}
	if r, err := c.Hold(pkg, "crashes", "bob"); err != nil || r.Changed {
		t.Errorf("held twice for the same reason: %+v, %v", r, err)
	}
	_, err = c.Hold(pkg, "is slow", "bob")
	want := "redirects/holds.yaml:3:9: 6aa1db04ce9de556d30112bb is held back already: crashes (by ada, 2026-11-27)"
	if err == nil || err.Error() != want || fault.KindOf(err) != fault.Usage {
		t.Errorf("error %v, want %s", err, want)
	}
	for _, word := range []string{"6aa1db04ce9de556d30112bc", "34645"} {
		if _, err := packages.Unhold(p, c, word); err == nil || fault.KindOf(err) != fault.Usage {
			t.Errorf("unhold %s: %v", word, err)
		}
	}
	if r, err := packages.Unhold(p, nil, strings.ToUpper(pkg.ID)); err != nil || !r.Changed || r.Why != "crashes" {
		t.Errorf("unhold: %+v, %v", r, err)
	}
	if err := os.WriteFile(p.HoldsFile(), []byte("holds:\n  - ids: a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Hold(pkg, "crashes", "ada"); fault.KindOf(err) != fault.Content {
		t.Errorf("edited a file with mistakes: %v", err)
	}
}

// TestRefusedBuild checks the message after a build that has stored nothing.
func TestRefusedBuild(t *testing.T) {
	p := site(t)
	db, err := history.Open(t.Context(), p.HistoryFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = packages.Open(t.Context(), p)
	if !errors.Is(err, packages.ErrNoBuild) || fault.KindOf(err) != fault.Usage || len(fault.Hints(err)) != 1 {
		t.Errorf("error %v", err)
	}
}

// TestHoldFileKeepsLink checks that a symbolic link to the file stays, as do the permissions of the file.
func TestHoldFileKeepsLink(t *testing.T) {
	c, p := open(t)
	if err := os.MkdirAll("redirects", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("shared.yaml", []byte("# ours\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..", "shared.yaml"), p.HoldsFile()); err != nil {
		t.Fatal(err)
	}
	pkg, err := c.Find("6aa1db04ce9de556d30112bb")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Hold(pkg, "crashes", "ada"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(p.HoldsFile())
	if err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	text, err := os.ReadFile("shared.yaml")
	if err != nil || !strings.HasPrefix(string(text), "# ours\nholds:\n") {
		t.Errorf("text %q, %v", text, err)
	}
	if info, err := os.Stat("shared.yaml"); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("permissions %v, %v", info, err)
	}
}

// TestWhileBuildsRun lists and holds packages while other processes store packages, and checks that each list is that
// of one build, and that no entry is lost.
func TestWhileBuildsRun(t *testing.T) {
	p := site(t)
	all := testutil.Packages(t, "live")
	states := [][]*catalog.Package{all[:400], all[300:]}
	record(t, p, states[0])
	stop := make(chan struct{})
	var builds, others sync.WaitGroup
	builds.Go(func() {
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
				record(t, p, states[i%2])
			}
		}
	})
	held := []string{}
	for i := range 4 {
		for j := range 5 {
			held = append(held, all[310+10*i+j].ID)
		}
		others.Go(func() {
			for j := range 5 {
				c, err := packages.Open(t.Context(), p)
				if err != nil {
					t.Error(err)
					return
				}
				list, err := c.List(packages.Filter{State: packages.Published})
				if n := len(list); err != nil || n != len(states[0]) && n != len(states[1]) {
					t.Errorf("%d packages are those of no build; %v", n, err)
				}
				pkg, err := c.Find(all[310+10*i+j].ID)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := c.Hold(pkg, "crashes", "ada"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	others.Wait()
	close(stop)
	builds.Wait()
	list, err := p.Holds()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range list {
		got = append(got, h.ID)
	}
	slices.Sort(held)
	if diff := cmp.Diff(held, got); diff != "" {
		t.Errorf("held packages, in the order of the file (-want +got):\n%s", diff)
	}
}
