package deploy

import (
	"context"
	"errors"
	"time"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect"
)

// Deploy describes a deploy that has a record. docs/deploy.md documents its JSON form field by field.
type Deploy struct {
	ID         string    `json:"id"`
	Edition    string    `json:"edition"`
	Time       time.Time `json:"time"`
	Live       bool      `json:"live"`
	Unfinished bool      `json:"unfinished"` // it is not live and never was: it was cut off, or is still running
	Damaged    bool      `json:"damaged"`    // its record is incomplete: a rollback cannot return to it
	Of         string    `json:"of"`         // id of the deploy that it made live again; "" for others
	By         string    `json:"by"`         // user and host
	Program    string    `json:"program"`    // version of sitegen
	Newest     string    `json:"newest"`     // name of the newest package
	Packages   int       `json:"packages"`
	Rules      int       `json:"rules"`
	Files      int       `json:"files"`
	Bytes      int64     `json:"bytes"` // of all files
}

// List returns the deploys of a project, the newest first. If deploy.edition is configured, it returns those of that
// edition only.
func List(ctx context.Context, p *project.Project) ([]Deploy, error) {
	e, err := openHistory(ctx, p, "list")
	if err != nil {
		return nil, err
	}
	only := ""
	if p.Config.Origin("deploy.edition").Level > config.Default {
		only = p.Config.Deploy.Edition
	}
	entries, err := e.live.List(ctx, only)
	if err != nil {
		return nil, explain(err)
	}
	list := make([]Deploy, len(entries))
	for i, d := range entries {
		list[i] = Deploy{
			ID: d.ID, Edition: d.Edition, Time: d.Time, Live: d.Live, Unfinished: d.Unfinished, Damaged: d.Damaged,
			Of: d.Of, By: d.By, Program: d.Program, Newest: d.Newest, Packages: d.Packages, Rules: d.Rules,
			Files: d.Files, Bytes: d.Bytes,
		}
	}
	return list, nil
}

// Description describes what a deploy changed. docs/deploy.md documents its JSON form field by field.
type Description struct {
	Deploy
	Previous  string    `json:"previous"` // id of the deploy before; "" for the first, or if its record was removed
	Changes   Files     `json:"changes"`  // files that differ from the deploy before
	Redirects Redirects `json:"redirects"`
}

// Redirects lists the packages and rules that differ from the deploy before.
type Redirects struct {
	Summary string   `json:"summary"` // in one line
	Added   []string `json:"added"`   // packages and rules
	Removed []string `json:"removed"` // one that was changed is in both lists
}

// Show describes a deploy, and what it changed. Its id may be abbreviated.
func Show(ctx context.Context, p *project.Project, id string) (*Description, error) {
	e, err := openHistory(ctx, p, "show")
	if err != nil {
		return nil, err
	}
	if id, err = e.live.Resolve(ctx, id); err != nil {
		return nil, explain(err)
	}
	r, err := e.live.Record(ctx, id)
	if err != nil {
		return nil, explain(err)
	}
	state, err := e.live.State(ctx, r.Edition)
	if err != nil {
		return nil, explain(err)
	}
	wasLive, err := e.live.WasLive(ctx, r, state.ID)
	if err != nil {
		return nil, explain(err)
	}
	d := &Description{Deploy: Deploy{
		ID: r.ID, Edition: r.Edition, Time: r.Time, Live: r.ID == state.ID, Unfinished: !wasLive, Of: r.Of,
		By: r.By, Program: r.Program, Newest: r.Newest, Packages: r.Packages, Rules: r.Rules, Files: len(r.Files),
	}}
	for _, f := range r.Files {
		d.Bytes += f.Size
	}
	before := &live.Record{}
	if r.Previous != "" {
		found, err := e.live.Record(ctx, r.Previous)
		_, gone := errors.AsType[*live.NoRecordError](err)
		switch {
		case err == nil:
			before = found
		case !gone:
			return nil, explain(err)
		}
	}
	d.Previous = before.ID
	d.Changes = compareFiles(before, r)
	d.Redirects.Summary = redirect.Diff([]byte(before.Contents), []byte(r.Contents))
	d.Redirects.Added, d.Redirects.Removed = redirect.Changes([]byte(before.Contents), []byte(r.Contents))
	return d, nil
}

// Rollback makes an earlier deploy live again in the edition of a project. Its id may be abbreviated. Without an id, it
// is the one before the live one that had another site.
func Rollback(ctx context.Context, p *project.Project, id string, o Options) (*Report, error) {
	return again(ctx, p, o, "rollback", p.Config.Deploy.Edition, func(l *live.Live) (string, error) {
		if id != "" {
			return l.Resolve(ctx, id)
		}
		return l.Earlier(ctx, p.Config.Deploy.Edition)
	})
}

// Promote makes the deploy that is live in one edition live in another one, too.
func Promote(ctx context.Context, p *project.Project, from, to string, o Options) (*Report, error) {
	return again(ctx, p, o, "promote", to, func(l *live.Live) (string, error) {
		s, err := l.State(ctx, from)
		if err == nil && s.ID == "" {
			err = &live.NoEditionError{Command: "promote", Edition: from}
		}
		return s.ID, err
	})
}

// again makes the deploy that choose returns live in an edition. It uploads nothing, and needs no built site.
func again(ctx context.Context, p *project.Project, o Options, command, edition string,
	choose func(*live.Live) (id string, err error)) (*Report, error) {
	start := p.Now()
	e, err := openHistory(ctx, p, command)
	if err != nil {
		return nil, err
	}
	e.warnOfHosts(edition)
	id, err := choose(e.live)
	if err != nil {
		return nil, explain(err)
	}
	plan, err := e.live.PlanAgain(ctx, edition, id, live.Facts{By: by(), Program: o.Program})
	if err != nil {
		return nil, explain(err)
	}
	r := &Report{Target: p.Config.Deploy.Target, Edition: edition, DryRun: o.DryRun, Warnings: []string{}}
	r.plan(plan)
	if o.DryRun {
		// What would stop the rollback, stops the dry run, too. These requests are sent, so they are not planned.
		if err := e.live.Check(ctx, plan); err != nil {
			return nil, explain(err)
		}
		r.Requests = planned(plan)
		r.Requests.Reads -= int64(plan.Checks())
	} else if err := e.apply(ctx, plan); err != nil {
		return nil, explain(err)
	}
	r.end(e.requests(), p.Now().Sub(start))
	return r, nil
}
