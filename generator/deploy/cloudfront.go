package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
)

// cloudFront is a deploy to CloudFront.
type cloudFront struct {
	*engine
	site    *live.Site
	damage  *live.Damage // what verify has found and not mended; nil without it
	planned *live.Plan
}

// read implements target.
func (c *cloudFront) read(ctx context.Context, s *site, program string) error {
	folder, files, err := s.files(ctx)
	if err != nil {
		return err
	}
	table, facts, err := s.table(ctx, files)
	if err != nil {
		return err
	}
	shared, err := c.shared()
	if err != nil {
		return err
	}
	facts.By, facts.Program = by(), program
	c.site = &live.Site{
		Objects: files, Content: folder.Content, Shared: shared, Facts: *facts,
		Compile: func(keys map[string]string) (live.Tree, error) {
			tree, findings, err := c.compile(table, keys)
			s.warnings = findings
			return tree, err
		},
	}
	return nil
}

// compile compiles the redirects, and the paths of files to the keys of their objects, into a tree.
func (c *cloudFront) compile(t *redirect.Table, keys map[string]string) (live.Tree, fault.Findings, error) {
	options := &c.project.Config
	o := cloudfront.Options{Objects: absolute(keys), Edition: edition(options.Deploy.Edition)}
	if len(options.Deploy.Hosts) > 0 {
		u, err := url.Parse(options.BaseURL)
		if err != nil {
			return live.Tree{}, nil, fmt.Errorf("parse base_url: %w", err)
		}
		o.Host = u.Hostname()
	}
	store, compiled := cloudfront.Compile(t, o)
	warnings, err := redirect.Split(compiled.Findings)
	if err != nil {
		return live.Tree{}, warnings, fault.Wrap(fault.Limit, err, "Visitors still see the previous deploy.")
	}
	return live.Tree{Root: store.Root, Nodes: store.Nodes, Objects: store.Objects}, warnings, nil
}

// shared returns the keys of the store that all editions share: the table of hosts.
func (c *cloudFront) shared() ([]live.Change, error) {
	hosts := map[string]string{}
	for _, h := range c.project.Config.Deploy.Hosts {
		hosts[h.Host] = edition(h.Edition)
	}
	if len(hosts) == 0 {
		return nil, nil
	}
	value, err := cloudfront.HostsTable(hosts)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: %w", c.project.Config.Origin("deploy.hosts"), err), "")
	}
	return []live.Change{{Key: cloudfront.HostsKey, Value: value}}, nil
}

// verify implements target: it compares the bucket and the store with the record of the live deploy, and puts back what
// is missing. The damage that remains is for the deploy to repair, with the objects and nodes that no record names. A
// dry run only counts the requests, and goes on as if it had put everything back.
func (c *cloudFront) verify(ctx context.Context, r *Report) error {
	task := c.project.Terminal.Start("comparing", 0, progress.Nothing)
	defer task.End()
	record, damage, err := c.live.Verify(ctx, c.project.Config.Deploy.Edition, grace)
	if errors.Is(err, fs.ErrNotExist) {
		c.project.Log.Warn(err.Error() + "; the site is deployed again")
		c.damage, r.Damage = &live.Damage{Root: true}, &Damage{Objects: 1}
		return nil
	}
	if err != nil {
		return err
	}
	c.damage = damage
	r.damage(damage)
	if !damage.Any() {
		return nil
	}
	mend, err := c.live.PlanMend(record, damage, c.site)
	if err == nil && !r.DryRun {
		err = c.live.Mend(ctx, mend)
	}
	if gone, ok := errors.AsType[*live.GoneError](err); ok {
		c.project.Log.Warn(fmt.Sprintf("%s; they are not part of the built site, which is deployed instead", gone))
		return nil
	}
	if err != nil {
		return err
	}
	if r.DryRun {
		r.Requests.add(uploads(mend), 1)
		r.Requests.Store += int64(mend.MendCalls())
	}
	c.damage = &live.Damage{Orphans: damage.Orphans, Loose: damage.Loose}
	return nil
}

// plan implements target.
func (c *cloudFront) plan(ctx context.Context, r *Report) (err error) {
	r.Edition = c.project.Config.Deploy.Edition
	if c.planned, err = c.live.Plan(ctx, r.Edition, c.site, c.damage); err != nil {
		return err
	}
	production, hosts := c.planned.Production, c.project.Config.Deploy.Hosts
	if production != nil && len(hosts) > 0 && !cloudfront.HasEditions(production.Root) {
		c.project.Log.Warn(fmt.Sprintf("edition %s is not visible yet: production was deployed without deploy.hosts, "+
			"so all hosts show production; run sitegen deploy once for production", r.Edition))
	}
	r.plan(c.planned)
	r.Files.Total = len(c.site.Objects)
	return nil
}

// expect implements target.
func (c *cloudFront) expect(ctx context.Context, r *Report) error {
	if c.planned.Unchanged && c.damage == nil {
		return nil
	}
	before, bases := c.requests(), c.live.Bases()
	removed, err := c.live.PlanCollection(ctx, c.keep(), c.damage, c.planned.Record)
	if err != nil {
		return err
	}
	r.collect(removed)
	r.Requests.add(planned(c.planned), 1)
	if !removed.Empty() {
		// A collection reads the version and the lease of the store, takes the lease, and plans again. It does not read
		// again the bases of the records.
		r.Requests.Store += 3 + int64(len(removed.Nodes)/cloudfront.MaxUpdate+1)
		r.Requests.Deletes += int64((len(removed.Objects)+999)/1000 + (len(removed.Records)+999)/1000)
		r.Requests.add(c.requests(), 1)
		r.Requests.add(before, -1)
		r.Requests.Reads -= int64(c.live.Bases() - bases)
		if !c.planned.Unchanged { // both read the new record, and the first one its base
			r.Requests.Reads += 2
			if c.planned.BaseSize() > 0 {
				r.Requests.Reads++
			}
		}
	}
	return nil
}

// apply implements target. After the site is live, it removes what no deploy needs any more.
func (c *cloudFront) apply(ctx context.Context, r *Report) error {
	if err := c.engine.apply(ctx, c.planned); err != nil {
		return err
	}
	if c.planned.Unchanged && c.damage == nil {
		return nil
	}
	return c.collect(ctx, r)
}

// collect removes what no deploy needs any more. The new site is live already, so an error of the services is only
// reported as a warning: the next deploy tries again.
func (c *cloudFront) collect(ctx context.Context, r *Report) error {
	task := c.project.Terminal.Start("removing old objects", 0, progress.Nothing)
	defer task.End()
	removed, err := c.live.Collect(ctx, r.Deploy, c.keep(), c.damage)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the site is live, but old objects were not removed: %w", ctx.Err())
	case errors.Is(err, live.ErrConflict), errors.Is(err, fs.ErrNotExist):
		return nil // another deploy writes to the store, or collects at the same time; the next one goes on
	case err != nil:
		c.project.Log.Warn("the site is live, but old objects were not removed: " + err.Error())
		return nil
	}
	r.collect(removed)
	return nil
}
