package edge

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/testutil"
)

// sample returns a site of 20 packages, whose page /guide/ contains a text.
func sample(t *testing.T, text string) *site {
	t.Helper()
	var items []json.RawMessage
	if err := json.Unmarshal(listing(t, 0), &items); err != nil {
		t.Fatal(err)
	}
	few, err := json.Marshal(items[:20])
	if err != nil {
		t.Fatal(err)
	}
	f := files(t, 0)
	f["listing.json"] = string(few)
	f["content/guide.md"] = strings.ReplaceAll(guide, "first", text)
	return build(t, t.TempDir(), text, f)
}

// TestErrors checks the message, the hint and the exit code of a deploy that cannot succeed, and that nothing is half
// done: visitors see the site of before, and the next deploy succeeds.
func TestErrors(t *testing.T) {
	c := start(t)
	before, after := sample(t, "before"), sample(t, "after")
	c.must(before, "deploy")
	keys, objects := c.store.Keys(), c.objects("")
	c.AddUser(t, "stranger", "strange")
	refuseAll := func(store bool, status int, code, message string) func(w http.ResponseWriter, r request) bool {
		return func(w http.ResponseWriter, r request) bool {
			if r.Store != store || !r.Store && r.Method == "GET" {
				return false
			}
			respond(w, r, status, code, message)
			return true
		}
	}
	for _, tt := range []struct {
		name string
		env  []string
		// answer answers requests instead of bucket and store; nil for none.
		answer        func(w http.ResponseWriter, r request) bool
		message, hint string
		code          int
	}{
		{"wrong secret", []string{"AWS_SECRET_ACCESS_KEY=wrong"}, nil, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY", 9},
		{"unknown access key", []string{"AWS_ACCESS_KEY_ID=nobody"}, nil, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID", 9},
		{"no credentials", []string{"AWS_ACCESS_KEY_ID="}, nil, "find credentials for AWS", "AWS_PROFILE", 9},
		{"no permission", []string{"AWS_ACCESS_KEY_ID=stranger", "AWS_SECRET_ACCESS_KEY=strange"}, nil, "AccessDenied",
			"permission", 9},
		{"no such bucket", []string{"SITEGEN_DEPLOY_BUCKET=nowhere"}, nil, "NoSuchBucket", "name of the bucket", 9},
		{"no such store", []string{"SITEGEN_DEPLOY_STORE=arn:aws:cloudfront::123456789012:key-value-store/" +
			"ffffffff-0000-4000-8000-000000000000"}, nil, "does not exist", "ARN", 9},
		{"clock off", nil, refuseAll(false, 403, "RequestTimeTooSkewed",
			"The difference between the request time and the current time is too large."), "RequestTimeTooSkewed",
			"clock", 9},
		{"full bucket", nil, refuseAll(false, 403, "QuotaExceeded", "The quota of the bucket is exhausted."),
			"QuotaExceeded", "quota", 9},
		{"full store", nil, func(w http.ResponseWriter, r request) bool {
			if r.Keys == 0 {
				return false
			}
			respond(w, r, 402, "ServiceQuotaExceededException", "The store is full.")
			return true
		}, "ServiceQuotaExceededException", "quota", 9},
		{"server down", []string{"AWS_ENDPOINT_URL_S3=http://127.0.0.1:1", "AWS_MAX_ATTEMPTS=1"}, nil, "connection refused",
			"network", 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.proxy.replace(tt.answer)
			defer c.proxy.replace(nil)
			p := c.begin(after, tt.env, "deploy").wait()
			text := p.stderr.String()
			if p.code != tt.code || !strings.Contains(text, tt.message) || !strings.Contains(text, tt.hint) {
				t.Errorf("exit code %d, want %d, %q and %q in:\n%s", p.code, tt.code, tt.message, tt.hint, text)
			}
			if !maps.Equal(c.store.Keys(), keys) {
				t.Error("the store has changed")
			}
			for key, etag := range objects {
				if c.objects("")[key] != etag {
					t.Errorf("the object %s has changed", key)
				}
			}
			if res, body := send(t, c.near.url, host, "/guide/"); res.StatusCode != 200 || !strings.Contains(body, "before") {
				t.Errorf("visitors see status %d, %s", res.StatusCode, body)
			}
		})
	}
	c.must(after, "deploy")
	if _, body := send(t, c.near.url, host, "/guide/"); !strings.Contains(body, "after") {
		t.Errorf("visitors see %s", body)
	}
}

// TestLarge deploys a site of 25,000 files, or 2,500 in short tests, and compares the memory with that for a fifth.
func TestLarge(t *testing.T) {
	many := testutil.Amount(25_000, 2_500)
	peak := map[int]int64{}
	for _, n := range []int{many / 5, many} {
		c := start(t)
		s := sample(t, fmt.Sprint(n))
		filler := strings.Repeat("0123456789abcdef\n", 200)
		for i := range n {
			place := filepath.Join(s.dir, fmt.Sprintf("public/files/%03d/%05d.txt", i/1000, i))
			if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(place, []byte(fmt.Sprint(i, filler)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		first := c.must(s, "deploy", "--json")
		again := c.must(s, "deploy", "--json")
		if r := again.report(); !r.Unchanged || r.Requests.Total() != 1 || first.report().Objects.Uploaded < n {
			t.Errorf("%d files: %s, then %s", n, &first.stdout, &again.stdout)
		}
		if got := len(c.objects("o/")); got < n {
			t.Errorf("%d objects, want %d", got, n)
		}
		peak[n] = max(first.rss, again.rss)
		t.Logf("%d files: first deploy %.1f s, %d MiB; unchanged %.2f s, %d MiB", n, first.took.Seconds(), first.rss>>20,
			again.took.Seconds(), again.rss>>20)
		for _, i := range []int{0, n / 2, n - 1} {
			q := fmt.Sprintf("/files/%03d/%05d.txt", i/1000, i)
			if res, body := send(t, c.near.url, host, q); res.StatusCode != 200 || body != fmt.Sprint(i, filler) {
				t.Errorf("%s: status %d", q, res.StatusCode)
			}
		}
		if c.state(live.Production).ID == "" {
			t.Error("nothing is live")
		}
	}
	// A file takes about 2 KiB in the lists of files, objects and nodes, and in the record as JSON.
	if peak[many] > 250<<20 || peak[many]-peak[many/5] > max(int64(many)*4<<10, 32<<20) {
		t.Errorf("memory %d MiB, with a fifth of the files %d MiB", peak[many]>>20, peak[many/5]>>20)
	}
}
