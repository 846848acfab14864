package deploy

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/deploy/website"
	"github.com/Slicer/sitegen/generator/fault"
)

// TestReplace checks conditional writes: of several writers of the same version, one succeeds.
func TestReplace(t *testing.T) {
	start(t)
	w, ctx := connect(t).Website(bucketName), t.Context()
	const key = website.ManifestKey
	headers := objects.Headers{"Content-Type": "application/gzip"}
	if _, _, err := w.Read(ctx, key, 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read a missing object: %v", err)
	}
	if _, err := w.Replace(ctx, key, []byte("x"), headers, strings.Repeat("0", 32)); !errors.Is(err, website.ErrConflict) {
		t.Errorf("replace a missing object: %v", err)
	}
	etag, err := w.Replace(ctx, key, []byte("first"), headers, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Replace(ctx, key, []byte("x"), headers, ""); !errors.Is(err, website.ErrConflict) {
		t.Errorf("create an object that exists: %v", err)
	}
	if data, got, err := w.Read(ctx, key, 5); string(data) != "first" || got != etag || err != nil {
		t.Errorf("read %q with ETag %q, want %q; %v", data, got, etag, err)
	}
	if _, _, err := w.Read(ctx, key, 4); fault.KindOf(err) != fault.Remote {
		t.Errorf("read an object that is too large: %v", err)
	}
	var won atomic.Int32
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			_, err := w.Replace(ctx, key, []byte{byte(i)}, headers, etag)
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, website.ErrConflict) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 8 writers have replaced the same version", won.Load())
	}
}

// TestWebsiteBucket checks redirect objects, ETags, and website configurations.
func TestWebsiteBucket(t *testing.T) {
	c := start(t)
	w, ctx := connect(t).Website(bucketName), t.Context()
	etags := map[string]string{}
	var err error
	etags["latest"], err = w.Redirect(ctx, "latest", "/5.2", objects.Headers{"Cache-Control": "max-age=300"})
	if err != nil {
		t.Fatal(err)
	}
	large := make([]byte, 9<<20) // two parts
	etags["large"], err = w.Store(ctx, "large", int64(len(large)), objects.Headers{}, opener(large))
	if err != nil {
		t.Fatal(err)
	}
	head, err := c.Client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(bucketName), Key: aws.String("latest")})
	if err != nil || aws.ToString(head.WebsiteRedirectLocation) != "/5.2" ||
		aws.ToString(head.CacheControl) != "max-age=300" {
		t.Errorf("redirect object: %+v, %v", head, err)
	}
	listed := map[string]string{}
	err = w.List(ctx, "", func(o live.Listed) error {
		listed[o.Key] = o.ETag
		return nil
	})
	if diff := cmp.Diff(etags, listed); err != nil || diff != "" {
		t.Errorf("ETags: %v (-want +got):\n%s", err, diff)
	}
	if _, err := w.Config(ctx); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a bucket without website configuration: %v", err)
	}
	config, err := website.ParseConfig([]byte(`{"IndexDocument": {"Suffix": "index.html"},
		"ErrorDocument": {"Key": "404.html"}, "RoutingRules": [
		{"Condition": {"KeyPrefixEquals": "latest/win"}, "Redirect": {"ReplaceKeyWith": "a b", "HttpRedirectCode": "302"}},
		{"Condition": {"KeyPrefixEquals": "", "HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"Protocol": "https",
			"HostName": "example.org", "ReplaceKeyPrefixWith": "old/", "HttpRedirectCode": "301"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetConfig(ctx, config); err != nil {
		t.Fatal(err)
	}
	got, err := w.Config(ctx)
	if diff := cmp.Diff(config, got); err != nil || diff != "" {
		t.Errorf("website configuration: %v (-want +got):\n%s", err, diff)
	}
}

// TestWebsiteErrors checks that a deploy without the permissions stops before it stores anything.
func TestWebsiteErrors(t *testing.T) {
	c := start(t)
	c.AddUser(t, "stranger", "strange")
	_, err := connect(t).Website("nowhere").Config(t.Context())
	if fault.KindOf(err) != fault.Remote || !strings.Contains(err.Error(), "NoSuchBucket") {
		t.Errorf("no such bucket: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "stranger")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "strange")
	w := connect(t).Website(bucketName)
	_, _, readErr := w.Read(t.Context(), website.ManifestKey, 1)
	_, configErr := w.Config(t.Context())
	for name, err := range map[string]error{
		"read": readErr, "read configuration": configErr, "write configuration": w.SetConfig(t.Context(), &website.Config{
			IndexDocument: struct {
				Suffix string `json:"Suffix"`
			}{"index.html"},
		}),
	} {
		hints := strings.Join(fault.Hints(err), " ")
		if fault.KindOf(err) != fault.Remote || !strings.Contains(hints, "s3:PutBucketWebsite") ||
			!strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%s: %v; hints %q", name, err, hints)
		}
	}
}
