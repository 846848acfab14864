package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Slicer/sitegen/generator/deploy/kvserver"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
)

// binary is the path of the program sitegen.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sitegen")
	if err == nil {
		binary = filepath.Join(dir, "sitegen")
		build := exec.Command("go", "build", "-o", binary, "./cmd/sitegen")
		build.Dir = "../.."
		var out []byte
		if out, err = build.CombinedOutput(); err != nil {
			err = fmt.Errorf("build sitegen: %w\n%s", err, out)
		}
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// world is a site folder, the cloud that its site is deployed to, and an edge location of CloudFront before it.
type world struct {
	*cloud
	t    *testing.T
	dir  string
	edge *httptest.Server
}

// The hosts of the site's editions.
const (
	production = "download.example.org"
	staging    = "staging.example.org"
)

const siteConfig = `source: sample
base_url: https://download.example.org
deploy:
  bucket: ` + bucketName + `
  store: ` + kvserver.ARN + `
`

// newWorld returns a world whose site has been built from the sample, but not deployed.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{cloud: start(t), t: t, dir: t.TempDir()}
	function, err := cloudfront.Function()
	if err != nil {
		t.Fatal(err)
	}
	edge, err := cloudfront.NewEdge(function, w.keys.Get, w.object)
	if err != nil {
		t.Fatal(err)
	}
	w.edge = httptest.NewServer(edge)
	t.Cleanup(w.edge.Close)
	w.write("sitegen.yaml", siteConfig)
	w.write("content/hello.md", "---\ntitle: Hello\n---\n\nfirst text\n")
	w.write("redirects/rules.txt", "/old  /hello/  301\n")
	w.run(0, "build", "--quiet")
	return w
}

// object returns an object of the bucket.
func (w *world) object(key string) (emulate.Reply, bool) {
	o, err := w.Client.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucketName), Key: &key})
	if err != nil {
		return emulate.Reply{}, false
	}
	defer o.Body.Close()
	body, err := io.ReadAll(o.Body)
	if err != nil {
		return emulate.Reply{}, false
	}
	h := http.Header{"Content-Type": {aws.ToString(o.ContentType)}, "Etag": {aws.ToString(o.ETag)},
		"Cache-Control": {aws.ToString(o.CacheControl)}}
	return emulate.Reply{Status: http.StatusOK, Header: h, Body: body}, true
}

// write writes a file of the site folder.
func (w *world) write(name, text string) {
	w.t.Helper()
	place := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(place, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// run runs the program in the site folder, checks its exit code, and returns what it prints.
func (w *world) run(code int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	var out, messages bytes.Buffer
	cmd := exec.CommandContext(w.t.Context(), binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, &out, &messages
	err := cmd.Run()
	if failed, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		w.t.Fatal(err)
	} else if cmd.ProcessState.ExitCode() != code {
		w.t.Fatalf("sitegen %s: exit code %d, want %d (%v)\n%s%s", strings.Join(args, " "),
			cmd.ProcessState.ExitCode(), code, failed, &out, &messages)
	}
	return out.String(), messages.String()
}

// report is the part of a deploy's report that the tests use.
type report struct {
	Deploy, Previous, Of string
	Unchanged            bool
	Files                struct{ Added, Changed, Removed []string }
	Objects              struct{ Uploaded, Kept int }
	Store                struct{ Keys, Calls int }
	Collected            struct{ Deploys, Objects, Keys int }
	Damage               *struct{ Objects, Keys int }
	Requests             struct{ Reads, Writes, Deletes, Store int }
}

func (r *report) requests() int {
	n := r.Requests
	return n.Reads + n.Writes + n.Deletes + n.Store
}

// deploy runs sitegen deploy --json.
func (w *world) deploy(args ...string) *report {
	w.t.Helper()
	out, _ := w.run(0, append([]string{"deploy", "--json"}, args...)...)
	r := &report{}
	if err := json.Unmarshal([]byte(out), r); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	return r
}

// see checks the answer of the edge to a request for a path on a host. want is a part of the page, or the target of the
// redirect.
func (w *world) see(host, path string, status int, want string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.edge.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Host = host
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if res.StatusCode != status || !strings.Contains(res.Header.Get("Location")+string(body), want) {
		w.t.Errorf("%s%s: status %d, location %q, want %d and %q in\n%.500s", host, path, res.StatusCode,
			res.Header.Get("Location"), status, want, body)
	}
}

// TestCommand follows a site from its first deploy on.
func TestCommand(t *testing.T) {
	w := newWorld(t)
	r := w.deploy("--dry-run")
	if keys := w.keys.Keys(); len(keys) != 0 || r.Deploy != "" || len(r.Files.Added) == 0 {
		t.Errorf("a dry run has written %d keys: %+v", len(keys), r)
	}
	planned := r.requests()
	first := w.deploy()
	if first.Objects.Uploaded == 0 || first.Objects.Kept != 0 || first.requests() != planned {
		t.Errorf("first deploy: %d requests, planned %d: %+v", first.requests(), planned, first)
	}
	t.Logf("first deploy: %d objects, %d keys, %d requests", first.Objects.Uploaded, first.Store.Keys, first.requests())
	w.see(production, "/hello/", 200, "first text")
	w.see(production, "/old", 301, "/hello/")
	w.see(production, "/download?os=linux&stability=release", 302, "")
	w.see(production, "/nothing/here", 404, "")

	before := w.keys.Calls()
	if r := w.deploy(); !r.Unchanged || r.requests() != 1 || r.Deploy != first.Deploy || w.keys.Calls() != before+1 {
		t.Errorf("the same site again: %d requests, want 1: %+v", r.requests(), r)
	}

	w.write("content/hello.md", "---\ntitle: Hello\n---\n\nsecond text\n")
	w.run(0, "build", "--quiet")
	r = w.deploy()
	if len(r.Files.Changed) == 0 || r.Objects.Uploaded > len(r.Files.Changed) || r.Previous != first.Deploy {
		t.Errorf("one page: %+v", r)
	}
	t.Logf("one page: %d objects, %d keys, %d requests, %s", r.Objects.Uploaded, r.Store.Keys, r.requests(), r.Files.Changed)
	w.see(production, "/hello/", 200, "second text")
}
