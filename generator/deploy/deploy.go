// Package deploy makes a built site live. Run is one deploy from top to bottom, to CloudFront:
//
//	output      locks public/ and checks that it is what the last build wrote
//	objects     reads the files of public/: their hashes are the keys of the objects in the bucket
//	project     compiles the redirect table again, from the stored packages and the rules
//	cloudfront  compiles the table and the paths of the files into a tree of keys and values
//	live        compares with what is live; uploads what is missing, and switches in one write
//
// or to the website endpoint of a bucket:
//
//	output, objects, project  as above
//	website                   reads what the build has compiled to redirects/s3, compares with its manifest in the
//	                          bucket, and stores what differs, each file at its own path
//
// A deploy does not build: it publishes what sitegen build has written, and refuses to run if packages, rules or files
// of public/ have changed since. Deploys to CloudFront leave records in the bucket; List, Show, Rollback and Promote
// work with them and need no built site.
package deploy

import (
	"context"
	"time"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/project"
)

// Options are the inputs of a run besides its project.
type Options struct {
	Program string // version of sitegen, for the record of the deploy
	DryRun  bool   // plan, but change nothing
	Verify  bool   // compare everything that is stored with the records, and put back what is missing
}

// grace is the time after which what the site no longer needs may be removed: a deploy that was replaced, with
// everything that only it needs, or a file of an S3 website.
const grace = 24 * time.Hour

// Run deploys the site of a project.
func Run(ctx context.Context, p *project.Project, o Options) (*Report, error) {
	start := p.Now()
	t, err := openTarget(ctx, p)
	if err != nil {
		return nil, err
	}
	s, err := openSite(ctx, p)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := t.read(ctx, s, o.Program); err != nil {
		return nil, err
	}
	r := &Report{Target: p.Config.Deploy.Target, DryRun: o.DryRun}
	if o.Verify {
		if err := t.verify(ctx, r); err != nil {
			return nil, explain(err)
		}
	}
	if err := t.plan(ctx, r); err != nil {
		return nil, explain(err)
	}
	s.warn(r)
	if o.DryRun {
		err = t.expect(ctx, r)
	} else {
		err = t.apply(ctx, r)
	}
	if err != nil {
		return nil, explain(err)
	}
	r.end(t.requests(), p.Now().Sub(start))
	return r, nil
}

// target is what a site is deployed to. Its methods are the steps of Run, in their order; each adds to the report what
// it finds and does.
type target interface {
	// read reads the site. program is the version of sitegen.
	read(ctx context.Context, s *site, program string) error
	// verify compares what is stored with what should be. Unless it is a dry run, it puts back what can be put back
	// without a deploy.
	verify(ctx context.Context, r *Report) error
	// plan plans the deploy.
	plan(ctx context.Context, r *Report) error
	// expect describes what apply would remove, and the requests that it would send.
	expect(ctx context.Context, r *Report) error
	// apply carries out the plan.
	apply(ctx context.Context, r *Report) error
	// requests returns the requests that were sent so far.
	requests() Requests
}

// openTarget connects to the target of a project. It sends no requests to it.
func openTarget(ctx context.Context, p *project.Project) (target, error) {
	if p.Config.Deploy.Target == config.S3Website {
		return openWebsite(ctx, p)
	}
	e, err := open(ctx, p)
	if err != nil {
		return nil, err
	}
	e.warnOfHosts(p.Config.Deploy.Edition)
	return &cloudFront{engine: e}, nil
}
