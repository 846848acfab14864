// Package s3logs tests that downloads are counted from logs in a bucket of a real S3 server.
package s3logs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/logsource"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/testutil"
	"github.com/Slicer/sitegen/tools/gateway"
)

// bucket is a bucket with logs. It records what is downloaded from it.
type bucket struct {
	*gateway.Server
	mu         sync.Mutex      // of the fields below, because logs are fetched at the same time
	downloaded []string        // keys
	busy       map[string]bool // keys whose next request is answered with 503
}

// newBucket starts a server with the bucket "logs" and sets the environment variables for it. Requests go through a
// proxy that records what is downloaded.
func newBucket(t testing.TB) *bucket {
	t.Helper()
	b := &bucket{Server: gateway.Start(t)}
	if _, err := b.Client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("logs")}); err != nil {
		t.Fatal(err)
	}
	to := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { // keeps r.Out.Host, which the signature covers
		r.Out.URL.Scheme, r.Out.URL.Host = "http", b.API
	}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key, ok := strings.CutPrefix(r.URL.Path, "/logs/"); ok && key != "" {
			b.mu.Lock()
			b.downloaded = append(b.downloaded, key)
			busy := b.busy[key]
			delete(b.busy, key)
			b.mu.Unlock()
			if busy {
				http.Error(w, "slow down", http.StatusServiceUnavailable)
				return
			}
		}
		to.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	setenv(t, login(proxy.URL))
	return b
}

// login returns the environment variables for the owner of the buckets of a server.
func login(server string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": server, "AWS_ACCESS_KEY_ID": gateway.Access, "AWS_SECRET_ACCESS_KEY": gateway.Secret,
	}
}

// setenv sets the AWS environment variables, and unsets all others.
func setenv(t testing.TB, variables map[string]string) {
	t.Helper()
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	nothing := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", nothing)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", nothing)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, value := range variables {
		t.Setenv(name, value)
	}
}

func (b *bucket) put(t testing.TB, key string, data []byte) {
	t.Helper()
	object := &s3.PutObjectInput{Bucket: aws.String("logs"), Key: &key, Body: bytes.NewReader(data)}
	if _, err := b.Client.PutObject(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

// count reads logs into the statistics in dir. It returns the table of downloads, the report and the keys downloaded.
func (b *bucket) count(t testing.TB, dir string, names ...string) (string, *stats.Report, []string) {
	t.Helper()
	b.downloaded = nil
	var buckets logsource.Buckets
	names, err := buckets.Expand(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	formats, err := accesslog.NewFormats(nil, accesslog.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := stats.Open(t.Context(), stats.Options{
		Dir: dir, Formats: formats, Packages: stats.FromCatalog(testutil.Packages(t, "live")),
		GeoIP: []string{testutil.Path("stats/city.mmdb")}, LegacyFile: "data.json", Open: buckets.Open,
		Stat: buckets.Stat,
		Now:  func() time.Time { return time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var read int64
	report, err := e.Read(t.Context(), names, func(n int64) { read = n })
	if err != nil {
		t.Fatal(err)
	}
	if size := e.Size(names); read != size || len(names) > 0 && size == 0 {
		t.Errorf("progress ended at %d of %d bytes", read, size)
	}
	var table bytes.Buffer
	if err := e.Export(context.Background(), &table, stats.Filter{}, stats.Table{Format: "tsv"}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(b.downloaded) // they are fetched at the same time
	return table.String(), report, b.downloaded
}

// pieces splits the CloudFront test log into n compressed logs. As in the logs that CloudFront delivers, each begins
// with the header lines.
func pieces(t testing.TB, n int) [][]byte {
	t.Helper()
	f, err := os.Open(testutil.Path("stats/cloudfront.log.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(bytes.Lines(text))
	head, lines := bytes.Join(lines[:2], nil), lines[2:]
	var all [][]byte
	for part := range slices.Chunk(lines, len(lines)/n+1) {
		var packed bytes.Buffer
		zw := gzip.NewWriter(&packed)
		zw.Write(head)
		zw.Write(bytes.Join(part, nil))
		if err := zw.Close(); err != nil {
			t.Fatal(err)
		}
		all = append(all, packed.Bytes())
	}
	return all
}

// truth returns the expected table of downloads.
func truth(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile(testutil.Path("stats/truth-daily.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestCount reads a bucket twice. The second run must download nothing.
func TestCount(t *testing.T) {
	b := newBucket(t)
	var keys []string
	for i, p := range pieces(t, 7) {
		keys = append(keys, fmt.Sprintf("cdn/E2.2026-10-%02d.gz", i+1))
		b.put(t, keys[i], p)
	}
	b.put(t, "cdn/E2.empty.gz", packed(t, "#Version: 1.0\n#Fields: date time\n")) // an hour without requests
	b.put(t, "cdn/folder/", nil)
	b.put(t, "other/readme.txt", []byte("not a log\n"))
	keys = append(keys, "cdn/E2.empty.gz")
	dir := t.TempDir()
	table, report, downloaded := b.count(t, dir, "s3://logs/cdn/", "s3://logs/cdn/E2")
	if diff := cmp.Diff(keys, downloaded); diff != "" {
		t.Errorf("downloaded (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(truth(t), table); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if problems := report.Problems(); len(problems) > 0 {
		t.Error(problems)
	}
	again, report, downloaded := b.count(t, dir, "s3://logs/cdn/")
	if len(downloaded) > 0 || report.New != 0 || report.Lines != 0 {
		t.Errorf("the second run downloaded %q and read %d lines", downloaded, report.Lines)
	}
	if again != table {
		t.Error("the second run changed the numbers")
	}
}

// TestChanged replaces an object. Only that object must be read again, and its first half must not count twice.
func TestChanged(t *testing.T) {
	b := newBucket(t)
	all := pieces(t, 3)
	b.put(t, "a.gz", all[0])
	b.put(t, "b.gz", all[1])
	dir := t.TempDir()
	b.count(t, dir, "s3://logs/")
	b.put(t, "b.gz", slices.Concat(all[1], all[2])) // gzip members can be concatenated
	table, _, downloaded := b.count(t, dir, "s3://logs")
	if diff := cmp.Diff([]string{"b.gz"}, downloaded); diff != "" {
		t.Errorf("downloaded (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(truth(t), table); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}

// TestRace replaces an object after it was listed. Opening it must return an error instead of the new version.
func TestRace(t *testing.T) {
	b := newBucket(t)
	b.put(t, "a.gz", packed(t, "first\n"))
	var buckets logsource.Buckets
	names, err := buckets.Expand(t.Context(), []string{"s3://logs/a"})
	if err != nil {
		t.Fatal(err)
	}
	b.put(t, "a.gz", packed(t, "second\n"))
	_, err = buckets.Open(t.Context(), names[0])
	if got := fault.Hints(err); len(got) != 1 || !strings.Contains(got[0], "has changed") {
		t.Errorf("got %v, hints %q", err, got)
	}
}

// TestKeys opens objects whose keys need escaping, and one that S3 would decompress for other clients. Each must be
// requested once: a second request means that the first one has failed, and the library has repeated it.
func TestKeys(t *testing.T) {
	b := newBucket(t)
	content := map[string][]byte{}
	for _, key := range []string{"a b+c", "ü/日", "q?x=1&y", "50%25", "hash#1", "it's (1)*!", "semi;colon:@$,="} {
		content[key] = []byte("content of " + key)
		b.put(t, key, content[key])
	}
	content["encoded.gz"] = packed(t, "text")
	if _, err := b.Client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("logs"),
		Key: aws.String("encoded.gz"), Body: bytes.NewReader(content["encoded.gz"]), ContentEncoding: aws.String("gzip"),
	}); err != nil {
		t.Fatal(err)
	}
	var buckets logsource.Buckets
	names, err := buckets.Expand(t.Context(), []string{"s3://logs/"})
	if err != nil || len(names) != len(content) {
		t.Fatalf("got %q, %v", names, err)
	}
	b.downloaded = nil
	for _, name := range names {
		r, err := buckets.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if want := content[strings.TrimPrefix(name, "s3://logs/")]; err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	if len(b.downloaded) != len(content) {
		t.Errorf("%d requests for %d objects: %q", len(b.downloaded), len(content), b.downloaded)
	}
}

// TestPages lists more keys than one response contains, which is 1000.
func TestPages(t *testing.T) {
	b := newBucket(t)
	var want []string
	for i := range 1001 {
		key := fmt.Sprintf("many/%04d", i)
		want = append(want, "s3://logs/"+key)
		b.put(t, key, []byte("x"))
	}
	var buckets logsource.Buckets
	names, err := buckets.Expand(t.Context(), []string{"-", "s3://logs/many/"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append([]string{"-"}, want...), names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// TestBusy reads a bucket whose server refuses the first request for every other object. None must be lost.
func TestBusy(t *testing.T) {
	b := newBucket(t)
	b.busy = map[string]bool{}
	for i, p := range pieces(t, 20) {
		key := fmt.Sprintf("%02d.gz", i)
		b.put(t, key, p)
		b.busy[key] = i%2 == 0
	}
	table, report, downloaded := b.count(t, t.TempDir(), "s3://logs/")
	if diff := cmp.Diff(truth(t), table); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if problems := report.Problems(); len(problems) > 0 || len(downloaded) != 30 {
		t.Errorf("problems %q after %d requests, want none after 30", problems, len(downloaded))
	}
}

func TestErrors(t *testing.T) {
	b := newBucket(t)
	server := os.Getenv("AWS_ENDPOINT_URL")
	with := func(name, value string) map[string]string {
		all := login(server)
		all[name] = value
		return all
	}
	b.put(t, "a", []byte("x"))
	for _, test := range []struct {
		name, address string
		environment   map[string]string
		kind          fault.Kind
		text, hint    string
	}{
		{"no such bucket", "s3://nowhere/logs", login(server),
			fault.Source, "list s3://nowhere/logs: ", "name of the bucket"},
		{"no such key", "s3://logs/b*", login(server),
			fault.Source, `no key begins with "b*"`, "without * or ?"},
		{"wrong secret", "s3://logs/", with("AWS_SECRET_ACCESS_KEY", "wrong"),
			fault.Source, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"},
		{"unknown user", "s3://logs/", with("AWS_ACCESS_KEY_ID", "stranger"),
			fault.Source, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"},
		{"no credentials", "s3://logs/", map[string]string{"AWS_ENDPOINT_URL": server},
			fault.Source, "find credentials", "AWS_PROFILE"},
		{"no region", "s3://logs/", with("AWS_ENDPOINT_URL", ""),
			fault.Source, "unknown region", "AWS_REGION"},
		{"no server", "s3://logs/", with("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
			fault.Source, "connection refused", "AWS_ENDPOINT_URL"},
		{"invalid configuration", "s3://logs/", with("AWS_MAX_ATTEMPTS", "many"),
			fault.Source, "read the AWS configuration", "AWS_"},
		{"another scheme", "gs://logs/a", login(server),
			fault.Usage, `invalid address of a log (found "gs://logs/a")`, "s3://bucket/prefix"},
		{"no bucket", "s3:///a", login(server),
			fault.Usage, `invalid address of a log (found "s3:///a")`, "s3://bucket/prefix"},
	} {
		t.Run(test.name, func(t *testing.T) {
			setenv(t, test.environment)
			if test.name == "no server" {
				t.Setenv("AWS_MAX_ATTEMPTS", "1")
			}
			var buckets logsource.Buckets
			_, err := buckets.Expand(t.Context(), []string{test.address})
			if err == nil || fault.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v of kind %v, want %q of kind %v", err, fault.KindOf(err), test.text, test.kind)
			}
			if hints := fault.Hints(err); len(hints) != 1 || !strings.Contains(hints[0], test.hint) {
				t.Errorf("hints %q, want %q", hints, test.hint)
			}
		})
	}
}

// TestDenied reads a bucket without permission.
func TestDenied(t *testing.T) {
	b := newBucket(t)
	b.put(t, "a", []byte("x"))
	b.AddUser(t, "stranger", "strange")
	setenv(t, map[string]string{
		"AWS_ENDPOINT_URL": os.Getenv("AWS_ENDPOINT_URL"), "AWS_ACCESS_KEY_ID": "stranger",
		"AWS_SECRET_ACCESS_KEY": "strange",
	})
	var buckets logsource.Buckets
	_, err := buckets.Expand(t.Context(), []string{"s3://logs/"})
	hints := fault.Hints(err)
	if fault.KindOf(err) != fault.Source || len(hints) != 1 || !strings.Contains(hints[0], "s3:ListBucket") {
		t.Errorf("got %v, hints %q", err, hints)
	}
}

// packed compresses a text.
func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	io.WriteString(zw, text)
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
