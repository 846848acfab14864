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
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
)

// engine is a project with the bucket and the key-value store that its site is deployed to.
type engine struct {
	project *project.Project
	client  *remote.Client
	live    *live.Live
}

// open connects to the bucket and the key-value store of a project. It sends no requests to them.
func open(ctx context.Context, p *project.Project) (*engine, error) {
	c := &p.Config.Deploy
	if err := checkConfig(&p.Config); err != nil {
		return nil, err
	}
	client, err := remote.Connect(ctx, remote.Options{})
	if err != nil {
		return nil, err
	}
	return &engine{project: p, client: client, live: &live.Live{
		Bucket: client.Bucket(c.Bucket), Store: client.Store(c.Store),
		RootKey: rootKey, IsNode: isNode, MaxSize: cloudfront.MaxStore,
		Jobs: c.Uploads, Now: p.Now, Sleep: sleep, Random: random, Log: p.Log,
	}}, nil
}

// checkConfig returns an error that lists the options without which nothing can be deployed.
func checkConfig(c *config.Config) error {
	var errs []error
	for _, o := range []struct{ key, value, what string }{
		{"deploy.bucket", c.Deploy.Bucket, "the name of the bucket"},
		{"deploy.store", c.Deploy.Store, "the ARN of the key-value store"},
	} {
		if o.value == "" {
			errs = append(errs, fmt.Errorf("%s: %s (%s) is missing", c.File, o.key, o.what))
		}
	}
	return fault.Wrap(fault.Usage, errors.Join(errs...),
		"Set them there or in the environment. sitegen deploy init lists everything that a deploy needs.")
}

// edition returns the name of an edition as package cloudfront uses it.
func edition(name string) string {
	if name == live.Production {
		return ""
	}
	return name
}

func rootKey(name string) string { return cloudfront.RootKey(edition(name)) }

func isNode(key string) bool { return len(cloudfront.Unused(map[string]string{key: ""})) > 0 }

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
func (e *engine) warnOfHosts() {
	c := &e.project.Config.Deploy
	if c.Edition != live.Production &&
		!slices.ContainsFunc(c.Hosts, func(h config.EditionHost) bool { return h.Edition == c.Edition }) {
		e.project.Log.Warn(fmt.Sprintf("edition %s is not visible: deploy.hosts has no host for it", c.Edition))
	}
}

// requests returns the requests that were sent so far.
func (e *engine) requests() Requests {
	u := e.client.Usage
	return Requests{Reads: u.Reads.Load(), Writes: u.Writes.Load(), Deletes: u.Deletes.Load(), Store: u.Keys.Load()}
}
