package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect/servers"
	"github.com/Slicer/sitegen/generator/supply"
	"github.com/Slicer/sitegen/generator/supply/gate"
)

// Report describes what a build did. docs/commands.md documents its JSON form, the output of sitegen build --json,
// field by field.
type Report struct {
	Source    string      `json:"source"`           // origin of the packages: a URL, a file, "sample" or "catalogue"
	App       string      `json:"app"`              // the Girder application; "" for other sources
	Published int         `json:"published"`        // packages on the site
	Refused   []string    `json:"refused"`          // why the gate refused the packages; if it did, nothing was written
	Held      []Held      `json:"held"`             // records that are not published, with the reason
	HeldBack  []HeldGroup `json:"held_back"`        // the same records, grouped by reason, largest group first
	Added     []Item      `json:"added"`            // packages seen for the first time
	Changed   []Item      `json:"changed"`          // packages whose record differs from the last run
	Withdrawn []Item      `json:"withdrawn"`        // packages no longer published; they remain in the history
	Returned  []Item      `json:"returned"`         // withdrawn packages that are published again
	Pages     FileCount   `json:"pages"`            // files of the public folder
	Maps      FileCount   `json:"maps"`             // files of the redirects folder
	Stopped   []Stopped   `json:"stopped"`          // servers with unchanged redirects, as the new ones exceed a limit
	Reload    []Reload    `json:"reload"`           // servers that have to read their changed redirects
	Warnings  []string    `json:"warnings"`         // problems that did not stop the build
	Seconds   float64     `json:"duration_seconds"` // duration of the run
	Phases    []Phase     `json:"phases"`           // parts of that time, in order
	Unchanged bool        `json:"unchanged"`        // whether no file was written or removed

	Written bool `json:"-"` // whether the run was completed, so the file counts are valid
}

// Held is a record that is not published. All fields except Field, Reason and Hint contain text from the source, which
// must be escaped before showing it.
type Held struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Field  string `json:"field"`  // name of the invalid field in the source
	Value  string `json:"value"`  // the value of the field
	Reason string `json:"reason"` // a phrase that completes "held back: "
	Hint   string `json:"hint"`   // what to do; "" if unknown
	Place  string `json:"place"`  // place of the record, packages.json:12:5; "" if the source has no lines
}

// HeldGroup describes all records held back for one reason.
type HeldGroup struct {
	Count   int    `json:"count"`
	Field   string `json:"field"`
	Reason  string `json:"reason"`
	Hint    string `json:"hint"`
	Example string `json:"example"` // the value of the field in one of the records
}

// Item names a package.
type Item struct {
	ID   string `json:"id"`
	Name string `json:"name"` // free text from the source
}

// FileCount counts the changes to the files of one folder.
type FileCount struct {
	Written   int `json:"written"`   // new or changed
	Unchanged int `json:"unchanged"` // already up to date
	Removed   int `json:"removed"`   // written by an earlier build, no longer part of the site
}

// Stopped is a server whose limit the redirects exceed. It keeps the redirects of an earlier build.
type Stopped struct {
	Server string `json:"server"` // name of the server and of its folder below redirects/, for instance cloudfront
	Target string `json:"target"` // old name of the field server, with the same value
	Reason string `json:"reason"` // the number, the limit and what to do
}

// Reload is a server that reads its redirects only when it is told to. They have changed, and there are no commands in
// after_change that would tell it.
type Reload struct {
	Server  string `json:"server"`  // name of the server and of its folder below redirects/, for instance nginx
	Title   string `json:"title"`   // its name for people, for instance Nginx
	Command string `json:"command"` // the shell command to run
}

// newReport returns the report on a catalogue before anything is written.
func newReport(p *project.Project, cat *supply.Catalogue) *Report {
	r := &Report{
		Source: p.Config.Source, App: cat.Run.App, Published: len(cat.Packages), Warnings: cat.Warnings,
	}
	if cat.Stored {
		r.Source = "catalogue"
	}
	for _, h := range cat.Held {
		r.Held = append(r.Held, Held(h))
	}
	for _, g := range catalog.GroupHeld(cat.Held) {
		r.HeldBack = append(r.HeldBack,
			HeldGroup{Count: len(g.Held), Field: g.Field, Reason: g.Reason, Hint: g.Hint, Example: g.Held[0].Value})
	}
	return r
}

// refused adds the reasons why the gate refused the packages.
func (r *Report) refused(err error) {
	if refused, ok := errors.AsType[*gate.RefusedError](err); ok {
		for _, refusal := range refused.Refusals {
			r.Refused = append(r.Refused, refusal.Problem)
		}
	}
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
	if n := len(p.Closed); n > 0 {
		r.Warnings = append(r.Warnings,
			fmt.Sprintf("%s: the web server could not read this folder; its mode is now 0755", p.Closed[0]))
		if n > 1 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%d more folders, too", n-1))
		}
	}
}

// reload adds the configured servers that have to read their redirects, now that a plan has changed some.
func (r *Report) reload(configured []string) {
	for _, s := range servers.All() {
		if d := s.Describe(); d.Reload != "" && slices.Contains(configured, s.Name()) {
			r.Reload = append(r.Reload, Reload{Server: s.Name(), Title: d.Title, Command: d.Reload})
		}
	}
}

// WriteJSON writes the report as one indented JSON object and a newline. Empty lists are [], never null.
func (r *Report) WriteJSON(w io.Writer) error {
	out := *r
	out.Refused, out.Held, out.HeldBack = listed(r.Refused), listed(r.Held), listed(r.HeldBack)
	out.Added, out.Changed = listed(r.Added), listed(r.Changed)
	out.Withdrawn, out.Returned = listed(r.Withdrawn), listed(r.Returned)
	out.Stopped, out.Reload, out.Warnings = listed(r.Stopped), listed(r.Reload), listed(r.Warnings)
	out.Phases = listed(r.Phases)
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
