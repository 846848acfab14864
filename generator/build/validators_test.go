package build_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestValidatorsBelongToTheAnswer sends conditional requests for answers that come from another record after the next
// build. All files have the same modification time and the records the same size, so Nginx gives them the same ETag.
func TestValidatorsBelongToTheAnswer(t *testing.T) {
	listing := nightlyListings(t)
	dir := folder(t, listing(1, 2, 3))
	if _, err := run(t, dir, nil); err != nil {
		t.Fatal(err)
	}
	sameTime := time.Date(2026, 11, 22, 17, 9, 0, 0, time.UTC)
	setTimes := func() {
		err := filepath.WalkDir(filepath.Join(dir, "public"), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				err = os.Chtimes(path, sameTime, sameTime)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	setTimes()
	n := testutil.StartNginx(t, filepath.Join(dir, "public"), filepath.Join(dir, "redirects"))
	client := testutil.Client()
	ask := func(method, path string, headers map[string]string) response {
		t.Helper()
		req, err := http.NewRequest(method, n.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range headers {
			req.Header.Set(name, value)
		}
		res, body := testutil.Send(t, client, req)
		return response{res, body}
	}

	record := ask("GET", "/api/v1/packages/"+nightlyID(3, 0)+".json", nil)
	etag, modified := record.Header.Get("ETag"), record.Header.Get("Last-Modified")
	if etag == "" || modified != sameTime.Format(http.TimeFormat) {
		t.Fatalf("a record has ETag %q and Last-Modified %q", etag, modified)
	}
	other := ask("GET", "/api/v1/packages/"+nightlyID(2, 0)+".json", nil)
	if other.Header.Get("ETag") != etag || other.body == record.body {
		t.Fatal("two records have different ETags: this test needs equal ones")
	}
	conditions := []map[string]string{
		nil,
		{"If-None-Match": etag},
		{"If-None-Match": "W/" + etag},
		{"If-Modified-Since": modified},
		{"If-None-Match": etag, "If-Modified-Since": modified},
	}
	picked := []string{ // answers that change
		"/find?stability=nightly&os=win", "/find?stability=nightly&os=win&offset=-1", "/latest/win/nightly.json",
		"/findall", "/findall?stability=nightly&os=win&offset=-1", "/?stability=nightly&os=win",
		"/?stability=nightly&os=win&offset=-1",
	}
	answers := map[string]string{}
	check := func(path string) {
		t.Helper()
		for _, condition := range conditions {
			for _, method := range []string{"GET", "HEAD"} {
				res := ask(method, path, condition)
				if res.StatusCode != 200 {
					t.Errorf("%s %s, %v: status %d", method, path, condition, res.StatusCode)
				}
				for _, name := range []string{"ETag", "Last-Modified"} {
					if values := res.Header.Values(name); len(values) > 0 {
						t.Errorf("%s %s has %s: %q", method, path, name, values)
					}
				}
				switch {
				case method == "HEAD":
				case condition == nil:
					answers[path] = res.body
				case res.body != answers[path]:
					t.Errorf("GET %s, %v: another answer", path, condition)
				}
			}
		}
	}
	for _, path := range picked {
		check(path)
	}

	// What has an address of its own keeps its validators.
	for _, path := range []string{
		"/", "/releases/5.12.4/", "/api/v1/packages/" + nightlyID(3, 0) + ".json", "/api/v1/latest.json",
	} {
		whole := ask("GET", path, nil)
		etag, modified := whole.Header.Get("ETag"), whole.Header.Get("Last-Modified")
		if whole.StatusCode != 200 || etag == "" || modified == "" {
			t.Errorf("%s: status %d, ETag %q, Last-Modified %q", path, whole.StatusCode, etag, modified)
		}
		for _, condition := range []map[string]string{{"If-None-Match": etag}, {"If-Modified-Since": modified}} {
			if res := ask("GET", path, condition); res.StatusCode != 304 {
				t.Errorf("%s, %v: status %d", path, condition, res.StatusCode)
			}
		}
	}

	// The newest build is withdrawn.
	if err := os.WriteFile(filepath.Join(dir, "listing.json"), listing(1, 2), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, dir, map[string][]string{"force": {"true"}}); err != nil {
		t.Fatal(err)
	}
	setTimes()
	n.Reload(t)
	before := answers
	answers = map[string]string{}
	for _, path := range picked {
		check(path)
		if answers[path] == before[path] || answers[path] == "" {
			t.Errorf("%s: the answer has not changed", path)
		}
	}
	if answers[picked[0]] != before[picked[1]] {
		t.Error("the newest build is not the one before the withdrawn one")
	}
}
