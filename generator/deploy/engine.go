package deploy

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/remote"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
)

// account is a project with the client for the AWS account that its site is deployed to.
type account struct {
	project *project.Project
	client  *remote.Client
}

// requests returns the requests that were sent so far.
func (a *account) requests() Requests {
	u := a.client.Usage
	return Requests{Reads: u.Reads.Load(), Writes: u.Writes.Load(), Deletes: u.Deletes.Load(), Store: u.Keys.Load()}
}

// engine is a project with the bucket and the key-value store that its site is deployed to.
type engine struct {
	account
	live *live.Live
}

// open connects to the bucket and the key-value store of a project. It sends no requests to them.
func open(ctx context.Context, p *project.Project) (*engine, error) {
	c := &p.Config.Deploy
	if err := missing(&p.Config); err != nil {
		return nil, err
	}
	client, err := remote.Connect(ctx, remote.Options{})
	if err != nil {
		return nil, err
	}
	return &engine{account{p, client}, &live.Live{
		Bucket: client.Bucket(c.Bucket), Place: c.Bucket, Store: client.Store(c.Store),
		RootKey: rootKey, IsNode: cloudfront.IsNode, AddPaths: addPaths, MaxSize: cloudfront.MaxStore,
		Jobs: c.Uploads, Now: p.Now, Sleep: sleep, Random: random, Log: p.Log,
	}}, nil
}

// openHistory is open for a command that works with the records of deploys.
func openHistory(ctx context.Context, p *project.Project, command string) (*engine, error) {
	if p.Config.Deploy.Target == config.S3Website {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: sitegen deploy %s cannot be used with deploy.target %s",
			p.Config.Origin("deploy.target"), command, config.S3Website), "An S3 website has neither editions nor a "+
			"history. To go back, build the earlier state of the site, and run sitegen deploy.")
	}
	return open(ctx, p)
}

// missing returns an error that lists the options without which nothing can be deployed.
func missing(c *config.Config) error {
	var errs []error
	for _, o := range []struct {
		key, value, what string
		needed           bool
	}{
		{"deploy.bucket", c.Deploy.Bucket, "the name of the bucket", true},
		{"deploy.store", c.Deploy.Store, "the ARN of the key-value store", c.Deploy.Target == config.CloudFront},
	} {
		if o.needed && o.value == "" {
			errs = append(errs, fmt.Errorf("%s: %s (%s) is missing", c.File, o.key, o.what))
		}
	}
	return fault.Wrap(fault.Usage, errors.Join(errs...),
		"Set what is missing there or in the environment. sitegen deploy init lists everything that a deploy needs.")
}

// edition returns the name of an edition as package cloudfront uses it.
func edition(name string) string {
	if name == live.Production {
		return ""
	}
	return name
}

func rootKey(name string) string { return cloudfront.RootKey(edition(name)) }

// addPaths returns a tree that also serves the objects with the given keys, by path.
func addPaths(t live.Tree, keys map[string]string) (live.Tree, error) {
	root, nodes, err := cloudfront.AddPaths(t.Root, t.Nodes, absolute(keys))
	return live.Tree{Root: root, Nodes: nodes}, err
}

// absolute returns keys by path with a slash at the start of each path.
func absolute(keys map[string]string) map[string]string {
	paths := make(map[string]string, len(keys))
	for path, key := range keys {
		paths["/"+path] = key
	}
	return paths
}

// random returns eight random hex digits.
func random() string {
	b := make([]byte, 4)
	_, _ = rand.Read(b) // never returns an error
	return hex.EncodeToString(b)
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
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

// keep returns which deploys are kept.
func (e *engine) keep() live.Keep {
	c := &e.project.Config.Deploy
	return live.Keep{Deploys: c.Keep, Grace: grace, MaxDeletes: c.MaxDeletes}
}

// by returns the user and the host that deploy, for people who read the list of deploys.
func by() string {
	name := cmp.Or(os.Getenv("USER"), "unknown")
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return name + "@" + host
}

// warnOfHosts warns of an edition that cannot be seen, because no host leads to it.
func (e *engine) warnOfHosts(name string) {
	c := &e.project.Config.Deploy
	if name != live.Production &&
		!slices.ContainsFunc(c.Hosts, func(h config.EditionHost) bool { return h.Edition == name }) {
		e.project.Log.Warn(fmt.Sprintf("edition %s is not visible: deploy.hosts has no host for it", name))
	}
}
