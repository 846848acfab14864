package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/deploy/remote"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/project"
)

// Requirement is something that a deploy needs.
type Requirement struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Detail string `json:"detail"` // what was found, or what is wrong
	Next   string `json:"next"`   // what to do; "" for nothing
}

// Status is the result of a check.
type Status string

// The results.
const (
	OK        Status = "ok"
	Missing   Status = "missing"
	NotTried  Status = "not tried" // because something else is missing
	CheckThis Status = "check"     // it cannot be seen with the rights of a deploy
)

// probe is the name of the object and of the key that the checks write and delete. A deploy uses neither.
const probe = "deploy-probe"

// Requirements checks everything that a deploy needs, and the rights of the credentials one by one. It writes an object
// and a key that no visitor can see, and deletes them again. The error has the kind of the first requirement that is
// missing.
func Requirements(ctx context.Context, p *project.Project) ([]Requirement, error) {
	c := &checks{ctx: ctx, project: p}
	c.run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	missing := 0
	for _, r := range c.list {
		if r.Status == Missing {
			missing++
		}
	}
	if missing == 0 {
		return c.list, nil
	}
	return c.list, fault.Wrap(c.kind, fmt.Errorf("%d of %d requirements are missing", missing, len(c.list)), "")
}

// checks are the checks of Requirements.
type checks struct {
	ctx     context.Context
	project *project.Project
	list    []Requirement
	kind    fault.Kind // of the first requirement that is missing
}

// add adds the result of a check. found describes what was found, unless there is an error.
func (c *checks) add(name, found string, err error) (ok bool) {
	if err == nil {
		c.list = append(c.list, Requirement{Name: name, Status: OK, Detail: found})
		return true
	}
	if c.kind == fault.Unexpected {
		c.kind = fault.KindOf(err)
	}
	c.list = append(c.list, Requirement{name, Missing, err.Error(), strings.Join(fault.Hints(err), " ")})
	return false
}

// skip adds requirements that cannot be checked, because of one that is missing.
func (c *checks) skip(because string, names ...string) {
	for _, name := range names {
		c.list = append(c.list, Requirement{Name: name, Status: NotTried, Detail: "needs: " + because})
	}
}

// The names of the requirements that may be skipped.
const (
	bucketName  = "bucket"
	listName    = "list objects"
	writeName   = "write objects"
	readName    = "read objects"
	deleteName  = "delete objects"
	storeName   = "store"
	keyName     = "read keys"
	keysName    = "list keys"
	updateName  = "write keys"
	credentials = "credentials"
)

// run checks the requirements one after the other.
func (c *checks) run() {
	s, err := openSite(c.ctx, c.project)
	if err == nil {
		s.Close()
	}
	c.add("built site", c.project.Config.Out, err)
	bucket, store := c.options()
	client, err := remote.Connect(c.ctx, remote.Options{Attempts: 2})
	found := ""
	if err == nil {
		found = fmt.Sprintf("access key %s, region %s", client.Who, client.Region)
	}
	if !c.add(credentials, found, err) {
		c.skip(credentials, bucketName, listName, readName, writeName, deleteName, storeName, keyName, keysName,
			updateName)
	} else {
		if bucket {
			c.bucket(client.Bucket(c.project.Config.Deploy.Bucket))
		} else {
			c.skip("deploy.bucket", bucketName, listName, readName, writeName, deleteName)
		}
		if store {
			c.store(client.Store(c.project.Config.Deploy.Store))
		} else {
			c.skip("deploy.store", storeName, keyName, keysName, updateName)
		}
	}
	c.distribution()
}

// options checks the options that a deploy needs.
func (c *checks) options() (bucket, store bool) {
	p := &c.project.Config
	option := func(key, value, next string) bool {
		var err error
		if value == "" {
			err = fault.Wrap(fault.Usage, errors.New("not set"), next)
		}
		return c.add(key, fmt.Sprintf("%s (%s)", value, p.Origin(key)), err)
	}
	bucket = option("deploy.bucket", p.Deploy.Bucket, "Create a bucket for the site, and set deploy.bucket in "+p.File+
		" or SITEGEN_DEPLOY_BUCKET to its name.")
	store = option("deploy.store", p.Deploy.Store, "Create a key-value store in CloudFront, and set deploy.store in "+
		p.File+" or SITEGEN_DEPLOY_STORE to its ARN.")
	return bucket, store
}

// bucket tries all operations on the bucket. It deletes before it writes: without the right to delete, nothing is
// written that would remain.
func (c *checks) bucket(b *remote.Bucket) {
	const key = objects.Prefix + probe
	if !c.add(bucketName, c.project.Config.Deploy.Bucket, b.Exists(c.ctx)) {
		c.skip(bucketName, listName, readName, writeName, deleteName)
		return
	}
	err := b.List(c.ctx, key, func(live.Listed) error { return nil })
	c.add(listName, "allowed", err)
	_, err = b.Get(c.ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	c.add(readName, "allowed", err)
	deletable := b.Delete(c.ctx, []string{key})
	if deletable == nil {
		data := []byte(probe)
		err := b.Put(c.ctx, key, int64(len(data)), objects.Headers{"Content-Type": "text/plain"},
			func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
		c.add(writeName, "allowed", err)
		if err == nil {
			deletable = b.Delete(c.ctx, []string{key})
		}
	} else {
		c.skip(deleteName, writeName)
	}
	c.add(deleteName, "allowed", deletable)
}

// store tries all operations on the key-value store.
func (c *checks) store(s *remote.Store) {
	v, err := s.Describe(c.ctx)
	if !c.add(storeName, fmt.Sprintf("%d bytes used", v.Size), err) {
		c.skip(storeName, keyName, keysName, updateName)
		return
	}
	_, err = s.Get(c.ctx, probe)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	c.add(keyName, "allowed", err)
	c.add(keysName, "allowed", s.TryList(c.ctx))
	c.add(updateName, "allowed", c.update(s))
}

// update puts a key and deletes it. It tries again if another deploy writes to the store at the same time.
func (c *checks) update(s live.Store) error {
	for _, change := range []live.Change{{Key: probe, Value: probe}, {Key: probe, Delete: true}} {
		for attempt := 1; ; attempt++ {
			v, err := s.Describe(c.ctx)
			if err == nil {
				_, err = s.Update(c.ctx, v.ETag, []live.Change{change})
			}
			if err == nil {
				break
			}
			if !errors.Is(err, live.ErrConflict) || attempt == 10 {
				return err
			}
			if err := sleep(c.ctx, time.Duration(attempt)*100*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// distribution says what to check that the rights of a deploy do not show.
func (c *checks) distribution() {
	check := func(name, next string) {
		c.list = append(c.list, Requirement{name, CheckThis, "cannot be seen from here", next})
	}
	check("distribution", "The default behaviour of the distribution must have the bucket as its origin, and the "+
		"function as its function for viewer requests.")
	check("function", "The code of the function must be that of redirects/cloudfront/function.js, with the "+
		"key-value store associated.")
	for _, h := range c.project.Config.Deploy.Hosts {
		check("host "+h.Host, fmt.Sprintf("The edition %s is seen at %s, which must be an alternate domain name of "+
			"the distribution.", h.Edition, h.Host))
	}
}
