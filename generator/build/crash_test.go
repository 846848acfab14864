package build_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/build"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestMain runs a build instead of the tests if the environment names a configuration. TestKilledBuildsUnderLoad runs
// the test binary this way.
func TestMain(m *testing.M) {
	if file := os.Getenv("CRASH_TEST_CONFIG"); file != "" {
		c, err := config.Load(config.Input{File: file})
		var p *project.Project
		if err == nil {
			p, err = project.Open(c, slog.New(slog.DiscardHandler), time.Now)
		}
		if err == nil {
			_, err = build.Build(context.Background(), p)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestKilledBuildsUnderLoad kills builds at random moments while clients send requests to a real Nginx that the builds
// reload. No client may get a broken answer, and after a final complete build the site must be the same as a fresh one.
func TestKilledBuildsUnderLoad(t *testing.T) {
	listings := growingListings(t, testutil.Amount(30, 4))
	dir := folder(t, listings[0])
	if _, err := run(t, dir, nil); err != nil {
		t.Fatal(err)
	}
	n := testutil.StartNginx(t, filepath.Join(dir, "public"), filepath.Join(dir, "redirects"))
	yaml := fmt.Sprintf("source: listing.json\nafter_change:\n  - kill -HUP %d\n", n.PID())
	if err := os.WriteFile(filepath.Join(dir, "sitegen.yaml"), []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}

	stop := make(chan struct{})
	var clients sync.WaitGroup
	var asked atomic.Int64
	for i := range testutil.Amount(2, 1) {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 0))
			for client := testutil.Client(); ; {
				select {
				case <-stop:
					return
				default:
				}
				if err := visit(client, n.URL, r); err != nil {
					t.Error(err)
					return
				}
				asked.Add(1)
			}
		})
	}

	r := rand.New(rand.NewPCG(7, 7))
	killed := 0
	for i, listing := range listings[1:] {
		if err := os.WriteFile(filepath.Join(dir, "listing.json"), listing, 0o644); err != nil {
			t.Fatal(err)
		}
		limit := time.Duration(r.IntN(800)) * time.Millisecond
		if i%3 == 2 || i == len(listings)-2 {
			limit = time.Minute // the last build is not killed
		}
		if !runBuild(t, dir, limit) {
			killed++
		}
	}
	close(stop)
	clients.Wait()
	t.Logf("%d of %d builds killed, %d visits", killed, len(listings)-1, asked.Load())
	if killed < len(listings)/4 || asked.Load() < 100 {
		t.Errorf("too few builds killed (%d) or visits (%d) for this test", killed, asked.Load())
	}

	fresh := folder(t, listings[len(listings)-1])
	if _, err := run(t, fresh, nil); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"public", "redirects"} {
		if diff := cmp.Diff(tree(t, filepath.Join(fresh, root)), tree(t, filepath.Join(dir, root))); diff != "" {
			t.Errorf("%s differs from a fresh build (-fresh +repaired):\n%.2000s", root, diff)
		}
	}
}

var systems = []string{"win", "macosx", "linux"}

// nightly returns the nightly build of a night for one of the systems. All records have the same size.
func nightly(night, i int) map[string]any {
	return map[string]any{
		"_id": nightlyID(night, i), "name": nightlyName(night, i), "size": 300_000_000,
		"meta": map[string]any{
			"app_id": testutil.App, "os": systems[i], "arch": "amd64", "baseName": "Viewer",
			"revision": fmt.Sprint(36_000 + night), "pre_release": true, "version": "5.13.0-2026-12-01",
			"build_date": time.Date(2026, 12, 1+night, 3*i, 0, 0, 0, time.UTC).Format("2006-01-02T15:04:05+00:00"),
		},
	}
}

func nightlyID(night, i int) string { return fmt.Sprintf("7%07x%016x", night, i) }

func nightlyName(night, i int) string {
	return fmt.Sprintf("Viewer_%s_amd64_%d", systems[i], 36_000+night)
}

// growingListings returns one listing per night. Each has a new nightly build for each system, and lacks one more old
// package, which no client requests.
func growingListings(t *testing.T, nights int) [][]byte {
	t.Helper()
	var items []map[string]any
	if err := json.Unmarshal(testutil.Listing(t, "live"), &items); err != nil {
		t.Fatal(err)
	}
	var listings [][]byte
	for night := range nights {
		for i := range systems {
			items = append(items, nightly(night, i))
		}
		for i, item := range items { // remove an old nightly build
			if meta := item["meta"].(map[string]any); meta["release"] == nil && meta["arch"] == "arm64" {
				items = append(items[:i:i], items[i+1:]...)
				break
			}
		}
		body, err := json.Marshal(items)
		if err != nil {
			t.Fatal(err)
		}
		listings = append(listings, body)
	}
	return listings
}

// runBuild runs a build in a separate process and kills it after limit. It reports whether the build ended before that.
func runBuild(t *testing.T, dir string, limit time.Duration) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CRASH_TEST_CONFIG="+filepath.Join(dir, "sitegen.yaml"))
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	if err != nil && cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("build: %v\n%s", err, out.String())
	}
	return err == nil
}

var (
	styleRE = regexp.MustCompile(`<link rel="?stylesheet"? href="([^"]+)"`)
	wholeRE = regexp.MustCompile(`(?s)^<!doctype html>.*</html>\s*$`)
)

// visit sends a few requests and follows their links. All answers must be complete.
func visit(client *http.Client, base string, r *rand.Rand) error {
	os := systems[r.IntN(3)]
	switch r.IntN(4) {
	case 0:
		query := "stability=nightly&os=" + os
		if r.IntN(2) == 0 {
			// This finds one of the packages that are removed one by one.
			query = "stability=nightly&os=macosx&arch=arm64&date=2026-09-15"
		}
		found, err := fetch(client, base+"/find?"+query, 200)
		if err != nil {
			return err
		}
		var object struct{ Download_URL, Version string }
		if err := json.Unmarshal([]byte(found.body), &object); err != nil {
			return fmt.Errorf("/find: %w in %q", err, found.body)
		}
		if !strings.Contains(query, "arm64") { // others are not removed between the two requests
			_, err = fetch(client, base+object.Download_URL, 302)
		}
		return err
	case 1:
		hop, err := fetch(client, base+"/download?stability=nightly&os="+os, 302)
		if err != nil {
			return err
		}
		_, err = fetch(client, base+hop.Header.Get("Location"), 302)
		return err
	case 2:
		all, err := fetch(client, base+"/findall?offset=-1", 200)
		if err != nil {
			return err
		}
		var objects map[string]map[string]struct{ Name string }
		if err := json.Unmarshal([]byte(all.body), &objects); err != nil || objects[os]["nightly"].Name == "" {
			return fmt.Errorf("/findall: %v in %q", err, all.body)
		}
		return nil
	}
	page, err := fetch(client, base+[]string{"/", "/?offset=-1", "/releases/5.12.4/", "/preview/"}[r.IntN(4)], 200)
	if err != nil {
		return err
	}
	if !wholeRE.MatchString(page.body) {
		return fmt.Errorf("a page is incomplete: %.100q … %q", page.body, page.body[max(0, len(page.body)-100):])
	}
	for _, m := range styleRE.FindAllStringSubmatch(page.body, -1) {
		if _, err := fetch(client, base+m[1], 200); err != nil {
			return err
		}
	}
	return nil
}

// fetch gets a URL and checks the status. If Nginx closes the connection because it reloads, fetch retries, as all
// clients do.
func fetch(client *http.Client, url string, status int) (response, error) {
	for try := 0; ; try++ {
		res, err := client.Get(url)
		if err != nil {
			if try < 3 {
				continue
			}
			return response{}, err
		}
		body, err := readAll(res)
		if err != nil {
			return response{}, fmt.Errorf("%s: %w", url, err)
		}
		if res.StatusCode != status {
			return response{}, fmt.Errorf("%s: status %d, want %d", url, res.StatusCode, status)
		}
		return response{res, body}, nil
	}
}

// tree returns the content of every file of a folder, by path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
