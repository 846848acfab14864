package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/compare"
)

// TestCompareBucket replays a log of CloudFront, compressed, from a bucket: the requests are those of the same log in a
// file.
func TestCompareBucket(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/logs", bucket(t))
	mux.Handle("/logs/", bucket(t))
	s3 := httptest.NewServer(mux)
	defer s3.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": s3.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
	} {
		t.Setenv(name, value)
	}
	var mu sync.Mutex
	var asked []string
	site := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.RequestURI)
	}))
	defer site.Close()
	replayed := func(code int, name string) (compare.Report, []string) {
		t.Helper()
		asked = nil
		var r compare.Report
		var stdout, stderr bytes.Buffer
		args := []string{"compare", site.URL, site.URL, "--json", "--data", t.TempDir(), "--requests", name}
		if got := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr, nil); got != code {
			t.Fatalf("%s: exit code %d, want %d; %s", name, got, code, &stderr)
		}
		if code == 0 {
			if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(asked) // each server gets several requests at a time
		return r, asked
	}
	file, want := replayed(0, filepath.Join("..", "..", "testdata", "stats", "cloudfront.log.gz"))
	object, got := replayed(0, "s3://logs/cloudfront/")
	if file.Requests == 0 || file.Requests != object.Requests || file.LeftOut != object.LeftOut {
		t.Errorf("%d requests of the object, %d of the file; left out %+v and %+v", object.Requests, file.Requests,
			object.LeftOut, file.LeftOut)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-file +object):\n%s", diff)
	}
	replayed(4, "s3://none/")
	replayed(2, "ftp://logs/")
}
