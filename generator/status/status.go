// Package status describes the state of a site for people and monitors: how the last runs ended, what is published, and
// which run is going on. It only reads, and contacts no server:
//
//	s, err := status.Read(ctx, p)
//	s.Commands[0].Good.At      // the last good build
//
// Package doctor looks for faults and how to mend them; status is what a monitor asks every minute.
package status

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/Slicer/sitegen/generator/backup"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/runs"
	"github.com/Slicer/sitegen/generator/stats"
)

// Status is the state of a site. docs/operations.md documents its JSON form, the output of sitegen status --json.
type Status struct {
	Site     string    `json:"site"` // name of the site
	BaseURL  string    `json:"base_url"`
	At       time.Time `json:"at"` // when the state was read
	Commands []Command `json:"commands"`
	Running  []Running `json:"running"`
	Packages *Packages `json:"packages"` // null before the first build
}

// Command describes the runs of a command.
type Command struct {
	Name         string     `json:"name"`        // "build", "stats", "deploy" or "backup"
	Good         *runs.Run  `json:"good"`        // the last run with exit code 0; null if there was none
	Age          *float64   `json:"age_seconds"` // since the end of the last good run; null if there was none
	Last         *runs.Run  `json:"last"`        // the last run; null if there was none
	Failures     int        `json:"failures"`
	FailingSince *time.Time `json:"failing_since"` // null if the last run was good
}

// Running is a run that is going on.
type Running struct {
	What  string     `json:"what"`  // "build or deploy", "stats" or "backup"
	PID   int        `json:"pid"`   // 0 if unknown
	Since *time.Time `json:"since"` // null if unknown
}

// Packages describes what the last build that changed something has published.
type Packages struct {
	Published int       `json:"published"`
	Held      int       `json:"held_back"`
	Withdrawn int       `json:"withdrawn"`
	Changed   time.Time `json:"changed"` // time of that build
	Newest    *Package  `json:"newest"`  // null if there is none
	Reasons   []Reason  `json:"held_back_reasons"`
}

// Package names a package.
type Package struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Version  string `json:"version"`
	Revision int    `json:"revision"`
	Built    string `json:"build_date"`
}

// Reason is why records are held back.
type Reason struct {
	Count  int    `json:"count"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Read returns the state of a site. If a part of it cannot be read, Read returns the others and an error.
func Read(ctx context.Context, p *project.Project) (*Status, error) {
	c := &p.Config
	s := &Status{Site: c.Name, BaseURL: c.BaseURL, At: p.Now().UTC().Truncate(time.Second), Running: []Running{}}
	ended, runsErr := runs.Read(c.Data)
	for _, name := range runs.Commands() {
		s.Commands = append(s.Commands, command(name, ended[name], s.At))
	}
	lockErr := s.running(c.Data)
	packages, packagesErr := readPackages(ctx, p)
	s.Packages = packages
	return s, errors.Join(runsErr, lockErr, packagesErr)
}

func command(name string, r *runs.Record, now time.Time) Command {
	if r == nil {
		return Command{Name: name}
	}
	c := Command{Name: name, Good: r.Good, Last: &r.Last, Failures: r.Failures}
	if r.Good != nil {
		age := max(0, now.Sub(r.Good.End())).Round(time.Second).Seconds() // now can be a time in whole seconds
		c.Age = &age
	}
	if r.Failures > 0 {
		c.FailingSince = &r.FailingSince
	}
	return c
}

// running adds the runs that hold the locks of a data folder.
func (s *Status) running(data string) error {
	holder, err := output.Running(data)
	if holder != nil {
		s.Running = append(s.Running, Running{What: "build or deploy", PID: holder.PID, Since: &holder.Since})
	}
	counting, countErr := stats.Running(data)
	if counting {
		s.Running = append(s.Running, Running{What: "stats"})
	}
	copying, copyErr := backup.Running(data)
	if copying {
		s.Running = append(s.Running, Running{What: "backup"})
	}
	return errors.Join(err, countErr, copyErr)
}

func readPackages(ctx context.Context, p *project.Project) (*Packages, error) {
	r, err := history.OpenReadOnly(ctx, p.HistoryFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	run, err := r.LastRun(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := r.All(ctx)
	if err != nil {
		return nil, err
	}
	held, err := r.Held(ctx)
	if err != nil {
		return nil, err
	}
	s := &Packages{Held: len(held), Changed: run.At, Reasons: []Reason{}}
	for _, e := range entries { // newest first
		if !e.Withdrawn.IsZero() {
			s.Withdrawn++
			continue
		}
		if s.Published++; s.Newest == nil {
			s.Newest = &Package{e.ID, e.Name, string(e.OS), string(e.Arch), e.Version, e.Revision, e.BuildDate}
		}
	}
	for _, g := range catalog.GroupHeld(held) {
		s.Reasons = append(s.Reasons, Reason{len(g.Held), g.Field, g.Reason})
	}
	return s, nil
}
