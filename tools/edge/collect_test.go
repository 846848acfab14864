package edge

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Slicer/sitegen/generator/deploy"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/testutil"
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
	for key := range c.store.Keys() {
		edition, ok := strings.CutPrefix(key, "deploy:")
		if !ok {
			continue
		}
		s := c.state(edition)
		s.ID = older(s.ID)
		text, err := json.Marshal(s)
		if err != nil {
			c.t.Fatal(err)
		}
		c.store.Put(key, string(text))
	}
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

// planned runs a dry run and then the deploy, which must do what the dry run has announced.
func (c *cloud) planned(s *site, args ...string) deploy.Report {
	c.t.Helper()
	planned := c.must(s, append(args, "--dry-run")...).report()
	r := c.must(s, args...).report()
	if planned.Collected != r.Collected || planned.Requests != r.Requests || planned.Objects != r.Objects {
		c.t.Errorf("planned %+v %+v\ndone %+v %+v", planned.Collected, planned.Requests, r.Collected, r.Requests)
	}
	return r
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
			f[fmt.Sprintf("content/page-%d.md", page)] = fmt.Sprintf("---\ntitle: Page\n---\n\nText %d of %d\n", page,
				i)
		}
		s.write(t, f)
	}
	const deploys = 5
	c.must(s, "deploy", "--edition", "staging") // its record stays, with a base of its own
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
	r := c.planned(s, "deploy", "--keep", "1", "--max-deletes", "8", "--json")
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
		if !c.expireLease() {
			t.Logf("kill %d: no lease remains", i)
		}
		whole()
	}

	c.age(48 * time.Hour)
	change(100)
	c.planned(s, "deploy", "--keep", "2", "--json") // what is kept depends on the deploy that is planned
	c.age(48 * time.Hour)
	change(101)
	c.must(s, "deploy", "--keep", "1")
	whole()
	s.learn(t, c, host)
	c.must(s, "deploy", "--verify", "--keep", "1", "--json")
	c.checkCollected()
}

// checkCollected checks that bucket and store have nothing besides what the deploy that is live and the one that it
// replaced need.
func (c *cloud) checkCollected() {
	c.t.Helper()
	ids := c.objects("deploys/")
	maps.DeleteFunc(ids, func(id, _ string) bool { return !strings.Contains(id, "-production-") })
	if len(ids) > 2 {
		c.t.Errorf("%d records remain, want the live one and the one that it replaced: %v", len(ids), ids)
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
			c.t.Errorf("the object %s remains, but no record names it", key)
		}
	}
	for key := range c.store.Keys() {
		if !nodes[key] && !strings.HasPrefix(key, "root/") && !strings.HasPrefix(key, "hosts/") &&
			!strings.HasPrefix(key, "deploy:") && key != "deploy-test" {
			c.t.Errorf("the key %s remains, but no record names it", key)
		}
	}
}

// expireLease lets the lease of a collection expire, as if ten minutes had passed. It reports whether there was one.
func (c *cloud) expireLease() bool {
	lease, ok := c.store.Get("deploy-lease")
	if ok {
		c.store.Put("deploy-lease", strings.ReplaceAll(lease, `"until":"2`, `"until":"1`))
	}
	return ok
}

// deletes reports whether the request is one with which a collection removes something: objects, records, or keys.
func (r request) deletes(body []byte) bool {
	return r.Query == "delete" || strings.HasPrefix(r.Query, "delete") ||
		r.Store && r.Method == "POST" && bytes.Contains(body, []byte(`"Deletes":[{`))
}

// testCollections kills collections, lets them fail, and starts other deploys while they run. Visitors ask meanwhile. A
// deploy is a day older than the next one, so each collection removes what only earlier deploys needed.
func testCollections(t *testing.T, sites []*site) {
	c := start(t)
	c.deploy(sites[0])
	stop := c.visit(4, sites[0])
	random := rand.New(rand.NewPCG(41, 42))
	kills, warnings, races, deletions := 0, 0, 0, 0
	for i := range testutil.Amount(60, 9) {
		c.age(48 * time.Hour)
		others := c.others(sites)
		random.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		next, other := others[0], others[1]
		var mu sync.Mutex
		switched, after := false, 0 // whether the site is live, and the number of requests since
		var p *process
		// collecting calls act with each request after that which made the site live.
		collecting := func(act func(n int, deletes bool)) func(request, []byte) {
			return func(r request, body []byte) {
				mu.Lock()
				defer mu.Unlock()
				if switched && r.App != "second" {
					deletes := r.deletes(body)
					if deletes {
						deletions++
					}
					act(after, deletes)
					after++
				}
				switched = switched || r.flip(body)
			}
		}
		var second *process
		switch i % 3 {
		case 0: // kill it, half of the time when it removes something
			at, removal := random.IntN(16), random.IntN(2) == 0
			n := random.IntN(3)
			hook := collecting(func(i int, deletes bool) {
				if !removal && i == at || removal && deletes && n == 0 {
					p.cmd.Process.Kill()
				}
				if deletes {
					n--
				}
			})
			if random.IntN(2) == 0 {
				c.proxy.hooks(hook, nil)
			} else {
				c.proxy.hooks(nil, hook)
			}
		case 1: // let requests fail
			rate := []float64{0.1, 0.3, 0.6}[random.IntN(3)]
			c.proxy.hooks(nil, collecting(func(i int, _ bool) {
				if i == 0 {
					c.proxy.fail(rate, uint64(random.Int()))
				}
			}))
		case 2: // deploy another site while it removes something
			held := make(chan struct{})
			c.proxy.hooks(collecting(func(_ int, deletes bool) {
				if deletes && second == nil {
					c.timeline.begin(other)
					second = c.begin(other, []string{"AWS_SDK_UA_APP_ID=second"}, "--keep", "1", "deploy")
					go func() { time.Sleep(300 * time.Millisecond); close(held) }()
				}
				if second != nil {
					<-held
				}
			}), nil)
		}
		c.timeline.begin(next)
		mu.Lock()
		p = c.begin(next, []string{fmt.Sprintf("AWS_MAX_ATTEMPTS=%d", 1+random.IntN(4))}, "--keep", "1", "deploy")
		mu.Unlock()
		p.wait()
		want := next
		if second != nil {
			races++
			if second.wait(); second.code != 0 {
				t.Errorf("deploy %d: the second deployer ended with exit code %d\n%s", i, second.code, &second.stderr)
			}
			want = other
		}
		c.settle()
		c.proxy.hooks(nil, nil)
		c.proxy.fail(0, 0)
		switch got := c.state(live.Production).Site; {
		case p.code == -1 && i%3 == 0:
			kills++
		case p.code != 0:
			t.Errorf("deploy %d: exit code %d\n%s", i, p.code, &p.stderr)
		case got != want.hash:
			t.Errorf("deploy %d: the site of %s is not live", i, want.name)
		case strings.Contains(p.stderr.String(), "old objects were not removed"):
			warnings++
		}
		c.expireLease()
	}
	faults := c.proxy.hits()
	for range 2 { // the second one removes what the last of the loop replaced
		c.age(48 * time.Hour)
		next := c.others(sites)[0]
		if p := c.attempt(next, next, "--keep", "1", "deploy"); p.code != 0 {
			t.Errorf("exit code %d\n%s", p.code, &p.stderr)
		}
	}
	stop().log(t)
	c.checkCollected()
	now := slices.IndexFunc(sites, func(s *site) bool { return s.hash == c.state(live.Production).Site })
	asked := c.check(sites[now], host)
	if p := c.must(sites[now], "deploy", "--verify", "--json"); p.report().Damage.Objects+p.report().Damage.Keys != 0 {
		t.Errorf("something is missing: %s", &p.stdout)
	}
	t.Logf("%d kills, %d collections that gave up, %d with a second deployer; %d deletions; faults %s; then %d "+
		"requests",
		kills, warnings, races, deletions, faults, asked)
	if kills == 0 || warnings == 0 || races == 0 {
		t.Error("collections were not disturbed")
	}
}
