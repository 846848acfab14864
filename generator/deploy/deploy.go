// Package deploy makes a built site live on CloudFront. Run is one deploy from top to bottom:
//
//	output      locks public/ and checks that it is what the last build wrote
//	objects     reads the files of public/: their hashes are the keys of the objects in the bucket
//	project     compiles the redirect table again, from the stored packages and the rules
//	cloudfront  compiles the table and the paths of the files into a tree of keys and values
//	live        compares with what is live; uploads what is missing, and switches in one write
//
// A deploy does not build: it publishes what sitegen build has written, and refuses to run if packages, rules or files
// of public/ have changed since. Deploys leave records in the bucket; List, Show, Rollback and Promote work with them
// and need no built site.
package deploy

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/project"
)

// Options are the inputs of a run besides its project.
type Options struct {
	Program string // version of sitegen, for the record of the deploy
	DryRun  bool   // plan, but change nothing
	Verify  bool   // compare everything that is stored with the records, and put back what is missing
}

// grace is the time after which a deploy that was replaced, with everything that only it needs, may be removed.
const grace = 24 * time.Hour

// Run deploys the site of a project.
func Run(ctx context.Context, p *project.Project, o Options) (*Report, error) {
	start := p.Now()
	e, err := open(ctx, p)
	if err != nil {
		return nil, err
	}
	e.warnOfHosts()
	s, err := openSite(ctx, p)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	site, err := s.read(ctx, o.Program)
	if err != nil {
		return nil, err
	}
	r := &Report{Edition: p.Config.Deploy.Edition, DryRun: o.DryRun}
	defer r.end(e, start)
	var damage *live.Damage
	if o.Verify {
		if damage, err = e.verify(ctx, site, o.DryRun, r); err != nil {
			return nil, explain(err)
		}
	}
	plan, err := e.live.Plan(ctx, r.Edition, site, damage)
	if err != nil {
		return nil, explain(err)
	}
	r.plan(plan)
	r.Files.Total = len(site.Objects)
	if !plan.Unchanged {
		s.warn()
	}
	if o.DryRun {
		return r, explain(e.expect(ctx, plan, damage, r))
	}
	if err := e.apply(ctx, plan); err != nil {
		return nil, explain(err)
	}
	if plan.Unchanged && damage == nil {
		return r, nil
	}
	return r, e.collect(ctx, damage, r)
}

// apply carries out a plan and shows the progress.
func (e *engine) apply(ctx context.Context, plan *live.Plan) error {
	if plan.Unchanged {
		return nil
	}
	task := e.project.Terminal.Start("uploading", plan.Bytes(), progress.Bytes)
	defer task.End()
	e.live.Progress = task.Add
	return e.live.Apply(ctx, plan)
}

// collect removes what no deploy needs any more. The new site is live already, so an error of the services is only
// reported as a warning: the next deploy tries again.
func (e *engine) collect(ctx context.Context, damage *live.Damage, r *Report) error {
	task := e.project.Terminal.Start("removing old objects", 0, progress.Nothing)
	defer task.End()
	c, err := e.live.Collect(ctx, r.Deploy, e.keep(), damage)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, live.ErrConflict), errors.Is(err, fs.ErrNotExist):
		return nil // another deploy writes to the store, or collects at the same time; the next one goes on
	case err != nil:
		e.project.Log.Warn("the site is live, but old objects were not removed: " + err.Error())
		return nil
	}
	r.collect(c)
	return nil
}
