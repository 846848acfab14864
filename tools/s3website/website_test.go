// Package s3website deploys the redirects compiled for S3 and tests them with the website endpoint of a real S3 server.
// It is in a separate module because the server, versitygw, and the AWS SDK have ninety dependencies.
package s3website

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/deploy/remote"
	"github.com/Slicer/sitegen/generator/deploy/website"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	servers3 "github.com/Slicer/sitegen/generator/redirect/servers/s3"
	"github.com/Slicer/sitegen/generator/testutil"
	"github.com/Slicer/sitegen/tools/gateway"
)

// server is a running versitygw.
type server struct {
	*gateway.Server
}

func start(t *testing.T) server { return server{gateway.Start(t)} }

// publish creates a bucket and deploys the compiled redirects. It returns the keys that the server cannot store:
// versitygw keeps objects as files, and a folder cannot have the same name as a file. If the keys are releases/5.2 and
// releases/5.2/notes, releases/5.2 is skipped.
func (s server) publish(t *testing.T, bucket string, tab *redirect.Table) (skipped map[string]bool) {
	t.Helper()
	ctx := t.Context()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Client.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: &bucket, ObjectOwnership: types.ObjectOwnershipBucketOwnerPreferred,
	})
	do(err)
	policy := fmt.Sprintf(`{"Statement":[
		{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::%[1]s/*"},
		{"Effect":"Allow","Principal":"*","Action":["s3:ListBucket"],"Resource":"arn:aws:s3:::%[1]s"}]}`, bucket)
	_, err = s.Client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy})
	do(err)

	compiled := servers3.Server{}.Compile(tab)
	do(compiled.Err())
	dir := t.TempDir()
	public, redirects := filepath.Join(dir, "public"), filepath.Join(dir, "s3")
	do(os.Mkdir(public, 0o755))
	do(os.WriteFile(filepath.Join(public, "404.html"), []byte("error 404"), 0o644))
	do(os.Mkdir(redirects, 0o755))
	for _, f := range compiled.Files {
		do(os.WriteFile(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Data, 0o644))
	}
	folder := &objects.Folder{Dir: public}
	read, err := folder.Read(ctx, 1, nil)
	do(err)
	site, err := website.Read(ctx, folder, read, redirects, 1)
	do(err)
	skipped = skip(site)

	s.SetEnv(t)
	client, err := remote.Connect(ctx, remote.Options{})
	do(err)
	w := &website.Website{
		Bucket: client.Website(bucket), Grace: 24 * time.Hour, MaxDeletes: 1000, Jobs: 4, Now: time.Now,
		Sleep:  func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Random: func() string { return "00000000" }, Log: slog.New(slog.DiscardHandler),
	}
	plan, err := w.Plan(ctx, site, nil)
	do(err)
	do(w.Apply(ctx, plan))
	before := client.Usage.Requests()
	again, err := w.Plan(ctx, site, nil)
	do(err)
	if n := client.Usage.Requests() - before; !again.Unchanged || n != 1 {
		t.Errorf("a second deploy of %s: unchanged %v, %d requests, want 1", bucket, again.Unchanged, n)
	}
	damage, err := w.Verify(ctx)
	do(err)
	if damage.Any() || damage.Foreign != 0 {
		t.Errorf("after a deploy of %s: %+v", bucket, damage)
	}
	return skipped
}

// skip removes the redirects that the server cannot store.
func skip(site *website.Site) (skipped map[string]bool) {
	files, folders := map[string]bool{}, map[string]bool{}
	fits := func(key string) bool {
		if folders[key] {
			return false
		}
		parents := []string{}
		for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
			if files[dir] {
				return false
			}
			parents = append(parents, dir)
		}
		for _, dir := range parents {
			folders[dir] = true
		}
		files[key] = true
		return true
	}
	for _, o := range site.Files {
		fits(o.Path)
	}
	// The deepest keys come first, so that keys above them are skipped: rules must not hide the deeper ones.
	slices.SortFunc(site.Redirects, func(a, b website.Redirect) int {
		return cmp.Or(depth(b.Key)-depth(a.Key), strings.Compare(a.Key, b.Key))
	})
	skipped = map[string]bool{}
	site.Redirects = slices.DeleteFunc(site.Redirects, func(r website.Redirect) bool {
		skipped[r.Key] = !fits(r.Key)
		return skipped[r.Key]
	})
	maps.DeleteFunc(skipped, func(_ string, is bool) bool { return !is })
	return skipped
}

// depth returns how deep in folders a key is. The index.html variant of a redirect comes last.
func depth(key string) int {
	if strings.HasSuffix(key, "/index.html") {
		return -1
	}
	return strings.Count(key, "/")
}

// ask returns the status and target of the response, in the form of the test pairs: "301 /docs/".
func (s server) ask(t *testing.T, bucket, request string) string {
	t.Helper()
	req, err := http.NewRequest("GET", "http://"+s.Website+request, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = bucket + "." + gateway.Domain
	client := testutil.Client()
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	location := res.Header.Get("Location")
	for _, own := range []string{"http://" + req.Host, "http://" + s.Website} {
		if rest, ok := strings.CutPrefix(location, own); ok && (rest == "" || rest[0] == '/') {
			location = rest
		}
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", res.StatusCode, location))
}

func TestPairs(t *testing.T) {
	s := start(t)
	for _, p := range testutil.Pairs(t) {
		t.Run(p.Name, func(t *testing.T) {
			list, err := redirect.Parse("rules.txt", p.Rules)
			if err != nil {
				t.Fatal(err)
			}
			skipped := s.publish(t, p.Name,
				&redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(list)})
			asked := 0
			for _, r := range p.Requests {
				want := r.WantOn("s3")
				path, _, _ := strings.Cut(r.Request, "?")
				path, err := url.PathUnescape(path)
				if err != nil {
					t.Fatal(err)
				}
				if want == "skip" || skipped[strings.TrimPrefix(path, "/")] ||
					strings.HasSuffix(path, "/") && skipped[strings.Trim(path, "/")+"/index.html"] {
					continue
				}
				if want == "-" { // neither a rule nor a file
					want = "404"
				}
				asked++
				if got := s.ask(t, p.Name, r.Request); !redirect.SameURL(got, want) {
					t.Errorf("%s: %q, want %q", r.Request, got, want)
				}
			}
			t.Logf("%d of %d requests; the file system cannot store %v", asked, len(p.Requests), skipped)
		})
	}
}

func TestCatalogue(t *testing.T) {
	s := start(t)
	x := lookup.New(testutil.Spec(t), testutil.Packages(t, "live")[:40])
	tab := &redirect.Table{Index: x, Rules: redirect.NewRules(testutil.Inherited(t, x))}
	skipped := s.publish(t, "catalogue", tab)
	for _, l := range redirect.Links(x) {
		for path, want := range map[string]string{l.Path: lookup.Location(l.Package),
			l.Path + ".json": redirect.RecordPath(l.Package)} {
			if skipped[path[1:]] {
				t.Errorf("no object %s", path)
			}
			status, location, _ := strings.Cut(s.ask(t, "catalogue", path), " ")
			if strings.HasPrefix(location, "/releases/") { // a partial version redirects to the whole one
				status, location, _ = strings.Cut(s.ask(t, "catalogue", location), " ")
			}
			if location != want || status != "301" && status != "302" {
				t.Errorf("%s: %s %s, want %s", path, status, location, want)
			}
		}
	}
	for _, path := range []string{"/download?os=win", "/find", "/api/v1/lookup.json"} {
		if got := s.ask(t, "catalogue", path); got != "200" {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, p := range x.Packages() {
		if got, want := s.ask(t, "catalogue", lookup.Location(p)), "301 "+p.URL; got != want {
			t.Errorf("%s: %s, want %s", p.ID, got, want)
		}
	}
}
