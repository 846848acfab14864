package output_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

// named returns a site with another name, whose folders are in folder.
func (s *site) named(name, folder string) *site {
	other := *s
	other.options.Site, other.options.Home = name, s.place(folder)
	other.options.Public, other.options.Redirects = s.place(folder+"/public"), s.place(folder+"/redirects")
	return &other
}

func TestTwoSitesInOneDataFolder(t *testing.T) {
	s := newSite(t)
	a, b := s.named("downloads", "a"), s.named("staging", "b")
	a.build(page("index.html", "1"))
	before := s.text("var/manifest.json")
	_, err := output.Open(b.options)
	var shared *output.SharedError
	if !errors.As(err, &shared) || shared.Public != a.options.Public {
		t.Fatalf("error %v", err)
	}
	want := `the data folder ` + s.place("var") + ` belongs to the site "downloads" in ` + s.place("a") +
		`, not to the site "staging" in ` + s.place("b")
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	if _, err := output.Open(s.named("downloads", "copy").options); !errors.As(err, &shared) {
		t.Errorf("a copy of the site: error %v", err)
	}
	same := s.named("downloads", "a")
	same.options.Public = s.place("a/www")
	if w, err := output.Open(same.options); err != nil {
		t.Errorf("another public folder of the site: %v", err)
	} else {
		w.Close()
	}
	renamed := s.named("renamed", "a")
	if w, err := output.Open(renamed.options); err != nil {
		t.Errorf("another name of the site: %v", err)
	} else {
		w.Close()
	}
	if diff := cmp.Diff(before, s.text("var/manifest.json")); diff != "" {
		t.Error(diff)
	}
	b.options.Force = true
	b.build(page("index.html", "1"))
	a.options.Force = false
	if _, err := output.Open(a.options); !errors.As(err, &shared) {
		t.Errorf("after --force: error %v", err)
	}
}

// A site that is moved, and whose data folder stays, finds its files in their new place.
func TestMovedSite(t *testing.T) {
	s := newSite(t)
	a := s.named("downloads", "a")
	a.build(page("index.html", "1"), page("old.html", "1"))
	if err := os.Rename(s.place("a"), s.place("b")); err != nil {
		t.Fatal(err)
	}
	s.put("b/public/mine.html", "mine")
	b := s.named("downloads", "b")
	w := b.open()
	if r := w.Recovered(); r == nil || r.Files != 2 || !strings.Contains(r.String(), "lists the files of "+a.options.Public) {
		t.Errorf("recovered %v", r)
	}
	w.Close()
	b.build(page("index.html", "2"))
	for name, want := range map[string]bool{"index.html": true, "mine.html": true, "old.html": false} {
		if _, err := os.Stat(s.place("b/public/" + name)); (err == nil) != want {
			t.Errorf("%s exists: %v, want %v", name, err == nil, want)
		}
	}
}
