// Package deploy tests deploys with a real S3 server and with the client of the AWS SDK.
package deploy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/deploy/kvserver"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/deploy/remote"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/tools/gateway"
)

const bucketName = "site"

// cloud is a bucket and a key-value store.
type cloud struct {
	*gateway.Server
	keys *kvserver.Server
}

// start starts both, creates the bucket, and sets the environment variables for them.
func start(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{gateway.Start(t), kvserver.New()}
	if _, err := c.Client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucketName)}); err != nil {
		t.Fatal(err)
	}
	keys := httptest.NewServer(c.keys)
	t.Cleanup(keys.Close)
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	nothing := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": gateway.Access, "AWS_SECRET_ACCESS_KEY": gateway.Secret, "AWS_REGION": "us-east-1",
		"AWS_ENDPOINT_URL_S3":                       "http://" + c.API,
		"AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE": keys.URL,
	} {
		t.Setenv(name, value)
	}
	return c
}

// connect returns a client with the credentials in the environment.
func connect(t *testing.T) *remote.Client {
	t.Helper()
	c, err := remote.Connect(t.Context(), remote.Options{Attempts: 2, MaxBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// opener returns a function that opens data.
func opener(data []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

func TestBucket(t *testing.T) {
	c := start(t)
	b, ctx := connect(t).Bucket(bucketName), t.Context()
	headers := objects.Headers{
		"Content-Type": "application/pdf", "Cache-Control": "public, max-age=60",
		"Content-Disposition": "attachment", "Content-Language": "en",
	}
	large := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16+1) // three parts, the last one short
	for key, data := range map[string][]byte{"o/empty": {}, "o/small.pdf": []byte("small"), "o/large.pdf": large} {
		if err := b.Put(ctx, key, int64(len(data)), headers, opener(data)); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		if got, err := b.Get(ctx, key); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: got %d bytes, want %d, %v", key, len(got), len(data), err)
		}
		head, err := c.Client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(bucketName), Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		got := objects.Headers{
			"Content-Type": aws.ToString(head.ContentType), "Cache-Control": aws.ToString(head.CacheControl),
			"Content-Disposition": aws.ToString(head.ContentDisposition),
			"Content-Language":    aws.ToString(head.ContentLanguage),
		}
		if diff := cmp.Diff(headers, got); diff != "" {
			t.Errorf("%s: headers (-want +got):\n%s", key, diff)
		}
	}
	if has, err := b.Has(ctx, "o/none"); has || err != nil {
		t.Errorf("has a missing object: %v, %v", has, err)
	}
	if has, err := b.Has(ctx, "o/empty"); !has || err != nil {
		t.Errorf("has an object: %v, %v", has, err)
	}
	if _, err := b.Get(ctx, "o/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get a missing object: %v", err)
	}
	list := func() (keys []string) {
		t.Helper()
		if err := b.List(ctx, "o/", func(o live.Listed) error {
			keys = append(keys, fmt.Sprint(o.Key, " ", o.Size))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return keys
	}
	want := []string{"o/empty 0", fmt.Sprint("o/large.pdf ", len(large)), "o/small.pdf 5"}
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	// A large file that changes while it is uploaded: no object, and no parts that cost money.
	broken := errors.New("the file has changed")
	err := b.Put(ctx, "o/broken", int64(len(large)), headers, func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(large[:10<<20]), errReader{broken})), nil
	})
	if !errors.Is(err, broken) {
		t.Errorf("a broken upload: %v", err)
	}
	parts, err := c.Client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: aws.String(bucketName)})
	if err != nil || len(parts.Uploads) != 0 {
		t.Errorf("parts remain: %v, %v", parts, err)
	}
	if err := b.Delete(ctx, []string{"o/large.pdf", "o/small.pdf", "o/none"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"o/empty 0"}, list()); diff != "" {
		t.Errorf("list after the deletion (-want +got):\n%s", diff)
	}
}

// errReader is a reader that fails.
type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// TestBucketPages lists and deletes more objects than one call can, which is 1,000.
func TestBucketPages(t *testing.T) {
	start(t)
	b, ctx := connect(t).Bucket(bucketName), t.Context()
	var want, got []string
	for i := range 1001 {
		want = append(want, fmt.Sprintf("o/%04d", i))
		if err := b.Put(ctx, want[i], 1, objects.Headers{"Content-Type": "text/plain"}, opener([]byte("x"))); err != nil {
			t.Fatal(err)
		}
	}
	read := func() {
		t.Helper()
		got = nil
		if err := b.List(ctx, "o/", func(o live.Listed) error {
			got = append(got, o.Key)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if read(); !slices.Equal(want, got) {
		t.Errorf("%d objects, want %d", len(got), len(want))
	}
	if err := b.Delete(ctx, want); err != nil {
		t.Fatal(err)
	}
	if read(); len(got) != 0 {
		t.Errorf("%d objects remain", len(got))
	}
}

func TestErrors(t *testing.T) {
	c := start(t)
	c.AddUser(t, "stranger", "strange")
	for _, tt := range []struct{ name, bucket, access, secret, text, hint string }{
		{"no such bucket", "nowhere", gateway.Access, gateway.Secret, "NoSuchBucket", "bucket"},
		{"wrong secret", bucketName, gateway.Access, "wrong", "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"},
		{"unknown user", bucketName, "nobody", "wrong", "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"},
		{"no permission", bucketName, "stranger", "strange", "AccessDenied", "permission"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", tt.access)
			t.Setenv("AWS_SECRET_ACCESS_KEY", tt.secret)
			b := connect(t).Bucket(tt.bucket)
			err := b.Put(t.Context(), "o/x", 1, objects.Headers{"Content-Type": "text/plain"}, opener([]byte("x")))
			if fault.KindOf(err) != fault.Remote || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v of kind %v, want %q", err, fault.KindOf(err), tt.text)
			}
			if hints := fault.Hints(err); len(hints) != 1 || !strings.Contains(hints[0], tt.hint) {
				t.Errorf("hints %q, want %q", hints, tt.hint)
			}
		})
	}
}

// site returns a site of one node, which lists its files.
func site(files map[string]string) *live.Site {
	s := &live.Site{
		Content: func(o objects.Object) (io.ReadCloser, error) { return opener([]byte(files[o.Path]))() },
		Compile: func(paths map[string]string) (live.Tree, error) {
			var node strings.Builder
			for _, path := range slices.Sorted(maps.Keys(paths)) {
				fmt.Fprintln(&node, path, paths[path])
			}
			key := fmt.Sprintf("n/%.8x", sha256.Sum256([]byte(node.String())))
			return live.Tree{
				Root: key, Nodes: map[string]string{key: node.String()}, Objects: slices.Sorted(maps.Values(paths)),
			}, nil
		},
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		s.Objects = append(s.Objects, objects.New(path, int64(len(files[path])), sha256.Sum256([]byte(files[path])),
			objects.Headers{"Content-Type": "text/html"}))
	}
	return s
}

// TestDeploy deploys a site, a change and nothing, and rolls back.
func TestDeploy(t *testing.T) {
	c := start(t)
	client := connect(t)
	serial := 0
	l := &live.Live{
		Bucket: client.Bucket(bucketName), Store: client.Store(kvserver.ARN), MaxSize: 5_000_000, Jobs: 4,
		RootKey: func(edition string) string { return "root/" + edition },
		IsNode:  func(key string) bool { return strings.HasPrefix(key, "n/") },
		Now:     time.Now, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Random: func() string { serial++; return fmt.Sprintf("%08x", serial) },
		Log:    slog.New(slog.DiscardHandler),
	}
	deploy := func(files map[string]string) (*live.Plan, int64) {
		t.Helper()
		before := client.Usage.Requests()
		p, err := l.Plan(t.Context(), live.Production, site(files), nil)
		if err == nil {
			err = l.Apply(t.Context(), p)
		}
		if err == nil && !p.Unchanged {
			_, err = l.Collect(t.Context(), p.Record.ID,
				live.Keep{Deploys: 20, Grace: 24 * time.Hour, MaxDeletes: 1000}, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		return p, client.Usage.Requests() - before
	}
	see := func(want map[string]string) {
		t.Helper()
		root, _ := c.keys.Get("root/" + live.Production)
		node, _ := c.keys.Get(root)
		got := map[string]string{}
		for line := range strings.Lines(node) {
			path, key, _ := strings.Cut(strings.TrimSpace(line), " ")
			data, err := client.Bucket(bucketName).Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			got[path] = string(data)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("visitors see (-want +got):\n%s", diff)
		}
	}
	first := map[string]string{"index.html": "home", "about.html": "about"}
	p, n := deploy(first)
	see(first)
	t.Logf("first deploy: %d objects, %d requests", len(p.Upload), n)
	if p, n := deploy(first); !p.Unchanged || n != 1 {
		t.Errorf("the same site again: unchanged %v, %d requests, want 1", p.Unchanged, n)
	}
	second := map[string]string{"index.html": "new home", "about.html": "about"}
	p, n = deploy(second)
	see(second)
	t.Logf("one page: %d objects, %d requests", len(p.Upload), n)
	id, err := l.Earlier(t.Context(), live.Production)
	if err != nil {
		t.Fatal(err)
	}
	back, err := l.PlanAgain(t.Context(), live.Production, id, live.Facts{})
	if err == nil {
		err = l.Apply(t.Context(), back)
	}
	if err != nil {
		t.Fatal(err)
	}
	see(first)
	if err := client.Bucket(bucketName).Delete(t.Context(), []string{p.Upload[0].Key}); err != nil {
		t.Fatal(err)
	}
	again, err := l.PlanAgain(t.Context(), live.Production, p.Record.ID, live.Facts{})
	if err != nil {
		t.Fatal(err)
	}
	if _, gone := errors.AsType[*live.GoneError](l.Apply(t.Context(), again)); !gone {
		t.Error("a deploy whose objects are gone became live")
	}
	see(first)
}
