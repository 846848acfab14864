// Package packages answers questions about the packages of a site from what builds have stored, and keeps packages off
// the site. It reads the history, not the source, so that it works without network and while a build runs:
//
//	c, err := packages.Open(ctx, p)
//	list, err := c.List(packages.Filter{OS: "win", State: packages.Held})
//	pkg, err := c.Find("660FA2E9…")    // by id, name, name of the file, or revision
//
// Only Hold and Unhold change something: the list of the packages that are held back, which the next build reads.
package packages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/holds"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/supply"
)

// State is what the last build did with a package.
type State string

// The states.
const (
	Published State = "published"
	Held      State = "held"      // listed by the source and not published, for a reason
	Withdrawn State = "withdrawn" // published once, and no longer listed by the source

	All State = "all" // in a Filter: any of them
)

// PreRelease is the stability of a release that is not public yet. The others are catalog.Release and catalog.Nightly.
const PreRelease catalog.Stability = "pre-release"

// Package is a package that the last build knew. Of a record that was held back before it was ever published, only the
// id, the name and the reason are known; the other fields are zero.
type Package struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	State       State             `json:"state"`
	Stability   catalog.Stability `json:"stability"` // release, pre-release or nightly
	OS          catalog.OS        `json:"os"`
	Arch        catalog.Arch      `json:"arch"`
	Revision    int               `json:"revision"`
	Version     string            `json:"version"` // "" for none
	BuildDate   string            `json:"build_date"`
	Size        int64             `json:"size"` // bytes
	FileName    string            `json:"file_name"`
	FirstSeen   *time.Time        `json:"first_seen"`   // time of the first build that published it
	LastChanged *time.Time        `json:"last_changed"` // time of the build that last changed a field of it
	WithdrawnAt *time.Time        `json:"withdrawn"`    // time of the build that no longer published it
	Source      string            `json:"source"`       // address of its folder at the source, else of its file
	Held        *Reason           `json:"held"`         // why it is held back; null if it is not
	NextBuild   State             `json:"next_build"`   // its state after the next build, if people hold it back or not
	// any more since the last one; "" if that has not changed

	*catalog.Package `json:"-"` // nil if it was never published
}

// Reason is why a record is held back.
type Reason struct {
	Field  string `json:"field"`  // the invalid field; "hold" if a person holds the record back
	Value  string `json:"value"`  // the value of the field
	Reason string `json:"reason"` // a phrase that completes "held back: "
	Hint   string `json:"hint"`   // what to do; "" if unknown
	Place  string `json:"place"`  // place of the record, or of the entry in holds.yaml; "" if the source has no lines
}

// Catalogue is what the last build knew about packages.
type Catalogue struct {
	project  *project.Project
	run      history.Run
	packages []*Package // newest first, then the records that were never published, by id
	log      []history.LogEntry
}

// ErrNoBuild is the error if no build has stored packages yet, but one has tried to.
var ErrNoBuild = errors.New("no build has stored packages yet")

// Open reads the catalogue of a project. It creates nothing. If there has been no build, the error is fs.ErrNotExist or
// ErrNoBuild. Mistakes in the list of the packages held back are a warning.
func Open(ctx context.Context, p *project.Project) (*Catalogue, error) {
	r, err := history.OpenReadOnly(ctx, p.HistoryFile())
	if err != nil {
		return nil, err
	}
	defer r.Close()
	state, err := r.State(ctx)
	if err != nil {
		return nil, err
	}
	if state.Run == (history.Run{}) {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: %w", p.HistoryFile(), ErrNoBuild),
			"Run sitegen build first, or name the data folder with --data.")
	}
	c := &Catalogue{project: p, run: state.Run, log: state.Log}
	held := make(map[string]catalog.Held, len(state.Held))
	for _, h := range state.Held {
		held[h.ID] = h
	}
	known := make(map[string]bool, len(state.Entries))
	for _, e := range state.Entries {
		known[e.ID] = true
		h, isHeld := held[e.ID]
		pkg := ofEntry(e)
		if isHeld && pkg.State != Published { // a second record with the same id does not hide the first
			pkg.State, pkg.Held = Held, reason(h)
		}
		c.packages = append(c.packages, pkg)
	}
	for _, h := range state.Held {
		if !known[h.ID] {
			c.packages = append(c.packages, &Package{ID: h.ID, Name: h.Name, State: Held, Held: reason(h)})
		}
	}
	list, err := p.Holds()
	if err != nil {
		p.Log.Warn(err.Error())
		return c, nil
	}
	c.compare(list)
	return c, nil
}

// compare sets NextBuild from the current list of the packages held back.
func (c *Catalogue) compare(list []holds.Hold) {
	for _, p := range c.packages {
		isHeld := holds.Find(list, p.ID) != nil
		wasHeld := p.Held != nil && p.Held.Field == supply.HoldField
		switch {
		case isHeld && p.State == Published:
			p.NextBuild = Held
		case !isHeld && wasHeld:
			p.NextBuild = Published
		}
	}
}

func reason(h catalog.Held) *Reason { return &Reason{h.Field, h.Value, h.Reason, h.Hint, h.Place} }

func ofEntry(e history.Entry) *Package {
	pkg := &Package{
		ID: e.ID, Name: e.Name, State: Published, Stability: stability(e.Package), OS: e.OS, Arch: e.Arch,
		Revision: e.Revision, Version: e.Version, BuildDate: e.BuildDate, Size: e.Size, FileName: e.FileName,
		FirstSeen: &e.FirstSeen, LastChanged: &e.LastChanged, Source: cmp.Or(e.Page, e.URL), Package: e.Package,
	}
	if !e.Withdrawn.IsZero() {
		pkg.State, pkg.WithdrawnAt = Withdrawn, &e.Withdrawn
	}
	return pkg
}

// stability returns the kind of a package in a list.
func stability(p *catalog.Package) catalog.Stability {
	if p.Release != "" && !p.Matches(catalog.Release) {
		return PreRelease
	}
	return p.Stability()
}

// published returns the published packages without those in kept.
func (c *Catalogue) published(kept []holds.Hold) []*catalog.Package {
	var list []*catalog.Package
	for _, p := range c.packages {
		if p.State == Published && holds.Find(kept, p.ID) == nil {
			list = append(list, p.Package)
		}
	}
	return list
}

// Label describes the build that stored the catalogue: "https://packages.example.org, 2026-11-27 12:00:00 UTC".
func (c *Catalogue) Label() string {
	return c.run.Source + ", " + c.run.At.UTC().Format(time.DateTime+" UTC")
}

// Change is one change of a package.
type Change struct {
	Run    int64     `json:"run"` // number of the build that stored it
	Time   time.Time `json:"time"`
	Kind   string    `json:"kind"` // added, changed, withdrawn or returned
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Field  string    `json:"field"`  // the field that changed; "" for the other kinds
	Before string    `json:"before"` // the values of the field
	After  string    `json:"after"`
}

// History returns the changes of the packages that a filter selects, oldest first. If id is not "", they are those of
// one package.
func (c *Catalogue) History(f Filter, id string) ([]Change, error) {
	f.State = All
	selected, err := c.List(f)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, p := range selected {
		ids[p.ID] = id == "" || strings.EqualFold(id, p.ID)
	}
	list := []Change{}
	for _, l := range c.log {
		if p := l.Package; ids[p.ID] {
			list = append(list, Change{l.Run, l.At, l.Kind, p.ID, p.Name, l.Field, l.Before, l.After})
		}
	}
	return list, nil
}
