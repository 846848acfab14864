// Package girder tests the Girder source with a real Girder server and its package manager plugin, while the server's
// content changes as it does in practice. make test-girder starts the server. Without a server, as in a plain go test
// ./..., the tests do not run.
package girder

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources"
	"github.com/Slicer/sitegen/generator/testutil"
)

// apiVariable is the environment variable with the base of the server's API.
const apiVariable = "SITEGEN_GIRDER"

func TestMain(m *testing.M) {
	if os.Getenv(apiVariable) == "" {
		fmt.Println("no Girder server: make test-girder starts one and runs these tests")
		return
	}
	os.Exit(m.Run())
}

// cache is the folder in which the script "server" installs the server.
var cache = filepath.Join("..", "..", ".cache", "girder")

// world is the server, and the memory that a site stores between runs.
type world struct {
	t      *testing.T
	api    string
	app    string
	header http.Header // credentials; nil for none
	now    time.Time
	memory source.Memory

	mu    sync.Mutex
	looks []string // ids of the items whose files were requested since the start of the last read
	hook  func()   // called once, after the listing was sent
}

// RoundTrip records the items whose files are requested.
func (w *world) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	w.mu.Lock()
	defer w.mu.Unlock()
	if rest, ok := strings.CutSuffix(req.URL.Path, "/files"); ok {
		w.looks = append(w.looks, rest[strings.LastIndexByte(rest, '/')+1:])
	}
	if hook := w.hook; hook != nil && strings.HasSuffix(req.URL.Path, "/package") {
		w.hook = nil
		hook()
	}
	return resp, err
}

// options returns the options for the source.
func (w *world) options() source.Options {
	return source.Options{
		Fetch: fetch.New(fetch.Options{HTTP: &http.Client{Transport: w}, Header: w.header, Retries: 1,
			Timeout: time.Minute}),
		Scheme: testutil.Scheme(w.t), Now: func() time.Time { return w.now }, Girder: source.Girder{App: w.app},
	}
}

// reading is the result of one run of a site.
type reading struct {
	*source.Listing
	published map[string]*catalog.Package // by id
	held      map[string]catalog.Held     // by id
	looks     []string
}

// read reads the source, as the next run of the site does.
func (w *world) read(t *testing.T) reading {
	t.Helper()
	w.looks = nil
	s, err := sources.Choose(w.api, w.options())
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Read(t.Context(), w.memory)
	if err != nil {
		t.Fatal(err)
	}
	w.memory = list.Memory
	r := reading{Listing: list, published: map[string]*catalog.Package{}, held: map[string]catalog.Held{},
		looks: slices.Sorted(slices.Values(w.looks))}
	published, held := catalog.Publish(testutil.Scheme(t), list.Spelling, list.Records)
	for _, p := range published {
		r.published[p.ID] = p
	}
	for _, h := range held {
		r.held[h.ID] = h
	}
	return r
}

// do runs a command of trouble.py and returns its answer.
func (w *world) do(t *testing.T, command string) (ids []string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(cache, "venv", "bin", "python"), "trouble.py", filepath.Join(cache, "run"),
		command)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("trouble.py %s: %v\n%s", command, err, stderr.Bytes())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &ids); err != nil {
		t.Fatalf("trouble.py %s: %v\n%s", command, err, out)
	}
	return ids
}

// TestServer follows a site through many runs. Each subtest depends on the previous ones.
func TestServer(t *testing.T) {
	app, err := os.ReadFile(filepath.Join(cache, "run", "app"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, api: os.Getenv(apiVariable), app: strings.TrimSpace(string(app)), now: time.Now()}

	t.Run("first run", func(t *testing.T) {
		r := w.read(t)
		if len(r.published) != 30 || len(r.held) != 2 || len(r.looks) != 30 || len(r.Memory) != 30 {
			t.Fatalf("%d published, %v held, %d looks, %d remembered", len(r.published), r.held, len(r.looks),
				len(r.Memory))
		}
		if len(r.Warnings) != 0 {
			t.Errorf("warnings %q", r.Warnings)
		}
		arm := 0
		for _, p := range r.published {
			want := fmt.Sprintf("aurora-%s-%s-%s.", cmp.Or(p.Release, p.Version+"-"+p.Day()), p.OS, p.Arch)
			if !strings.HasPrefix(p.FileName, want) || !strings.HasPrefix(p.URL, w.api+"/file/") {
				t.Errorf("%s: file %q at %s, want %s...", p.Name, p.FileName, p.URL, want)
			}
			if p.Arch == "arm64" {
				arm++
			}
		}
		if arm != 6 {
			t.Errorf("%d packages for arm64, want 6", arm)
		}
		for _, h := range r.held {
			if h.Reason != "upload not finished" {
				t.Errorf("held back: %v", h)
			}
		}
	})

	t.Run("second run", func(t *testing.T) {
		before := maps.Clone(w.memory)
		r := w.read(t)
		if len(r.looks) != 0 || len(r.published) != 30 {
			t.Errorf("%d looks, %d published", len(r.looks), len(r.published))
		}
		if d := diff.Diff(before, r.Memory); d != "" {
			t.Errorf("memory (-before +after):\n%s", d)
		}
	})

	t.Run("unfinished uploads", func(t *testing.T) {
		defer func(now time.Time) { w.now = now }(w.now)
		w.now = w.now.Add(25 * time.Hour)
		r := w.read(t)
		if len(r.Warnings) != 1 || !strings.HasPrefix(r.Warnings[0], "2 uploads unfinished for more than a day; ") {
			t.Errorf("warnings %q", r.Warnings)
		}
	})

	t.Run("downloads", func(t *testing.T) {
		for _, p := range w.read(t).published {
			resp, body := get(t, p.URL)
			_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
			sum := sha512.Sum512(body)
			if err != nil || params["filename"] != p.FileName || int64(len(body)) != p.Size ||
				hex.EncodeToString(sum[:]) != p.SHA512 {
				t.Errorf("%s: %d bytes, name %q (%v), want %d, %q", p.URL, len(body), params["filename"], err,
					p.Size, p.FileName)
			}
			resumes(t, p.URL, body)
			return // one is enough
		}
	})

	t.Run("a release in a private folder", func(t *testing.T) {
		ids := w.do(t, "private")
		for range 2 { // requested again in each run, because the folder may become public at any time
			r := w.read(t)
			if d := diff.Diff(slices.Sorted(slices.Values(ids)), r.looks); d != "" {
				t.Errorf("looks (-want +got):\n%s", d)
			}
			for _, id := range ids {
				if h := r.held[id]; h.Field != "access" || r.published[id] != nil {
					t.Errorf("%s is held for %+v, published as %v", id, h, r.published[id])
				}
			}
		}
		w.do(t, "public")
		r := w.read(t)
		for _, id := range ids {
			if p := r.published[id]; p == nil || p.Release != "5.14.0" || p.FileName == "" {
				t.Errorf("%s is published as %+v, held for %v", id, p, r.held[id])
			}
		}
	})

	t.Run("an item with two files", func(t *testing.T) {
		id := w.do(t, "two-files")[0]
		for range 2 {
			if r := w.read(t); r.held[id].Field != "files" || r.held[id].Value != "2" ||
				!slices.Equal(r.looks, []string{id}) {
				t.Errorf("held for %+v after a look at %v", r.held[id], r.looks)
			}
		}
		w.do(t, "one-file")
		r := w.read(t)
		if p := r.published[id]; p == nil {
			t.Errorf("held for %+v", r.held[id])
		} else if _, body := get(t, p.URL); int64(len(body)) != p.Size {
			t.Errorf("%d bytes, want %d", len(body), p.Size)
		}
	})

	t.Run("a package uploaded again", func(t *testing.T) {
		r := w.read(t)
		id := w.do(t, "upload-again")[0]
		old := r.published[id]
		if resp, _ := get(t, old.URL); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("the old file answers %d until the next build", resp.StatusCode)
		}
		r = w.read(t)
		p := r.published[id]
		if !slices.Equal(r.looks, []string{id}) || p.URL == old.URL || p.Size != 6*20000 {
			t.Errorf("%+v after a look at %v", p, r.looks)
		}
		_, body := get(t, p.URL)
		resumes(t, p.URL, body)
	})

	t.Run("a release signed and uploaded again", func(t *testing.T) {
		id := w.do(t, "sign")[0]
		r := w.read(t)
		if p := r.published[id]; p == nil || p.Size != 7*9000 || p.Release != "5.10.0" || p.PreRelease ||
			!slices.Equal(r.looks, []string{id}) {
			t.Errorf("%+v, held for %v, after a look at %v", p, r.held[id], r.looks)
		}
	})

	t.Run("drafts promoted by a copy", func(t *testing.T) {
		ids := w.do(t, "promote")
		r := w.read(t)
		for _, id := range ids {
			p := r.published[id]
			if p == nil || p.Release != "5.12.0" || !strings.HasPrefix(p.FileName, "Aurora-5.12.0-") {
				t.Fatalf("%+v, held for %v", p, r.held[id])
			}
			resp, _ := get(t, p.URL)
			if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err != nil ||
				params["filename"] != p.FileName {
				t.Errorf("the name of a download is %q (%v), want %q", params["filename"], err, p.FileName)
			}
		}
		if len(r.Warnings) != 0 { // drafts next to their releases cause no warning
			t.Errorf("warnings %q", r.Warnings)
		}
	})

	t.Run("two packages of one build", func(t *testing.T) {
		w.do(t, "twin")
		if r := w.read(t); len(r.Warnings) != 1 ||
			!strings.HasPrefix(r.Warnings[0], "1 package with the same system, architecture and revision as another") {
			t.Errorf("warnings %q", r.Warnings)
		}
		w.do(t, "delete-twin")
		if r := w.read(t); len(r.Warnings) != 0 {
			t.Errorf("warnings %q", r.Warnings)
		}
	})

	t.Run("a package deleted while the listing is read", func(t *testing.T) {
		id := w.do(t, "new")[0]
		w.hook = func() { w.do(t, "delete-new") }
		r := w.read(t)
		if h := r.held[id]; h.Reason != "deleted while the listing was read" {
			t.Errorf("%+v, published %v", h, r.published[id])
		}
		if r := w.read(t); r.held[id].ID != "" || r.published[id] != nil {
			t.Errorf("the deleted package is still listed: %+v, %v", r.held[id], r.published[id])
		}
	})

	t.Run("other addresses of downloads", func(t *testing.T) {
		for _, how := range []source.GirderDownload{source.GirderItem, source.GirderHash} {
			o := w.options()
			o.Girder.Download = how
			s, err := sources.Choose(w.api, o)
			if err != nil {
				t.Fatal(err)
			}
			list, err := s.Read(t.Context(), w.memory)
			if err != nil {
				t.Fatal(err)
			}
			published, _ := catalog.Publish(testutil.Scheme(t), list.Spelling, list.Records)
			resp, body := get(t, published[0].URL)
			if sum := sha512.Sum512(body); resp.StatusCode != http.StatusOK ||
				hex.EncodeToString(sum[:]) != published[0].SHA512 {
				t.Errorf("%s: %s answers %d", how, published[0].URL, resp.StatusCode)
			}
		}
	})

	t.Run("wrong settings", func(t *testing.T) {
		tests := []struct{ name, api, app, want, hint string }{
			{"no such application", w.api, "000000000000000000000000",
				`the server has no application "000000000000000000000000"`, "Check app"},
			{"not an id", w.api, "aurora", `the server has no application "aurora"`, "Check app"},
			{"not the API", w.api + "/v1", w.app, "the server answered 404", "/api/v1"},
			{"not the API at all", strings.TrimSuffix(w.api, "/api/v1"), w.app, "the server answered 404", "/api/v1"},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				o := w.options()
				o.Girder.App = test.app
				s, err := sources.Choose(test.api, o)
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.Read(t.Context(), nil)
				if hints := fault.Hints(err); err == nil || !strings.Contains(err.Error(), test.want) ||
					len(hints) != 1 || !strings.Contains(hints[0], test.hint) {
					t.Errorf("error %v, hints %q", err, hints)
				}
			})
		}
	})

	t.Run("a private application", func(t *testing.T) {
		answer := w.do(t, "hidden")
		private := &world{t: t, api: w.api, app: answer[0], now: w.now}
		if r := private.read(t); len(r.published) != 0 || len(r.held) != 3 {
			t.Errorf("%d published, held %v", len(r.published), r.held)
		}
		private.header = http.Header{"Girder-Token": {w.do(t, "token")[0]}}
		if r := private.read(t); len(r.published) != 3 {
			t.Errorf("signed in: %d published, held %v", len(r.published), r.held)
		}
	})
}

func get(t *testing.T, url string) (*http.Response, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// resumes downloads the second half of a file with curl -C -.
func resumes(t *testing.T, url string, body []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(path, body[:len(body)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("curl", "-sS", "-C", "-", "-o", path, url).CombinedOutput(); err != nil {
		t.Errorf("curl -C - %s: %v\n%s", url, err, out)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, body) {
		t.Errorf("curl -C - %s: %d bytes, want %d (error %v)", url, len(got), len(body), err)
	}
}
