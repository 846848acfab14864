package edge

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Slicer/sitegen/generator/deploy/live"
)

// age moves all deploys into the past, as if time had passed since.
func (c *cloud) age(by time.Duration) {
	c.t.Helper()
	const layout = "20060102T150405Z" // of the time at the start of an id
	older := func(id string) string {
		at, err := time.Parse(layout, id[:min(len(id), len(layout))])
		if err != nil {
			return id // ""
		}
		return at.Add(-by).Format(layout) + id[len(layout):]
	}
	for key := range c.objects("deploys/") {
		r := c.record(key)
		id := older(r.ID)
		for i := range r.Assets {
			r.Assets[i].Since = r.Assets[i].Since.Add(-by)
		}
		stored := c.stored(key)
		maps.Copy(stored, map[string]any{"id": id, "previous": older(r.Previous), "of": older(r.Of),
			"time": r.Time.Add(-by), "assets": r.Assets})
		var b bytes.Buffer
		zw := gzip.NewWriter(&b)
		if err := json.NewEncoder(zw).Encode(stored); err != nil {
			c.t.Fatal(err)
		}
		if err := zw.Close(); err != nil {
			c.t.Fatal(err)
		}
		if _, err := c.Client.PutObject(c.t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucketName),
			Key: aws.String(recordKey(id)), Body: bytes.NewReader(b.Bytes())}); err != nil {
			c.t.Fatal(err)
		}
		if _, err := c.Client.DeleteObject(c.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucketName),
			Key: &key}); err != nil {
			c.t.Fatal(err)
		}
	}
	s := c.state(live.Production)
	s.ID = older(s.ID)
	text, err := json.Marshal(s)
	if err != nil {
		c.t.Fatal(err)
	}
	c.store.Put("deploy:"+live.Production, string(text))
}

// stored returns the JSON of a record in the bucket.
func (c *cloud) stored(key string) (fields map[string]any) {
	c.t.Helper()
	data, err := objectReader{c: c}.Get(c.t.Context(), key)
	if err != nil {
		c.t.Fatal(err)
	}
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		c.t.Fatal(err)
	}
	if err := json.NewDecoder(zr).Decode(&fields); err != nil {
		c.t.Fatal(err)
	}
	return fields
}

// TestCollect checks that what no kept deploy needs is removed, but not too early and not too much at once, and that a
// collection that is killed or fails damages nothing.
func TestCollect(t *testing.T) {
	c := start(t)
	s := sample(t, "collect")
	change := func(i int) {
		t.Helper()
		f := map[string]string{}
		for page := range 6 {
			f[fmt.Sprintf("content/page-%d.md", page)] = fmt.Sprintf("---\ntitle: Page\n---\n\nText %d of %d\n", page, i)
		}
		s.write(t, f)
	}
	const deploys = 5
	for i := range deploys {
		change(i)
		r := c.must(s, "deploy", "--keep", "1", "--json").report()
		if r.Collected.Deploys+r.Collected.Objects+r.Collected.Keys > 0 {
			t.Errorf("deploy %d removed something that was in use less than a day ago: %+v", i, r.Collected)
		}
	}
	whole := func() {
		t.Helper()
		for file, data := range s.public(t) {
			if res, body := send(t, c.near.url, host, requestOf(file)); res.StatusCode != 200 || body != string(data) {
				t.Errorf("%s: status %d, or the content differs", file, res.StatusCode)
			}
		}
		if p := c.must(s, "deploy", "--verify", "--json"); p.report().Damage.Objects+p.report().Damage.Keys != 0 {
			t.Errorf("something is missing: %s", &p.stdout)
		}
	}
	c.age(48 * time.Hour)
	change(deploys)
	// Three deploys may go: each has six objects that no other has. The one that is replaced now was live until now.
	r := c.must(s, "deploy", "--keep", "1", "--max-deletes", "8", "--json").report()
	if r.Collected.Objects > 8 || r.Collected.Deploys == 0 {
		t.Errorf("removed %+v, want at most 8 objects", r.Collected)
	}
	whole()

	// Kill collections, and let them fail.
	for i := range 4 {
		n := 0
		c.age(48 * time.Hour)
		change(deploys + 1 + i)
		var p *process
		started := make(chan struct{})
		c.proxy.hooks(nil, func(r request, _ []byte) {
			if deletion := r.Query == "delete" || strings.HasPrefix(r.Query, "delete"); deletion {
				if n++; n == 1+i/2 {
					<-started
					p.cmd.Process.Kill()
				}
			}
		})
		p = c.begin(s, nil, "deploy", "--keep", "1")
		close(started)
		p.wait()
		c.proxy.wait()
		c.proxy.hooks(nil, nil)
		if p.code != -1 {
			t.Errorf("kill %d: exit code %d\n%s", i, p.code, &p.stderr)
		}
		if lease, ok := c.store.Get("deploy-lease"); !ok {
			t.Logf("kill %d: no lease remains", i)
		} else { // as if ten minutes had passed
			c.store.Put("deploy-lease", strings.ReplaceAll(lease, `"until":"2`, `"until":"1`))
		}
		whole()
	}

	c.age(48 * time.Hour)
	change(100)
	c.must(s, "deploy", "--keep", "1")
	c.age(48 * time.Hour)
	change(101)
	c.must(s, "deploy", "--keep", "1")
	whole()
	s.learn(t, c, host)
	c.must(s, "deploy", "--verify", "--keep", "1", "--json")
	if ids := c.objects("deploys/"); len(ids) > 2 {
		t.Errorf("%d records remain, want the live one and the one that it replaced: %v", len(ids), ids)
	}
	named := map[string]bool{}
	nodes := map[string]bool{}
	for key := range c.objects("deploys/") {
		r := c.record(key)
		if r.Base != nil {
			named[r.Base.Key] = true
		}
		for _, f := range r.Files {
			named[f.Key] = true
		}
		for _, a := range r.Assets {
			named[a.Key] = true
		}
		for key := range r.Nodes {
			nodes[key] = true
		}
	}
	for key := range c.objects("o/") {
		if !named[key] {
			t.Errorf("the object %s remains, but no record names it", key)
		}
	}
	for key := range c.store.Keys() {
		if !nodes[key] && !strings.HasPrefix(key, "root/") && !strings.HasPrefix(key, "hosts/") &&
			!strings.HasPrefix(key, "deploy:") {
			t.Errorf("the key %s remains, but no record names it", key)
		}
	}
}
