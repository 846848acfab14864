// Package s3website tests the redirects compiled for S3 with the website endpoint of a real S3 server. It is in a
// separate module because the server, versitygw, and the AWS SDK have ninety dependencies.
package s3website

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
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

// publish creates a bucket with the compiled redirects. It returns the keys that the server cannot store: versitygw
// keeps objects as files, and a folder cannot have the same name as a file. If the keys are releases/5.2 and
// releases/5.2/notes, releases/5.2 is skipped.
func (s server) publish(t *testing.T, bucket string, tab *redirect.Table) (skipped map[string]bool) {
	t.Helper()
	ctx := context.Background()
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
	_, err = s.Client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: aws.String("404.html"), Body: strings.NewReader("error 404"),
		ContentType: aws.String("text/html"),
	})
	do(err)
	skipped = map[string]bool{}
	compiled := servers3.Server{}.Compile(tab)
	do(compiled.Err())
	for _, f := range compiled.Files {
		if f.Path == "s3/lookup.json" || f.Path == "s3/download.html" {
			continue
		}
		if f.Path == "s3/website.json" {
			var config types.WebsiteConfiguration
			do(json.Unmarshal(f.Data, &config))
			_, err := s.Client.PutBucketWebsite(ctx,
				&s3.PutBucketWebsiteInput{Bucket: &bucket, WebsiteConfiguration: &config})
			do(err)
			continue
		}
		lines := bufio.NewScanner(strings.NewReader(string(f.Data)))
		lines.Buffer(nil, 1<<20)
		lines.Scan() // the first line describes the file
		var objects []servers3.Object
		for lines.Scan() {
			var o servers3.Object
			do(json.Unmarshal(lines.Bytes(), &o))
			if o.Location == "" {
				s.put(t, bucket, lines.Bytes(), compiled.Files)
				continue
			}
			objects = append(objects, o)
		}
		// The deepest keys come first, so that keys above them are skipped: rules must not hide the deeper ones.
		slices.SortFunc(objects, func(a, b servers3.Object) int {
			return cmp.Or(depth(b.Key)-depth(a.Key), strings.Compare(a.Key, b.Key))
		})
		for _, o := range objects {
			_, err := s.Client.PutObject(ctx, &s3.PutObjectInput{
				Bucket: &bucket, Key: &o.Key, WebsiteRedirectLocation: &o.Location, CacheControl: &o.CacheControl,
				Body: strings.NewReader(""),
			})
			if err != nil && isConflict(err) {
				skipped[o.Key] = true
				continue
			}
			do(err)
		}
	}
	return skipped
}

// isConflict reports whether an object cannot be stored because a file and a folder would have the same name.
func isConflict(err error) bool {
	return slices.ContainsFunc([]string{"ParentIsFile", "DirectoryObject", "ExistingObjectIsDirectory"},
		func(code string) bool { return strings.Contains(err.Error(), code) })
}

// put stores an object that is served as a file.
func (s server) put(t *testing.T, bucket string, line []byte, files []output.File) {
	t.Helper()
	var o servers3.Served
	if err := json.Unmarshal(line, &o); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Path != "s3/"+o.File {
			continue
		}
		_, err := s.Client.PutObject(context.Background(), &s3.PutObjectInput{
			Bucket: &bucket, Key: &o.Key, ContentType: &o.ContentType, CacheControl: &o.CacheControl,
			Body: bytes.NewReader(f.Data),
		})
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s has no file %s", o.Key, o.File)
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
