package build_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestKilledBuildsBeforeTheReload kills builds at random moments while clients send requests to a real Nginx, which is
// reloaded only some time after a build has ended: there is no after_change. Each build withdraws the newest packages
// that Nginx knows. No client may get a wrong answer before or after the reload.
func TestKilledBuildsBeforeTheReload(t *testing.T) {
	kills := testutil.Amount(200, 4)
	listing := nightlyListings(t)
	dir := folder(t, listing(0))
	if _, err := run(t, dir, nil); err != nil {
		t.Fatal(err)
	}
	yaml := "source: listing.json\n"
	if err := os.WriteFile(filepath.Join(dir, "sitegen.yaml"), []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	n := testutil.StartNginx(t, filepath.Join(dir, "public"), filepath.Join(dir, "redirects"))

	var loaded struct { // no request is under way during a reload
		sync.RWMutex
		night int
	}
	stop := make(chan struct{})
	var clients sync.WaitGroup
	var asked atomic.Int64
	for i := range 2 {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for client := testutil.Client(); ; asked.Add(1) {
				select {
				case <-stop:
					return
				default:
				}
				loaded.RLock()
				night := loaded.night
				err := visitNight(client, n.URL, r, night)
				if err == nil && r.IntN(4) == 0 {
					err = visit(client, n.URL, r)
				}
				loaded.RUnlock()
				if err != nil {
					t.Errorf("night %d: %v", night, err)
					return
				}
			}
		})
	}
	more := func() { // requests between two events
		for until := asked.Load() + 6; asked.Load() < until && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
	}

	r := rand.New(rand.NewPCG(8, 8))
	killed, night := 0, 0
	usual := time.Minute // how long the last complete build took: the first one is not killed
	for killed < kills && !t.Failed() {
		night++
		if err := os.WriteFile(filepath.Join(dir, "listing.json"), listing(night), 0o644); err != nil {
			t.Fatal(err)
		}
		before := manifestHead(t, dir)
		for tries := 0; ; tries++ {
			limit := time.Duration(r.Int64N(int64(usual)))
			if tries == 4 || night == 1 {
				limit = time.Minute
			}
			start := time.Now()
			ended := runBuild(t, dir, limit)
			if ended {
				usual = time.Since(start)
			} else {
				killed++
			}
			// A build that was killed after its last write has ended, too.
			if head := manifestHead(t, dir); ended ||
				strings.Contains(head, `"complete":true`) && head != before {
				break
			}
			more()
		}
		more()
		loaded.Lock()
		n.Reload(t)
		loaded.night = night
		loaded.Unlock()
		more()
	}
	close(stop)
	clients.Wait()
	t.Logf("%d builds killed in %d nights, %d visits", killed, night, asked.Load())

	runBuild(t, dir, time.Minute)
	fresh := folder(t, listing(night))
	if _, err := run(t, fresh, nil); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"public", "redirects"} {
		if diff := cmp.Diff(tree(t, filepath.Join(fresh, root)), tree(t, filepath.Join(dir, root))); diff != "" {
			t.Errorf("%s differs from a fresh build (-fresh +repaired):\n%.2000s", root, diff)
		}
	}
}

// manifestHead returns the first line of the manifest, with the fingerprint of the inputs.
func manifestHead(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "var", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := bytes.Cut(text, []byte("\n"))
	return string(head)
}

// nightlyListings returns a function that returns a listing: the live packages, and the nightly builds of these nights.
func nightlyListings(t *testing.T) func(nights ...int) []byte {
	t.Helper()
	var live []map[string]any
	if err := json.Unmarshal(testutil.Listing(t, "live"), &live); err != nil {
		t.Fatal(err)
	}
	return func(nights ...int) []byte {
		items := live[:len(live):len(live)]
		for _, night := range nights {
			for i := range systems {
				items = append(items, nightly(night, i))
			}
		}
		body, err := json.Marshal(items)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
}

// visitNight sends requests that the newest nightly build answers. It must be that of the night whose redirects Nginx
// has read.
func visitNight(client *http.Client, base string, r *rand.Rand, night int) error {
	i := r.IntN(len(systems))
	id, query := nightlyID(night, i), "?stability=nightly&os="+systems[i]
	switch r.IntN(4) {
	case 0:
		found, err := fetch(client, base+"/find"+query, 200)
		if err != nil {
			return err
		}
		var object struct{ Name string }
		if err := json.Unmarshal([]byte(found.body), &object); err != nil || object.Name != nightlyName(night, i) {
			return fmt.Errorf("/find: %v, found %q", err, found.body)
		}
		_, err = fetch(client, base+"/bitstream/"+id, 302)
		return err
	case 1:
		hop, err := fetch(client, base+"/download"+query, 302)
		if err != nil {
			return err
		}
		if got := hop.Header.Get("Location"); got != "/bitstream/"+id {
			return fmt.Errorf("/download leads to %s, want %s", got, id)
		}
		_, err = fetch(client, base+"/bitstream/"+id, 302)
		return err
	case 2:
		all, err := fetch(client, base+"/findall", 200)
		if err != nil {
			return err
		}
		var objects map[string]map[string]struct{ Name string }
		err = json.Unmarshal([]byte(all.body), &objects)
		if got := objects[systems[i]]["nightly"].Name; err != nil || got != nightlyName(night, i) {
			return fmt.Errorf("/findall: %v, found %q", err, got)
		}
		return nil
	}
	page, err := fetch(client, base+"/"+query, 200)
	if err == nil && !strings.Contains(page.body, "/bitstream/"+id) {
		err = fmt.Errorf("the home page for %s does not contain %s", query, id)
	}
	return err
}
