package deploy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/deploy/remote"
	"github.com/Slicer/sitegen/generator/deploy/website"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers/s3"
)

// s3Website is a deploy to the website endpoint of a bucket.
type s3Website struct {
	account
	web     *website.Website
	site    *website.Site
	damage  *website.Damage // what verify has found; nil without it
	planned *website.Plan
}

// openWebsite connects to the bucket of a project. It sends no requests to it.
func openWebsite(ctx context.Context, p *project.Project) (*s3Website, error) {
	c := &p.Config.Deploy
	if err := errors.Join(missing(&p.Config), unused(&p.Config), lacksServer(&p.Config)); err != nil {
		return nil, err
	}
	client, err := remote.Connect(ctx, remote.Options{})
	if err != nil {
		return nil, err
	}
	return &s3Website{account: account{p, client}, web: &website.Website{
		Bucket: client.Website(c.Bucket), Grace: grace, MaxDeletes: c.MaxDeletes, Jobs: c.Uploads,
		Now: p.Now, Sleep: sleep, Random: random, Log: p.Log,
	}}, nil
}

// unused returns an error that lists the options that are set, but have no meaning for an S3 website.
func unused(c *config.Config) error {
	var errs []error
	for _, key := range []string{"deploy.store", "deploy.edition", "deploy.hosts", "deploy.keep"} {
		if o := c.Origin(key); o.Level > config.Default {
			errs = append(errs, fmt.Errorf("%s: %s cannot be used with deploy.target s3-website", o, key))
		}
	}
	return fault.Wrap(fault.Usage, errors.Join(errs...),
		"An S3 website has neither editions nor a history. Remove the option, or use deploy.target cloudfront.")
}

// lacksServer returns an error if builds do not compile the redirects for S3.
func lacksServer(c *config.Config) error {
	if name := (s3.Server{}).Name(); !slices.Contains(c.Servers, name) {
		place := c.File
		if o := c.Origin("servers"); o.Level > config.Default {
			place = o.String()
		}
		return fault.Wrap(fault.Usage, fmt.Errorf("%s: servers must contain %s for deploy.target s3-website (found %q)",
			place, name, strings.Join(c.Servers, ", ")), "Add it, and run sitegen build.")
	}
	return nil
}

// compiled returns the folder of the redirects that the last build has compiled for S3.
func compiled(c *config.Config) (string, error) {
	dir := filepath.Join(c.Redirects, (s3.Server{}).Name())
	if _, err := os.Stat(dir); err != nil {
		return "", unbuilt(fmt.Errorf("%s: the last build has not compiled the redirects for S3", dir))
	}
	return dir, nil
}

// read implements target. It compiles the redirects again to make sure that what the build has compiled is complete:
// if they exceed a limit of S3, a build leaves the files of an earlier one.
func (w *s3Website) read(ctx context.Context, s *site, _ string) error {
	dir, err := compiled(&w.project.Config)
	if err != nil {
		return err
	}
	folder, files, err := s.files(ctx)
	if err != nil {
		return err
	}
	table, _, err := s.table(ctx, files)
	if err != nil {
		return err
	}
	if s.warnings, err = redirect.Split(s3.Server{}.Compile(table).Findings); err != nil {
		return fault.Wrap(fault.Limit, err, "Nothing was deployed. Publish fewer packages or rules.")
	}
	w.site, err = website.Read(ctx, folder, files, dir, cmp.Or(w.project.Config.Jobs, runtime.GOMAXPROCS(0)))
	return err
}

// verify implements target.
func (w *s3Website) verify(ctx context.Context, r *Report) (err error) {
	task := w.project.Terminal.Start("comparing", 0, progress.Nothing)
	defer task.End()
	if w.damage, err = w.web.Verify(ctx); err != nil {
		return err
	}
	d := w.damage
	r.Damage = &Damage{Objects: len(d.Missing) + len(d.Different), Configuration: d.Config}
	switch {
	case d.Manifest != nil: // without it, foreign objects look like those of the site
		w.project.Log.Warn(d.Manifest.Error() + "; the whole site is uploaded again")
		r.Damage.Objects++
	case d.Foreign > 0:
		w.project.Log.Info("the bucket has objects that sitegen has not stored; they stay", "objects", d.Foreign)
	}
	return nil
}

// plan implements target.
func (w *s3Website) plan(ctx context.Context, r *Report) (err error) {
	if w.planned, err = w.web.Plan(ctx, w.site, w.damage); err != nil {
		return err
	}
	p := w.planned
	r.Previous, r.Unchanged = p.Before, p.Unchanged
	switch {
	case p.Unchanged:
		r.Deploy = p.Before
	case !r.DryRun:
		r.Deploy = p.ID
	}
	r.Files.Total = len(w.site.Files) + len(w.site.Redirects)
	added, changed, removed := p.Changes()
	r.Files.Added, r.Files.Changed, r.Files.Removed = list(added), list(changed), list(removed)
	r.Objects = Objects{Uploaded: len(p.Upload), Bytes: p.Bytes(), Kept: p.Kept}
	r.Configuration = p.Config != nil
	r.Collected.Objects, r.Collected.Later = len(p.Delete), p.Later
	return nil
}

// list returns a list that is [] in JSON if it is empty.
func list(texts []string) []string { return append([]string{}, texts...) }

// expect implements target.
func (w *s3Website) expect(_ context.Context, r *Report) error {
	writes, deletes := w.planned.Requests()
	r.Requests.add(Requests{Writes: int64(writes), Deletes: int64(deletes)}, 1)
	for _, u := range w.planned.Upload {
		r.Requests.Writes += remote.PutRequests(u.Size)
	}
	return nil
}

// apply implements target.
func (w *s3Website) apply(ctx context.Context, _ *Report) error {
	if w.planned.Unchanged {
		return nil
	}
	task := w.project.Terminal.Start("uploading", w.planned.Bytes(), progress.Bytes)
	defer task.End()
	w.web.Progress = task.Add
	return w.web.Apply(ctx, w.planned)
}
