package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/deploy/remote"
	"github.com/Slicer/sitegen/generator/deploy/website"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
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
	NotTried  Status = "not tried" // because something else is missing, or another run is writing the site
	CheckThis Status = "check"     // it cannot be seen with the rights of a deploy
)

// probe is the name of the object and of the key that the checks write and delete. A deploy uses neither.
const probe = "deploy-probe"

// Requirements checks everything that a deploy needs, and the rights of the credentials one by one. It writes an object
// and, for CloudFront, a key that no page needs, and deletes them again. The error has the kind of the first
// requirement that is missing.
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
	verb := "are"
	if missing == 1 {
		verb = "is"
	}
	return c.list, fault.Wrap(c.kind, fmt.Errorf("%d of %d requirements %s missing", missing, len(c.list), verb), "")
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
	what := strings.ReplaceAll(err.Error(), "\n", "; ")
	c.list = append(c.list, Requirement{name, Missing, what, strings.Join(fault.Hints(err), " ")})
	return false
}

// skip adds requirements that cannot be checked, because of one that is missing.
func (c *checks) skip(because string, names ...string) {
	for _, name := range names {
		c.list = append(c.list, Requirement{Name: name, Status: NotTried, Detail: "needs: " + because})
	}
}

// The names of the requirements that may not be tried.
const (
	builtName       = "built site"
	credentials     = "credentials"
	bucketName      = "bucket"
	listName        = "list objects"
	readName        = "read objects"
	writeName       = "write objects"
	deleteName      = "delete objects"
	storeName       = "store"
	keyName         = "read keys"
	keysName        = "list keys"
	updateName      = "write keys"
	configName      = "read configuration"
	writeConfigName = "write configuration"
	blockName       = "public access"
	publicReadName  = "public objects"
	publicListName  = "public list"
)

// run checks the requirements one after the other.
func (c *checks) run() {
	c.builtSite()
	if c.project.Config.Deploy.Target == config.S3Website {
		c.s3Website()
	} else {
		c.cloudFront()
	}
}

// builtSite checks that the site is what the last build wrote.
func (c *checks) builtSite() {
	found := c.project.Config.Out
	s, err := readSite(c.ctx, c.project)
	if err == nil {
		if _, _, err = s.inputs(c.ctx); err == nil && len(s.edited) > 0 {
			found += "; edited since the last build: " + strings.Join(s.edited, ", ")
		}
		s.Close()
	}
	if err != nil {
		// If another run is going on, the error may be that of a site that is half written.
		if run, _ := output.Running(c.project.BuildOutput().Data); run != nil {
			found = fmt.Sprintf("another run (process %d) is writing it", run.PID)
			c.list = append(c.list, Requirement{Name: builtName, Status: NotTried, Detail: found})
			return
		}
	}
	c.add(builtName, found, err)
}

// cloudFront checks what a deploy to CloudFront needs.
func (c *checks) cloudFront() {
	d := &c.project.Config.Deploy
	bucket := c.bucketOption()
	store := c.option("deploy.store", d.Store, "Create a key-value store in CloudFront, and set deploy.store in "+
		c.project.Config.File+" or SITEGEN_DEPLOY_STORE to its ARN. docs/aws.md describes a template that creates the "+
		"store, the bucket and the distribution.")
	ofBucket := []string{bucketName, listName, readName, writeName, deleteName}
	ofStore := []string{storeName, keyName, keysName, updateName}
	switch client := c.connect(); {
	case client == nil:
		c.skip(credentials, slices.Concat(ofBucket, ofStore)...)
	default:
		if bucket {
			c.bucket(client.Bucket(d.Bucket), objects.Prefix+probe)
		} else {
			c.skip("deploy.bucket", ofBucket...)
		}
		if store {
			c.store(client.Store(d.Store))
		} else {
			c.skip("deploy.store", ofStore...)
		}
	}
	c.distribution()
}

// s3Website checks what a deploy to the website endpoint of a bucket needs.
func (c *checks) s3Website() {
	p := &c.project.Config
	c.add("deploy.target", fmt.Sprintf("%s (%s)", p.Deploy.Target, p.Origin("deploy.target")), unused(p))
	dir, err := "", lacksServer(p)
	if err == nil {
		dir, err = compiled(p)
	}
	c.add("server s3", dir, err)
	bucket := c.bucketOption()
	ofPolicy := []string{blockName, publicReadName, publicListName}
	ofBucket := append([]string{bucketName, listName, readName, writeName, deleteName, configName, writeConfigName},
		ofPolicy...)
	switch client := c.connect(); {
	case client == nil:
		c.skip(credentials, ofBucket...)
	case !bucket:
		c.skip("deploy.bucket", ofBucket...)
	default:
		w := client.Website(p.Deploy.Bucket)
		if c.bucket(w.Bucket, website.Reserved+probe) {
			c.configuration(w)
			c.public(w)
		} else {
			c.skip(bucketName, append([]string{configName, writeConfigName}, ofPolicy...)...)
		}
	}
}

// public checks whether visitors may read the bucket. A deploy does not need the rights to find that out, so without
// them the user has to look.
func (c *checks) public(w *remote.Website) {
	name := c.project.Config.Deploy.Bucket
	blocks, err := w.Blocks(c.ctx)
	next := `Turn off "Block public access" for policies: aws s3api delete-public-access-block --bucket ` + name
	switch {
	case err != nil:
		c.check(blockName, "cannot be seen from here: "+err.Error(), next)
	case len(blocks) > 0:
		c.add(blockName, "", fault.Wrap(fault.Remote, fmt.Errorf("blocked by %s", strings.Join(blocks, ", ")), next))
	default:
		c.add(blockName, "not blocked by the bucket", nil)
	}
	policy, err := w.Policy(c.ctx)
	var read, list website.Access
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	} else if err == nil {
		read, list, err = website.PublicAccess(policy, name)
	}
	for _, a := range []struct {
		name   string
		access website.Access
		next   string
	}{
		{publicReadName, read, "Allow everybody s3:GetObject on arn:aws:s3:::" + name +
			"/* in the policy of the bucket; " +
			"docs/deploy.md shows it."},
		{publicListName, list, "Allow everybody s3:ListBucket on arn:aws:s3:::" + name +
			" in the policy of the bucket: " +
			"without it, S3 answers 403 instead of 404, and patterns of rules.txt do not work."},
	} {
		switch {
		case err != nil:
			c.check(a.name, "cannot be seen from here: "+err.Error(), a.next)
		case a.access == website.Conditional:
			c.check(a.name, "depends on a condition in the policy of the bucket", a.next)
		case a.access == website.NotAllowed:
			c.add(a.name, "", fault.Wrap(fault.Remote, errors.New("not allowed by the policy of the bucket"), a.next))
		default:
			c.add(a.name, "allowed by the policy of the bucket", nil)
		}
	}
}

// check adds what the user has to look at.
func (c *checks) check(name, detail, next string) {
	c.list = append(c.list, Requirement{name, CheckThis, detail, next})
}

// connect checks the credentials and returns a client that has them, or nil.
func (c *checks) connect() *remote.Client {
	client, err := remote.Connect(c.ctx, remote.Options{Attempts: 2})
	found := ""
	if err == nil {
		found = fmt.Sprintf("access key %s, region %s", client.Who, client.Region)
	}
	if !c.add(credentials, found, err) {
		return nil
	}
	return client
}

// option checks that an option is set.
func (c *checks) option(key, value, next string) bool {
	var err error
	if value == "" {
		err = fault.Wrap(fault.Usage, errors.New("not set"), next)
	}
	return c.add(key, fmt.Sprintf("%s (%s)", value, c.project.Config.Origin(key)), err)
}

// bucketOption checks that deploy.bucket is set.
func (c *checks) bucketOption() bool {
	p := &c.project.Config
	return c.option("deploy.bucket", p.Deploy.Bucket, "Create a bucket for the site, and set deploy.bucket in "+p.File+
		" or SITEGEN_DEPLOY_BUCKET to its name.")
}

// bucket tries all operations on the bucket, with an object at a key. It deletes before it writes: without the right to
// delete, nothing is written that would remain. It reports whether there is such a bucket.
func (c *checks) bucket(b *remote.Bucket, key string) (exists bool) {
	if !c.add(bucketName, c.project.Config.Deploy.Bucket, b.Exists(c.ctx)) {
		c.skip(bucketName, listName, readName, writeName, deleteName)
		return false
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
	return true
}

// configuration tries the operations on the website configuration of a bucket. To try the right to write it, it writes
// what it has read: nothing changes. What it could not restore, it does not write.
func (c *checks) configuration(w *remote.Website) {
	found, err := w.Config(c.ctx)
	none := errors.Is(err, fs.ErrNotExist)
	switch {
	case none:
		c.add(configName, "allowed; the bucket has none yet", nil)
		c.check(writeConfigName, "cannot be tried without a change", "The first deploy writes the configuration. It "+
			"needs the permission s3:PutBucketWebsite.")
	case !c.add(configName, "allowed", err):
		c.skip(configName, writeConfigName)
	case found.IndexDocument.Suffix == "":
		c.check(writeConfigName, "the bucket redirects all requests to another host",
			"The next deploy replaces this configuration. It needs the permission s3:PutBucketWebsite.")
	default:
		c.add(writeConfigName, "allowed", w.SetConfig(c.ctx, found))
	}
}

// store tries all operations on the key-value store.
func (c *checks) store(s *remote.Store) {
	v, err := s.Describe(c.ctx)
	used := fmt.Sprintf("%s of %s bytes used", humanize.Comma(v.Size), humanize.Comma(cloudfront.MaxStore))
	if !c.add(storeName, used, err) {
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
	check := func(name, next string) { c.check(name, "cannot be seen from here", next) }
	check("distribution", "The default behaviour of the distribution must have the bucket as its origin, and the "+
		"function as its function for viewer requests.")
	check("function", "The code of the function must be that of redirects/cloudfront/function.js, with the "+
		"key-value store associated.")
	for _, h := range c.project.Config.Deploy.Hosts {
		check("host "+h.Host, fmt.Sprintf("The edition %s is seen at %s, which must be an alternate domain name of "+
			"the distribution.", h.Edition, h.Host))
	}
}
