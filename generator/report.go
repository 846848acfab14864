package generator

import (
	"encoding/json"
	"io"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/history"
)

// Report is what a build did. Its JSON form, written by sitegen build --json, is documented field by
// field in docs/commands.md.
type Report struct {
	Source    string    `json:"source"`           // where the packages came from: a URL, a file, "sample" or "catalogue"
	App       string    `json:"app"`              // the Girder application whose packages are published
	Published int       `json:"published"`        // packages on the site
	Held      []Held    `json:"held"`             // records that are not published, and why
	Added     []Item    `json:"added"`            // packages seen for the first time
	Changed   []Item    `json:"changed"`          // packages whose record is not what it was
	Withdrawn []Item    `json:"withdrawn"`        // packages that left the site; the catalogue keeps them
	Returned  []Item    `json:"returned"`         // packages that had been withdrawn and are back
	Pages     FileCount `json:"pages"`            // files of the public folder
	Maps      FileCount `json:"maps"`             // files of the redirects folder
	Stopped   []Stopped `json:"stopped"`          // servers whose maps are as they were, because a limit is passed
	Warnings  []string  `json:"warnings"`         // what deserves a look but did not stop the build
	Seconds   float64   `json:"duration_seconds"` // from the start of the run to its end
	Unchanged bool      `json:"unchanged"`        // no file was written or removed
}

// Held is a record that is not published. Everything but Field and Reason is the source's own text:
// escape it before showing it.
type Held struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Field  string `json:"field"`  // the field to blame, in Girder's spelling
	Value  string `json:"value"`  // what it holds
	Reason string `json:"reason"` // completes "held back: "
}

// HeldFrom is the report's form of the records held back.
func HeldFrom(held []catalog.Held) []Held {
	list := make([]Held, len(held))
	for i, h := range held {
		list[i] = Held{ID: h.ID, Name: h.Name, Field: h.Field, Value: h.Value, Reason: h.Reason}
	}
	return list
}

// Item names a package.
type Item struct {
	ID   string `json:"id"`
	Name string `json:"name"` // free text of the source
}

// FileCount says what happened to the files of one folder.
type FileCount struct {
	Written   int `json:"written"`   // new, or with other bytes than before
	Unchanged int `json:"unchanged"` // left alone, because they hold the right bytes
	Removed   int `json:"removed"`   // written by an earlier build and no longer wanted
}

// Stopped is a server that cannot hold the redirects: the maps of an earlier build stay.
type Stopped struct {
	Server string `json:"server"` // its folder below redirects/, for instance cloudfront
	Target string `json:"target"` // the same: the older name of the field
	Reason string `json:"reason"` // the number, the limit and what to do
}

// report begins a report with what the source gave.
func (c *catalogue) report(o Options) *Report {
	source := o.Config.Source
	if c.offline {
		source = "catalogue"
	}
	return &Report{Source: source, App: o.Config.App, Published: len(c.published), Held: HeldFrom(c.held)}
}

func (r *Report) warn(findings fault.Findings) {
	for _, f := range findings {
		r.Warnings = append(r.Warnings, f.String())
	}
}

func (r *Report) change(c history.Change) {
	r.Added, r.Withdrawn, r.Returned = itemsOf(c.Added), itemsOf(c.Withdrawn), itemsOf(c.Returned)
	for _, p := range c.Changed {
		r.Changed = append(r.Changed, Item{p.ID, p.Name})
	}
}

func itemsOf(packages []*catalog.Package) (list []Item) {
	for _, p := range packages {
		list = append(list, Item{p.ID, p.Name})
	}
	return list
}

func (r *Report) files(p *output.Plan) {
	count := func(c output.Changes) FileCount {
		return FileCount{Written: len(c.Written), Unchanged: c.Unchanged, Removed: len(c.Removed)}
	}
	r.Pages, r.Maps, r.Unchanged = count(p.Public), count(p.Redirects), p.Empty()
}

// WriteJSON writes the report as one indented JSON object and a newline. Lists without members are [],
// never null.
func (r *Report) WriteJSON(w io.Writer) error {
	out := *r
	out.Held = listed(r.Held)
	out.Added, out.Changed = listed(r.Added), listed(r.Changed)
	out.Withdrawn, out.Returned = listed(r.Withdrawn), listed(r.Returned)
	out.Stopped, out.Warnings = listed(r.Stopped), listed(r.Warnings)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
