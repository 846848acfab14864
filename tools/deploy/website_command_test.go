package deploy

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Slicer/sitegen/generator/deploy/website"
	"github.com/Slicer/sitegen/tools/gateway"
)

const websiteConfig = `source: sample
base_url: http://download.example.org
servers: [s3]
deploy:
  target: s3-website
  bucket: ` + bucketName + `
`

// newWebsite returns a world whose site has been built from the sample for the website endpoint of its bucket, but not
// deployed. before is called before each write of the manifest; it may be nil.
func newWebsite(t *testing.T, before func()) *world {
	t.Helper()
	w := &world{cloud: start(t), t: t, dir: t.TempDir()}
	policy := fmt.Sprintf(`{"Statement":[
		{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::%[1]s/*"},
		{"Effect":"Allow","Principal":"*","Action":["s3:ListBucket"],"Resource":"arn:aws:s3:::%[1]s"}]}`, bucketName)
	w.policy(policy)
	server := httptest.NewServer(newFolders(t, w.API, before))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	w.write("sitegen.yaml", websiteConfig)
	w.page("hello", "first text")
	w.write("redirects/rules.txt", "/old  /hello/  301\n")
	w.run(0, "build", "--quiet")
	return w
}

// policy sets the policy of the bucket; "" removes it.
func (w *world) policy(text string) {
	w.t.Helper()
	var err error
	if text == "" {
		_, err = w.Client.DeleteBucketPolicy(w.t.Context(), &s3.DeleteBucketPolicyInput{Bucket: aws.String(bucketName)})
	} else {
		_, err = w.Client.PutBucketPolicy(w.t.Context(), &s3.PutBucketPolicyInput{
			Bucket: aws.String(bucketName), Policy: &text,
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// folders is a proxy before versitygw, which keeps objects as files, so that it cannot store both old and
// old/index.html, the two redirect objects of a rule. The proxy keeps the latter itself.
type folders struct {
	proxy  *httputil.ReverseProxy
	before func()
	mu     sync.Mutex
	kept   map[string]bool // keys
}

func newFolders(t *testing.T, api string, before func()) *folders {
	t.Helper()
	target, err := url.Parse("http://" + api)
	if err != nil {
		t.Fatal(err)
	}
	f := &folders{before: before, kept: map[string]bool{}}
	f.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // which is signed
		},
		ModifyResponse: f.list,
		ErrorLog:       log.New(io.Discard, "", 0), // interrupted requests
	}
	return f
}

func (f *folders) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/"+bucketName+"/")
	if f.before != nil && r.Method == http.MethodPut && key == website.ManifestKey {
		f.before()
	}
	if r.Header.Get("X-Amz-Website-Redirect-Location") != "" && strings.HasSuffix(key, "/index.html") {
		f.mu.Lock()
		f.kept[key] = true
		f.mu.Unlock()
		w.Header().Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
		return
	}
	if r.Method == http.MethodPost && r.URL.Query().Has("delete") {
		f.delete(r)
	}
	f.proxy.ServeHTTP(w, r)
}

// delete forgets the objects that a request deletes.
func (f *folders) delete(r *http.Request) {
	body, _ := io.ReadAll(r.Body) // without all of it, the server refuses the request
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct{ Object []struct{ Key string } }
	_ = xml.Unmarshal(body, &in)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range in.Object {
		delete(f.kept, o.Key)
	}
}

// list adds the objects to a list, which has one page.
func (f *folders) list(r *http.Response) error {
	if !r.Request.URL.Query().Has("list-type") || r.StatusCode != http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var more strings.Builder
	for key := range f.kept {
		fmt.Fprintf(&more, `<Contents><Key>%s</Key><LastModified>2026-11-20T11:00:00Z</LastModified>`+
			`<ETag>"d41d8cd98f00b204e9800998ecf8427e"</ETag><Size>0</Size></Contents>`, key)
	}
	const end = "</ListBucketResult>"
	body = bytes.Replace(body, []byte(end), []byte(more.String()+end), 1)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", fmt.Sprint(len(body)))
	return nil
}

// ask checks what the website endpoint answers to a request for a path: the status, and a part of the page or the target
// of the redirect.
func (w *world) ask(path string, status int, want string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.Website+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Host = bucketName + "." + gateway.Domain
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
		w.t.Errorf("%s: status %d, location %q, want %d and %q in\n%.500s", path, res.StatusCode,
			res.Header.Get("Location"), status, want, body)
	}
}

// build builds the site.
func (w *world) build() {
	w.t.Helper()
	w.run(0, "build", "--quiet")
}

// lose sets the time since when the site has lost objects to two days ago, in the manifest.
func (w *world) lose() {
	w.t.Helper()
	b := connect(w.t).Website(bucketName)
	data, etag, err := b.Read(w.t.Context(), website.ManifestKey, 1<<20)
	if err != nil {
		w.t.Fatal(err)
	}
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.NewDecoder(zr).Decode(&m); err != nil {
		w.t.Fatal(err)
	}
	for _, e := range m["files"].(map[string]any) {
		if e := e.(map[string]any); e["gone"] != nil {
			e["gone"] = time.Now().Add(-48 * time.Hour).UTC().Format(time.RFC3339)
		}
	}
	var after bytes.Buffer
	zw := gzip.NewWriter(&after)
	if err := json.NewEncoder(zw).Encode(m); err != nil {
		w.t.Fatal(err)
	}
	zw.Close()
	if _, err := b.Replace(w.t.Context(), website.ManifestKey, after.Bytes(), nil, etag); err != nil {
		w.t.Fatal(err)
	}
}

// TestWebsite follows an S3 website through its first deploys.
func TestWebsite(t *testing.T) {
	w := newWebsite(t, nil)
	r := w.deploy("--dry-run")
	if len(w.list("")) != 0 || r.Deploy != "" || len(r.Files.Added) == 0 {
		t.Errorf("a dry run has written something: %+v", r)
	}
	planned := r.requests()
	first := w.deploy()
	if first.Target != "s3-website" || first.Objects.Uploaded == 0 || first.Objects.Kept != 0 || !first.Configuration ||
		first.requests() != planned {
		t.Errorf("first deploy: %d requests, planned %d: %+v", first.requests(), planned, first)
	}
	t.Logf("first deploy: %d objects, %d requests, %.2f s", first.Objects.Uploaded, first.requests(), first.Seconds)
	w.ask("/", 200, "</html>")
	w.ask("/hello/", 200, "first text")
	w.ask("/old", 301, "/hello/")
	w.ask("/download?os=linux&stability=release", 200, "</html>")
	w.ask("/latest/win", 302, "")
	w.ask("/nothing/here", 404, "</html>")

	r = w.deploy()
	if !r.Unchanged || r.requests() != 1 || r.Deploy != first.Deploy {
		t.Errorf("the same site again: %d requests, want 1: %+v", r.requests(), r)
	}

	w.page("hello", "second text")
	w.build()
	planned = w.deploy("--dry-run").requests()
	r = w.deploy()
	if !slices.Equal(r.Files.Changed, []string{"hello/index.html"}) || r.Objects.Uploaded != 1 || r.Configuration ||
		r.Previous != first.Deploy || r.requests() != planned {
		t.Errorf("one page: %d requests, planned %d: %+v", r.requests(), planned, r)
	}
	t.Logf("one page: %d requests", r.requests())
	w.ask("/hello/", 200, "second text")

	w.write("redirects/rules.txt", "/old  /releases/  301\n/docs/*  /releases/  302\n")
	if _, messages := w.run(2, "deploy"); !strings.Contains(messages, "Run sitegen build first") {
		t.Errorf("rules have changed since the build: %s", messages)
	}
	w.build()
	r = w.deploy()
	if !slices.Equal(r.Files.Changed, []string{"old", "old/index.html"}) || !r.Configuration {
		t.Errorf("rules: %+v", r)
	}
	w.ask("/old", 301, "/releases/")
	w.ask("/docs/a", 302, "/releases/")

	if err := os.Remove(filepath.Join(w.dir, "content", "hello.md")); err != nil {
		t.Fatal(err)
	}
	w.build()
	if r = w.deploy(); !slices.Equal(r.Files.Removed, []string{"hello/index.html"}) || r.Collected.Objects != 0 ||
		r.Collected.Later != 1 {
		t.Errorf("a deletion: %+v", r)
	}
	w.ask("/hello/", 200, "second text")
	if r = w.deploy(); !r.Unchanged || r.requests() != 1 {
		t.Errorf("after the deletion: %+v", r)
	}
	w.lose()
	if r = w.deploy("--max-deletes", "0"); !r.Unchanged {
		t.Errorf("nothing may be deleted: %+v", r)
	}
	planned = w.deploy("--dry-run").requests()
	w.ask("/hello/", 200, "second text")
	if r = w.deploy(); r.Collected.Objects != 1 || r.requests() != planned {
		t.Errorf("a day later: %d requests, planned %d: %+v", r.requests(), planned, r)
	}
	w.ask("/hello/", 404, "")
}

// TestWebsiteVerify loses objects, the website configuration and the manifest.
func TestWebsiteVerify(t *testing.T) {
	w := newWebsite(t, nil)
	w.deploy()
	if r := w.deploy("--verify"); !r.Unchanged || r.Damage == nil || r.Damage.Objects != 0 || r.Damage.Configuration {
		t.Errorf("nothing is missing: %+v %+v", r, r.Damage)
	}
	w.remove("hello/index.html")
	b := connect(t).Website(bucketName)
	if _, err := b.Store(t.Context(), "index.html", 4, nil, opener([]byte("hack"))); err != nil {
		t.Fatal(err)
	}
	_, err := w.Client.DeleteBucketWebsite(t.Context(), &s3.DeleteBucketWebsiteInput{Bucket: aws.String(bucketName)})
	if err != nil {
		t.Fatal(err)
	}
	if r := w.deploy(); !r.Unchanged {
		t.Errorf("without --verify: %+v", r)
	}
	planned := w.deploy("--verify", "--dry-run")
	if planned.Damage.Objects != 2 || !planned.Damage.Configuration {
		t.Errorf("a dry run: %+v %+v", planned, planned.Damage)
	}
	if r := w.deploy("--verify"); r.Damage.Objects != 2 || r.Objects.Uploaded != 2 || !r.Configuration ||
		r.requests() != planned.requests() {
		t.Errorf("put back: %d requests, planned %d: %+v %+v", r.requests(), planned.requests(), r, r.Damage)
	}
	w.ask("/hello/", 200, "first text")
	w.ask("/", 200, "</html>")

	if _, err := b.Store(t.Context(), website.ManifestKey, 4, nil, opener([]byte("hack"))); err != nil {
		t.Fatal(err)
	}
	if _, messages := w.run(9, "deploy"); !strings.Contains(messages, "hint: Run sitegen deploy --verify") {
		t.Errorf("a damaged manifest: %s", messages)
	}
	if r := w.deploy("--verify"); r.Objects.Kept != 0 || r.Damage.Objects != 1 {
		t.Errorf("a damaged manifest: %+v %+v", r, r.Damage)
	}
	if r := w.deploy(); !r.Unchanged || r.requests() != 1 {
		t.Errorf("after it: %+v", r)
	}
}

// TestWebsiteOvertaken deploys while somebody else deploys another site: the one that is later stops.
func TestWebsiteOvertaken(t *testing.T) {
	var begun atomic.Bool
	var w, other *world
	w = newWebsite(t, func() {
		if other != nil && !begun.Swap(true) {
			other.run(0, "deploy")
		}
	})
	other = &world{cloud: w.cloud, t: t, dir: t.TempDir()}
	other.write("sitegen.yaml", websiteConfig)
	other.page("hello", "their text")
	other.build()
	if _, messages := w.run(10, "deploy"); !strings.Contains(messages, "somebody else deployed in the meantime (2") ||
		!strings.Contains(messages, "hint: Run the command again") {
		t.Error(messages)
	}
	w.ask("/hello/", 200, "their text")
	w.deploy()
	w.ask("/hello/", 200, "first text")
	w.ask("/old", 301, "/hello/")
}

// TestWebsiteInit tries the rights one by one.
func TestWebsiteInit(t *testing.T) {
	w := newWebsite(t, nil)
	got := w.requirements(0)
	for name, s := range got {
		if s != "ok" && s != "check" {
			t.Errorf("%s: %s", name, s)
		}
	}
	if got["read configuration"] != "ok" || got["write configuration"] != "check" || len(w.list("")) != 0 {
		t.Errorf("before the first deploy: %v", got)
	}
	if got["public objects"] != "ok" || got["public list"] != "ok" {
		t.Errorf("a public bucket: %v", got)
	}
	w.deploy()
	if got := w.requirements(0); got["write configuration"] != "ok" {
		t.Errorf("after the first deploy: %v", got)
	}
	if r := w.deploy("--verify"); !r.Unchanged || r.Damage.Configuration {
		t.Errorf("init has changed something: %+v", r)
	}
	for policy, want := range map[string][2]string{
		"": {"missing", "missing"},
		`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::` +
			bucketName + `/*"}]}`: {"ok", "missing"},
	} {
		w.policy(policy)
		if got := w.requirements(9); got["public objects"] != want[0] || got["public list"] != want[1] {
			t.Errorf("policy %q: %v", policy, got)
		}
	}
	w.AddUser(t, "stranger", "strange")
	t.Setenv("AWS_ACCESS_KEY_ID", "stranger")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "strange")
	if got := w.requirements(9); got["bucket"] != "ok" || got["delete objects"] != "missing" ||
		got["write objects"] != "not tried" || got["read configuration"] != "missing" ||
		got["write configuration"] != "not tried" {
		t.Errorf("no rights on the bucket: %v", got)
	}
	t.Setenv("SITEGEN_DEPLOY_BUCKET", "nowhere")
	if got := w.requirements(9); got["bucket"] != "missing" || got["write configuration"] != "not tried" {
		t.Errorf("no bucket: %v", got)
	}
}
