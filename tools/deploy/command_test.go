package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Slicer/sitegen/generator/deploy/kvserver"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
	"github.com/Slicer/sitegen/tools/gateway"
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
	w.page("hello", "first text")
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
	Target               string
	Deploy, Previous, Of string
	Unchanged            bool
	Configuration        bool
	Files                struct{ Added, Changed, Removed []string }
	Objects              struct{ Uploaded, Kept int }
	Store                struct{ Keys, Calls int }
	Collected            struct{ Deploys, Objects, Keys, Later int }
	Damage               *damage
	Requests             struct{ Reads, Writes, Deletes, Store int }
	Seconds              float64 `json:"duration_seconds"`
}

type damage struct {
	Objects, Keys int
	Configuration bool
}

func (r *report) requests() int {
	n := r.Requests
	return n.Reads + n.Writes + n.Deletes + n.Store
}

// deploy runs sitegen deploy.
func (w *world) deploy(args ...string) *report {
	w.t.Helper()
	r := &report{}
	w.json(r, append([]string{"deploy"}, args...)...)
	return r
}

// json runs the program with --json and decodes what it prints.
func (w *world) json(v any, args ...string) {
	w.t.Helper()
	out, _ := w.run(0, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), v); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
}

// live returns the ids of the deploys that are live.
func (w *world) live() (ids []string) {
	w.t.Helper()
	var list []struct {
		ID   string
		Live bool
	}
	w.json(&list, "deploy", "list")
	for _, d := range list {
		if d.Live {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// list returns the keys of the bucket with a prefix, of which there are less than 1,000.
func (w *world) list(prefix string) (keys []string) {
	w.t.Helper()
	page, err := w.Client.ListObjectsV2(w.t.Context(), &s3.ListObjectsV2Input{
		Bucket: aws.String(bucketName), Prefix: &prefix,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range page.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

// remove removes an object of the bucket.
func (w *world) remove(key string) {
	w.t.Helper()
	if err := connect(w.t).Bucket(bucketName).Delete(w.t.Context(), []string{key}); err != nil {
		w.t.Fatal(err)
	}
}

// page writes a page of the site folder.
func (w *world) page(name, text string) {
	w.t.Helper()
	w.write("content/"+name+".md", "---\ntitle: "+name+"\n---\n\n"+text+"\n")
}

// seeAll checks that visitors see all files of the public folder.
func (w *world) seeAll() {
	w.t.Helper()
	public := os.DirFS(filepath.Join(w.dir, "public"))
	err := fs.WalkDir(public, ".", func(path string, d fs.DirEntry, err error) error {
		if d.Name() == "-" {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || strings.HasPrefix(path, ".") || // hidden
			slices.Contains([]string{".gz", ".br"}, filepath.Ext(path)) {
			return err
		}
		data, err := fs.ReadFile(public, path)
		if err == nil {
			w.see(production, "/"+strings.TrimSuffix(path, "index.html"), 200, string(data))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// see checks the answer of the edge to a request for a path on a host. want is a part of the page, or the target of the
// redirect. It returns the headers.
func (w *world) see(host, path string, status int, want string) http.Header {
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
	return res.Header
}

// TestCommand follows a site through its first deploys.
func TestCommand(t *testing.T) {
	w := newWorld(t)
	r := w.deploy("--dry-run")
	if keys := w.keys.Keys(); len(keys) != 0 || len(w.list("")) != 0 || r.Deploy != "" || len(r.Files.Added) == 0 {
		t.Errorf("a dry run has written %d keys: %+v", len(keys), r)
	}
	planned := r.requests()
	first := w.deploy()
	if first.Objects.Uploaded == 0 || first.Objects.Kept != 0 || first.requests() != planned {
		t.Errorf("first deploy: %d requests, planned %d: %+v", first.requests(), planned, first)
	}
	t.Logf("first deploy: %d objects, %d keys, %d requests, %.2f s", first.Objects.Uploaded, first.Store.Keys,
		first.requests(), first.Seconds)
	w.see(production, "/hello/", 200, "first text")
	w.see(production, "/old", 301, "/hello/")
	w.see(production, "/download?os=linux&stability=release", 302, "")
	w.see(production, "/nothing/here", 404, "")

	before := w.keys.Calls()
	r = w.deploy()
	if !r.Unchanged || r.requests() != 1 || r.Deploy != first.Deploy || w.keys.Calls() != before+1 {
		t.Errorf("the same site again: %d requests, want 1: %+v", r.requests(), r)
	}
	t.Logf("unchanged: %d request, %.2f s", r.requests(), r.Seconds)

	w.page("hello", "second text")
	w.run(0, "build", "--quiet")
	planned = w.deploy("--dry-run").requests()
	r = w.deploy()
	if !slices.Equal(r.Files.Changed, []string{"hello/index.html"}) || r.Objects.Uploaded != 1 ||
		r.Previous != first.Deploy || r.requests() != planned {
		t.Errorf("one page: %d requests, planned %d: %+v", r.requests(), planned, r)
	}
	t.Logf("one page: %d keys, %d requests", r.Store.Keys, r.requests())
	w.see(production, "/hello/", 200, "second text")

	w.write("sitegen.yaml", siteConfig+"  headers: ['/hello/* Cache-Control: no-cache']\n")
	r = w.deploy()
	if !slices.Equal(r.Files.Changed, []string{"hello/index.html"}) || r.Objects.Uploaded != 1 {
		t.Errorf("one header: %+v", r)
	}
	if got := w.see(production, "/hello/", 200, "second text").Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control: %q", got)
	}

	w.write("redirects/rules.txt", "/old  /releases/  301\n")
	if _, messages := w.run(2, "deploy"); !strings.Contains(messages, "Run sitegen build first") {
		t.Errorf("rules have changed since the build: %s", messages)
	}
	w.run(0, "build", "--quiet")
	if r = w.deploy(); r.Objects.Uploaded != 0 || len(r.Files.Changed) != 0 {
		t.Errorf("one rule: %+v", r)
	}
	w.see(production, "/old", 301, "/releases/")

	if err := os.Remove(filepath.Join(w.dir, "content", "hello.md")); err != nil {
		t.Fatal(err)
	}
	w.run(0, "build", "--quiet")
	if r = w.deploy(); !slices.Contains(r.Files.Removed, "hello/index.html") {
		t.Errorf("a deletion: %+v", r)
	}
	w.see(production, "/hello/", 404, "")
}

// TestHistory rolls back, describes deploys, and promotes an edition.
func TestHistory(t *testing.T) {
	w := newWorld(t)
	first := w.deploy()
	if _, messages := w.run(2, "deploy", "rollback"); !strings.Contains(messages, "there is no earlier deploy") {
		t.Errorf("rollback after the first deploy: %s", messages)
	}
	w.page("hello", "second text")
	w.write("redirects/rules.txt", "/old  /releases/  301\n")
	w.run(0, "build", "--quiet")
	second := w.deploy()

	var d struct {
		Previous  string
		Live      bool
		Changes   struct{ Changed []string }
		Redirects struct{ Added, Removed []string }
	}
	w.json(&d, "deploy", "show", second.Deploy)
	if d.Previous != first.Deploy || !d.Live || !slices.Equal(d.Changes.Changed, []string{"hello/index.html"}) ||
		!slices.Equal(d.Redirects.Added, []string{"rule /old /releases/ 301"}) ||
		!slices.Equal(d.Redirects.Removed, []string{"rule /old /hello/ 301"}) {
		t.Errorf("show: %+v", d)
	}

	planned := &report{}
	w.json(planned, "deploy", "rollback", "--dry-run")
	w.see(production, "/hello/", 200, "second text")
	back := &report{}
	w.json(back, "deploy", "rollback")
	if back.Of != first.Deploy || back.Objects.Uploaded != 0 || back.requests() != planned.requests() {
		t.Errorf("rollback: %d requests, planned %d: %+v", back.requests(), planned.requests(), back)
	}
	t.Logf("rollback: %d keys, %d requests", back.Store.Keys, back.requests())
	w.see(production, "/hello/", 200, "first text")
	w.see(production, "/old", 301, "/hello/")
	if got := w.live(); !slices.Equal(got, []string{back.Deploy}) {
		t.Errorf("live: %s", got)
	}
	w.run(2, "deploy", "rollback", "20261126T084652Z-production-00000000")

	w.write("sitegen.yaml", siteConfig+"  hosts: [staging.example.org staging]\n")
	w.page("hello", "third text")
	w.run(0, "build", "--quiet")
	// Until production is deployed with deploy.hosts, it does not look for editions.
	if _, messages := w.run(0, "deploy", "--edition", "staging", "--dry-run"); !strings.Contains(messages,
		"edition staging is not visible yet: production was deployed without deploy.hosts") {
		t.Errorf("the first deploy of an edition says\n%s", messages)
	}
	staged := w.deploy("--edition", "staging")
	if staged.Objects.Uploaded != 1 {
		t.Errorf("staging shares nothing with production: %+v", staged)
	}
	w.see(production, "/hello/", 200, "first text")
	w.see(staging, "/hello/", 200, "first text")
	promoted := &report{}
	w.json(promoted, "deploy", "promote", "staging")
	if promoted.Of != staged.Deploy || promoted.Objects.Uploaded != 0 || promoted.Previous != back.Deploy {
		t.Errorf("promote: %+v", promoted)
	}
	w.see(production, "/hello/", 200, "third text")
	if r := w.deploy(); !r.Unchanged || r.requests() != 1 {
		t.Errorf("the promoted site again: %+v", r)
	}
	w.page("hello", "fourth text")
	w.run(0, "build", "--quiet")
	if _, messages := w.run(0, "deploy", "--edition", "staging"); messages != "" {
		t.Errorf("a later deploy of an edition says\n%s", messages)
	}
	w.see(staging, "/hello/", 200, "fourth text")
	w.see(production, "/hello/", 200, "third text")
	if got := w.live(); len(got) != 2 {
		t.Errorf("live: %s", got)
	}
	_, messages := w.run(2, "deploy", "promote", "nothing")
	if !strings.Contains(messages, "nothing has been deployed") {
		t.Errorf("promote a missing edition: %s", messages)
	}
}

// TestVerify loses objects, keys and records, and mends them.
func TestVerify(t *testing.T) {
	w := newWorld(t)
	first := w.deploy()
	if r := w.deploy("--verify"); !r.Unchanged || r.Damage == nil || r.Damage.Objects+r.Damage.Keys != 0 {
		t.Errorf("nothing is missing: %+v", r)
	}
	lose := func() {
		t.Helper()
		objects, keys := 0, 0
		for _, key := range w.list("o/") {
			if objects < 3 && !strings.HasSuffix(key, ".gz") { // without that of its record, a deploy is made again
				w.remove(key)
				objects++
			}
		}
		store := connect(t).Store(kvserver.ARN)
		v, err := store.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var changes []live.Change
		for key := range w.keys.Keys() {
			if !strings.HasPrefix(key, "deploy") && keys < 5 {
				changes = append(changes, live.Change{Key: key, Delete: true})
				keys++
			}
		}
		if _, err := store.Update(t.Context(), v.ETag, changes); err != nil {
			t.Fatal(err)
		}
	}
	lose()
	if r := w.deploy(); !r.Unchanged {
		t.Errorf("without --verify: %+v", r)
	}
	if r := w.deploy("--verify", "--dry-run"); r.Damage.Objects != 3 || r.Damage.Keys != 5 {
		t.Errorf("a dry run: %+v %+v", r, r.Damage)
	}
	if r := w.deploy("--verify"); r.Damage.Objects != 3 || r.Damage.Keys != 5 || r.Deploy != first.Deploy {
		t.Errorf("mended: %+v %+v", r, r.Damage)
	}
	w.seeAll()
	if r := w.deploy("--verify"); !r.Unchanged || r.Damage.Objects+r.Damage.Keys != 0 {
		t.Errorf("after it: %+v %+v", r, r.Damage)
	}

	// The built site is another one, and has not all that is missing.
	w.page("hello", "second text")
	w.run(0, "build", "--quiet")
	for _, key := range w.list("o/") {
		w.remove(key)
	}
	if r := w.deploy("--verify"); r.Deploy == first.Deploy || r.Objects.Kept != 0 {
		t.Errorf("all objects are lost: %+v", r)
	}
	w.seeAll()

	// The record of the live deploy is missing.
	for _, key := range w.list("deploys/") {
		w.remove(key)
	}
	if r := w.deploy("--verify"); r.Unchanged {
		t.Errorf("the record is lost: %+v", r)
	}
	w.seeAll()
}

// requirements runs sitegen deploy init, checks its exit code, and returns the status of each requirement.
func (w *world) requirements(code int) map[string]string {
	w.t.Helper()
	out, _ := w.run(code, "deploy", "init", "--json")
	var list []struct{ Name, Status, Next string }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		w.t.Fatal(err)
	}
	m := map[string]string{}
	for _, r := range list {
		m[r.Name] = r.Status
		if r.Status == "missing" && r.Next == "" {
			w.t.Errorf("%s is missing, without a next step", r.Name)
		}
	}
	return m
}

// TestInit tries the rights one by one.
func TestInit(t *testing.T) {
	w := newWorld(t)
	for name, s := range w.requirements(0) {
		if s != "ok" && s != "check" {
			t.Errorf("%s: %s", name, s)
		}
	}
	if keys, objects := w.keys.Keys(), w.list(""); len(keys) != 0 || len(objects) != 0 {
		t.Errorf("%d keys and %d objects remain", len(keys), len(objects))
	}
	w.keys.ReadOnly = true
	if got := w.requirements(9); got["write keys"] != "missing" || got["read keys"] != "ok" || got["write objects"] != "ok" {
		t.Errorf("a store that cannot be updated: %v", got)
	}
	w.keys.ReadOnly = false
	w.AddUser(t, "stranger", "strange")
	t.Setenv("AWS_ACCESS_KEY_ID", "stranger")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "strange")
	if got := w.requirements(9); got["bucket"] != "ok" || got["list objects"] != "missing" ||
		got["read objects"] != "missing" || got["delete objects"] != "missing" || got["write objects"] != "not tried" {
		t.Errorf("no rights on the bucket: %v", got)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", gateway.Access)
	t.Setenv("AWS_SECRET_ACCESS_KEY", gateway.Secret)
	t.Setenv("SITEGEN_DEPLOY_BUCKET", "nowhere")
	if got := w.requirements(9); got["bucket"] != "missing" || got["write objects"] != "not tried" {
		t.Errorf("no bucket: %v", got)
	}
}

// TestRefused checks the errors of services: a message, a hint, the exit code, and nothing half done.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	w.deploy()
	w.page("hello", "second text")
	w.run(0, "build", "--quiet")
	other := strings.Replace(kvserver.ARN, "0a1b2c3d", "ffffffff", 1)
	for _, tt := range []struct {
		name, variable, value string
		code                  int
		text, hint            string
	}{
		{"bucket", "SITEGEN_DEPLOY_BUCKET", "nowhere", 9, "bucket nowhere", "name of the bucket"},
		{"secret", "AWS_SECRET_ACCESS_KEY", "wrong", 9, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"},
		{"store", "SITEGEN_DEPLOY_STORE", other, 9, "does not exist (ResourceNotFoundException)", "ARN"},
		{"network", "AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1", 9, "connection refused", "network"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			t.Setenv(tt.variable, tt.value)
			keys, objects := w.keys.Keys(), w.list("")
			_, messages := w.run(tt.code, "deploy")
			if !strings.Contains(messages, tt.text) || !strings.Contains(messages, "hint: ") ||
				!strings.Contains(messages, tt.hint) {
				t.Errorf("want %q and a hint with %q:\n%s", tt.text, tt.hint, messages)
			}
			if !maps.Equal(keys, w.keys.Keys()) || !slices.Equal(objects, w.list("")) {
				t.Error("something was changed")
			}
		})
	}
	w.see(production, "/hello/", 200, "first text")
}
