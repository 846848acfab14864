package edge

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/testutil"
)

// trio returns three sites that differ in pages, assets, rules, and in the packages of the last nights. Their answers are
// known.
func trio(t *testing.T) (sites []*site) {
	t.Helper()
	dir := t.TempDir()
	for i, name := range []string{"A", "B", "C"} {
		f := files(t, i)
		f["content/guide.md"] = strings.ReplaceAll(guide, "first", name)
		f["content/only-"+name+".md"] = strings.ReplaceAll(guide, "first", "only")
		f["layouts/assets/site.css"] = fmt.Sprintf(style, strings.Repeat(fmt.Sprint(i+1), 3))
		f["redirects/rules.txt"] = rules + fmt.Sprintf("/newest  /only-%s/  302\n", name)
		sites = append(sites, build(t, dir, name, f))
	}
	fresh(t, sites...)
	return sites
}

// objectReader is a bucket from which objects can only be read.
type objectReader struct {
	live.Bucket
	c *cloud
}

// Get implements live.Bucket.
func (b objectReader) Get(ctx context.Context, key string) ([]byte, error) {
	o, err := b.c.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucketName), Key: &key})
	if err != nil {
		return nil, err
	}
	defer o.Body.Close()
	return io.ReadAll(o.Body)
}

// record reads a record in the bucket.
func (c *cloud) record(key string) *live.Record {
	c.t.Helper()
	id := strings.TrimSuffix(strings.TrimPrefix(key, "deploys/"), ".json.gz")
	r, err := (&live.Live{Bucket: objectReader{c: c}}).Record(c.t.Context(), id)
	if err != nil {
		c.t.Fatalf("%s: %v", key, err)
	}
	return r
}

// recordKey returns the key of a record.
func recordKey(id string) string { return "deploys/" + id + ".json.gz" }

// checkStored checks that bucket and store hold everything of the live site, which is s, and besides it only what
// records name or what belongs to one of the sites, and that no lease remains.
func (c *cloud) checkStored(s *site, sites ...*site) {
	c.t.Helper()
	keys, objects := c.store.Keys(), c.objects("o/")
	r := c.record(recordKey(c.state(live.Production).ID))
	known := map[string]string{}
	for _, other := range sites {
		maps.Copy(known, other.objects)
	}
	lost := 0
	for key, etag := range s.objects {
		if objects[key] != etag {
			lost++
		}
	}
	for _, a := range r.Assets {
		if objects[a.Key] == "" || objects[a.Key] != known[a.Key] {
			c.t.Errorf("the earlier asset %s is missing", a.Path)
		}
	}
	for key, value := range r.Nodes {
		if keys[key] != value {
			lost++
		}
	}
	if keys[r.RootKey] != r.Root || lost > 0 {
		c.t.Errorf("%s: %d objects or nodes are missing; root %q, want %q", s.name, lost, keys[r.RootKey], r.Root)
	}
	if len(r.Assets) == 0 && !maps.Equal(keysOf(r), s.keys) {
		c.t.Errorf("%s: the keys in the record are not those of a fresh deploy", s.name)
	}
	named := map[string]string{}
	for key := range c.objects("deploys/") {
		r := c.record(key)
		maps.Copy(named, r.Nodes)
		if r.Base != nil {
			known[r.Base.Key] = objects[r.Base.Key]
		}
	}
	for key, etag := range objects {
		if known[key] != etag {
			c.t.Errorf("the object %s is of none of the sites", key)
		}
	}
	for key, value := range keys {
		shared := strings.HasPrefix(key, "root/") || strings.HasPrefix(key, "hosts/") || key == "deploy-test" ||
			strings.HasPrefix(key, "deploy:")
		if !shared && named[key] != value {
			c.t.Errorf("the key %s is named by no record", key)
		}
	}
}

// keysOf returns the keys of a record in the store, as a fresh deploy leaves them.
func keysOf(r *live.Record) map[string]string {
	keys := maps.Clone(r.Nodes)
	keys[r.RootKey] = r.Root
	return keys
}

// visited logs what visitors have done.
func (v *visits) log(t *testing.T) {
	t.Helper()
	t.Logf("visitors: %d requests, %d pages with %d assets, %d wrong answers", v.requests.Load(), v.pages.Load(),
		v.files.Load(), v.wrong.Load())
	if v.requests.Load() < 100 || v.pages.Load() == 0 {
		t.Error("too few requests of visitors")
	}
}

// TestVisitors checks that visitors see one site or the other, whatever happens to deployers.
func TestVisitors(t *testing.T) {
	sites := trio(t)
	t.Run("killed", func(t *testing.T) { testKilled(t, sites) })
	t.Run("faults", func(t *testing.T) { testFaults(t, sites) })
	t.Run("two deployers", func(t *testing.T) { testTwoDeployers(t, sites) })
	t.Run("collections", func(t *testing.T) { testCollections(t, sites) })
}

// testKilled kills deployers at random points, while visitors ask: in the first deploys, later ones, rollbacks and
// collections.
func testKilled(t *testing.T, sites []*site) {
	c := start(t)
	random := rand.New(rand.NewPCG(11, 12))
	kills := 0
	// kill kills a deployer before or after one of its next n requests is carried out, at random.
	kill := func(n int, s, next *site, args ...string) *process {
		t.Helper()
		at, after := random.IntN(n), random.IntN(2) == 0
		wait := time.Duration(random.IntN(300)) * time.Microsecond
		var mu sync.Mutex
		var p *process
		count := 0
		hook := func(request, []byte) {
			mu.Lock()
			defer mu.Unlock()
			if count++; count-1 == at {
				time.Sleep(wait)
				p.cmd.Process.Kill()
			}
		}
		if after {
			c.proxy.hooks(nil, hook)
		} else {
			c.proxy.hooks(hook, nil)
		}
		c.timeline.begin(next)
		mu.Lock()
		p = c.begin(s, nil, args...)
		mu.Unlock()
		p.wait()
		c.settle()
		c.proxy.hooks(nil, nil)
		if p.code == -1 {
			kills++
		} else if p.code != 0 {
			t.Errorf("sitegen %s: exit code %d\n%s", strings.Join(args, " "), p.code, &p.stderr)
		}
		return p
	}

	first := testutil.Amount(12, 3)
	for range first {
		kill(850, sites[0], sites[0], "deploy")
		if s := c.state(live.Production); s.ID == "" {
			if res, _ := send(t, c.near.url, host, "/"); res.StatusCode != 503 {
				t.Errorf("an unfinished first deploy answers %d", res.StatusCode)
			}
		}
	}
	c.deploy(sites[0])
	stop := c.visit(4, sites[0])
	at := sites[0]
	for kills < testutil.Amount(60, 12) {
		next := c.others(sites)[random.IntN(2)]
		if random.IntN(5) > 0 {
			kill(25, next, next, "--keep", "1", "deploy")
		} else if next = c.earlier(sites); next != nil {
			kill(60, at, next, "deploy", "rollback")
		}
	}
	c.deploy(sites[1])
	stop().log(t)
	asked := c.check(sites[1], host)
	c.checkStored(sites[1], sites...)
	t.Logf("%d kills, %d of them in the first deploy; then %d requests", kills, first, asked)
	if p := c.must(sites[1], "deploy", "--verify", "--json"); p.report().Damage.Objects+p.report().Damage.Keys != 0 {
		t.Errorf("something is missing: %s", &p.stdout)
	}
}

// others returns the sites that are not live.
func (c *cloud) others(sites []*site) []*site {
	now := c.state(live.Production).Site
	return slices.DeleteFunc(slices.Clone(sites), func(s *site) bool { return s.hash == now })
}

// earlier returns the site that a rollback returns to, or nil.
func (c *cloud) earlier(sites []*site) *site {
	c.t.Helper()
	state := c.state(live.Production)
	now := c.record(recordKey(state.ID))
	for r := now; ; {
		id := r.Previous
		if r.Of != "" {
			id = r.Of
		}
		if _, ok := c.objects("deploys/")[recordKey(id)]; id == "" || !ok {
			return nil
		}
		if r = c.record(recordKey(id)); r.Site == now.Site {
			continue
		}
		for _, s := range sites {
			if s.hash == r.Site {
				return s
			}
		}
		c.t.Fatalf("the deploy %s is of none of the sites", id)
	}
}

// testFaults injects faults into the requests of deployers, while visitors ask.
func testFaults(t *testing.T, sites []*site) {
	c := start(t)
	c.deploy(sites[0])
	stop := c.visit(4, sites[0])
	random := rand.New(rand.NewPCG(21, 22))
	codes := map[int]int{}
	for i := range testutil.Amount(40, 8) {
		c.proxy.fail([]float64{0.02, 0.1, 0.3}[i%3], uint64(i))
		c.env = append(c.env[:len(c.env):len(c.env)], fmt.Sprintf("AWS_MAX_ATTEMPTS=%d", 1+random.IntN(4)))
		next := sites[random.IntN(3)]
		if random.IntN(4) > 0 {
			next = c.others(sites)[random.IntN(2)]
		}
		var p *process
		if random.IntN(4) > 0 {
			p = c.attempt(next, next, "--keep", "1", "deploy")
		} else if next = c.earlier(sites); next != nil {
			p = c.attempt(sites[0], next, "deploy", "rollback")
		} else {
			continue
		}
		codes[p.code]++
		live := c.state(live.Production).Site
		switch {
		case p.code == 0 && live != next.hash:
			t.Errorf("deploy %d succeeded, but its site is not live\n%s%s", i, &p.stdout, &p.stderr)
		case p.code != 0 && p.code != 9 && p.code != 10:
			t.Errorf("deploy %d: exit code %d\n%s%s", i, p.code, &p.stdout, &p.stderr)
		case p.code != 0 && p.stderr.Len() == 0:
			t.Errorf("deploy %d: no message", i)
		}
	}
	c.proxy.fail(0, 0)
	c.deploy(sites[2])
	stop().log(t)
	asked := c.check(sites[2], host)
	c.checkStored(sites[2], sites...)
	t.Logf("exit codes %v; faults %v of %d requests; then %d requests of visitors", codes, c.proxy.hits(), c.proxy.all, asked)
}

// hits describes how often each fault was injected.
func (p *proxy) hits() (text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts []string
	for f := refused; f < faults; f++ {
		parts = append(parts, fmt.Sprintf("%s %d", f, p.hit[f]))
	}
	return strings.Join(parts, ", ")
}

// testTwoDeployers runs two deployers of different sites at once.
func testTwoDeployers(t *testing.T, sites []*site) {
	c := start(t)
	c.deploy(sites[0])
	stop := c.visit(2, sites[0])
	random := rand.New(rand.NewPCG(31, 32))
	lost := 0
	for i := range testutil.Amount(12, 4) {
		others := c.others(sites)
		a, b := others[0], others[1]
		for _, s := range []*site{a, b, a} { // either may be the first
			c.timeline.begin(s)
		}
		if i%2 == 0 { // let the first one flip only after the other has ended
			ended := make(chan struct{})
			var once sync.Once
			c.proxy.hooks(func(r request, body []byte) {
				if r.App == "first" && r.flip(body) {
					once.Do(func() { <-ended })
				}
			}, nil)
			first := c.begin(a, []string{"AWS_SDK_UA_APP_ID=first"}, "deploy")
			time.Sleep(200 * time.Millisecond)
			second := c.begin(b, []string{"AWS_SDK_UA_APP_ID=second"}, "deploy").wait()
			close(ended)
			lost += c.checkRace(first.wait(), second, a, b)
		} else {
			first := c.begin(a, nil, "deploy")
			time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
			second := c.begin(b, nil, "deploy")
			lost += c.checkRace(first.wait(), second.wait(), a, b)
		}
		c.proxy.hooks(nil, nil)
		c.settle()
	}
	stop().log(t)
	if lost == 0 {
		t.Error("no deployer found that somebody else had deployed")
	}
	t.Logf("%d deployers stopped", lost)
}

// checkRace checks the ends of two deployers of the sites a and b, and returns the number of those that stopped.
func (c *cloud) checkRace(first, second *process, a, b *site) (stopped int) {
	c.t.Helper()
	now := c.state(live.Production).Site
	for _, p := range []*process{first, second} {
		switch {
		case p.code == 10 && strings.Contains(p.stderr.String(), "somebody else deployed"):
			stopped++
		case p.code != 0:
			c.t.Errorf("exit code %d\n%s", p.code, &p.stderr)
		}
	}
	switch {
	case stopped == 2:
		c.t.Error("both deployers stopped")
	case first.code == 10 && now != b.hash, second.code == 10 && now != a.hash:
		c.t.Error("the deployer that stopped is live")
	}
	return stopped
}
