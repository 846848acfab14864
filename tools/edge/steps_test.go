package edge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/deploy"
)

const (
	config = "source: listing.json\nprecompress: []\n"
	rules  = "/guide/old  /guide/  301\n"
	guide  = "---\ntitle: Guide\n---\n\nThe first text. [Releases](/releases/)\n"
	style  = "body { color: #%s }\n"
)

// files returns the files of a site folder: the test catalogue "live" without the packages of its last nights, a page and
// a rule.
func files(t *testing.T, without int) map[string]string {
	t.Helper()
	return map[string]string{
		"listing.json": string(listing(t, without)), "sitegen.yaml": config, "redirects/rules.txt": rules,
		"content/guide.md": guide, "content/news.md": strings.ReplaceAll(guide, "Guide", "News"),
		"layouts/assets/site.css": fmt.Sprintf(style, "111"),
	}
}

// report parses the report of a deploy with --json.
func (p *process) report() (r deploy.Report) {
	p.t.Helper()
	if err := json.Unmarshal(p.stdout.Bytes(), &r); err != nil {
		p.t.Fatalf("%v in %s%s", err, &p.stdout, &p.stderr)
	}
	return r
}

// styles returns the URLs of the style sheets of a site.
func styles(s *site) (urls []string) {
	for asset := range s.assets {
		if strings.Contains(asset, "/site.") {
			urls = append(urls, asset)
		}
	}
	slices.Sort(urls)
	return urls
}

// TestSteps changes a site step by step. After each, all answers are checked.
func TestSteps(t *testing.T) {
	c := start(t)
	s := build(t, t.TempDir(), "site", files(t, 1))
	var asked int
	step := func(name string, objects, calls int, args ...string) deploy.Report {
		t.Helper()
		c.proxy.take()
		p := c.must(s, append(args, "--json")...)
		r := p.report()
		var uploads, updates, keys int
		for _, q := range c.proxy.take() {
			if q.upload() {
				uploads++
			}
			if q.Keys > 0 {
				updates, keys = updates+1, max(keys, q.Keys)
			}
		}
		if uploads != r.Objects.Uploaded || objects >= 0 && uploads != objects {
			t.Errorf("%s: %d objects uploaded, reported %d, want %d", name, uploads, r.Objects.Uploaded, objects)
		}
		if calls >= 0 && updates != calls || keys > 50 {
			t.Errorf("%s: %d updates of the store of up to %d keys, want %d", name, updates, keys, calls)
		}
		t.Logf("%-20s %4d objects, %3d keys in %2d calls, %4d requests, %.2f s", name, uploads, r.Store.Keys, updates,
			r.Requests.Total(), p.took.Seconds())
		return r
	}
	learn := func(host string) { t.Helper(); asked += s.learn(t, c, host) }

	step("first deploy", -1, -1, "deploy")
	learn(host)
	if r := step("unchanged", 0, 0, "deploy"); !r.Unchanged || r.Requests.Total() != 1 {
		t.Errorf("unchanged: %v, %d requests, want 1", r.Unchanged, r.Requests.Total())
	}

	s.write(t, map[string]string{"content/guide.md": strings.ReplaceAll(guide, "first", "second")})
	step("one page", 1, 1, "deploy") // only the page: it is not listed anywhere else
	learn(host)

	s.write(t, map[string]string{"sitegen.yaml": config + "deploy:\n  headers: ['/guide/* Content-Language: en']\n"})
	step("a header", 1, 1, "deploy")
	learn(host)
	if res, _ := send(t, c.near.url, host, "/guide/"); res.Header.Get("Content-Language") != "en" {
		t.Errorf("the header is missing: %v", res.Header)
	}

	s.write(t, map[string]string{"listing.json": string(listing(t, 0))})
	if r := step("one more night", -1, -1, "deploy"); r.Objects.Uploaded > 40 {
		t.Errorf("one more night: %d objects", r.Objects.Uploaded)
	}
	learn(host)

	s.write(t, map[string]string{"redirects/rules.txt": rules + "/guide/older  /guide/  302\n"})
	step("a rule", 0, 1, "deploy")
	learn(host)
	if res, _ := send(t, c.near.url, host, "/guide/older"); res.Header.Get("Location") != "/guide/" {
		t.Errorf("the rule does not apply: %d %v", res.StatusCode, res.Header)
	}

	before := s.answers
	s.write(t, map[string]string{"content/news.md": "", "layouts/assets/site.css": fmt.Sprintf(style, "222")})
	s.write(t, map[string]string{}) // a deleted page stays on disk until the second build, but is not deployed
	old := styles(s)
	step("deletion, new style", -1, -1, "deploy")
	learn(host)
	if res, _ := send(t, c.near.url, host, "/news/"); res.StatusCode != 404 {
		t.Errorf("the deleted page answers %d", res.StatusCode)
	}
	if res, _ := send(t, c.near.url, host, old[0]); res.StatusCode != 200 {
		t.Errorf("the style sheet of the deploy before, %s, answers %d", old[0], res.StatusCode)
	}

	after, fresh := s.answers, styles(s)
	step("rollback", 0, -1, "deploy", "rollback")
	if res, _ := send(t, c.near.url, host, fresh[0]); res.StatusCode != 200 {
		t.Errorf("after the rollback, the style sheet of the newer site, %s, answers %d", fresh[0], res.StatusCode)
	}
	s.answers, s.assets = before, nil
	asked += c.check(s, host)

	step("staging", -1, -1, "deploy", "--edition", "staging")
	asked += c.check(s, host)
	s.answers = after
	asked += c.check(s, stagingHost)

	step("promote", 0, -1, "deploy", "promote", "staging")
	if res, _ := send(t, c.near.url, host, old[0]); res.StatusCode != 200 {
		t.Errorf("%s, which production needed before, answers %d", old[0], res.StatusCode)
	}
	asked += c.check(s, host)
	asked += c.check(s, stagingHost)

	if p := c.must(s, "deploy", "--verify", "--json"); p.report().Damage.Objects+p.report().Damage.Keys != 0 {
		t.Errorf("something is missing: %s", &p.stdout)
	}
	t.Logf("%d requests", asked)
}
