// Package backup tests backups in a bucket of a real S3 server.
package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Slicer/sitegen/generator/backup/place"
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

// site is the folder of a built site, and the server with the bucket "backups".
type site struct {
	*gateway.Server
	dir string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{gateway.Start(t), t.TempDir()}
	s.SetEnv(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "2")
	if _, err := s.Client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("backups")}); err != nil {
		t.Fatal(err)
	}
	s.run(t, 0, "", "build", "--source", "sample", "--quiet")
	return s
}

// run runs a command and checks its exit code and its messages. It returns what it prints.
func (s *site) run(t *testing.T, code int, message string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &stdout, &stderr
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(stderr.String(), message) {
		t.Errorf("sitegen %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, &stderr)
	}
	return stdout.String()
}

// keys returns the keys in the bucket.
func (s *site) keys(t *testing.T) (keys []string) {
	t.Helper()
	reply, err := s.Client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("backups")})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range reply.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

func (s *site) put(t *testing.T, key string, data []byte) {
	t.Helper()
	object := &s3.PutObjectInput{Bucket: aws.String("backups"), Key: &key, Body: bytes.NewReader(data)}
	if _, err := s.Client.PutObject(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func (s *site) get(t *testing.T, key string) []byte {
	t.Helper()
	reply, err := s.Client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("backups"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	data, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestBucket makes backups in a bucket, keeps the newest, checks them, and restores one on a new machine.
func TestBucket(t *testing.T) {
	s := newSite(t)
	for _, key := range []string{"site/notes.txt", "site/deeper/3d-slicer-downf645-2001-01-01T000000Z.tar.zst",
		"3d-slicer-downf645-2001-01-01T000000Z.tar.zst"} {
		s.put(t, key, []byte("of somebody else"))
	}
	s.put(t, "site/3d-slicer-downf645-2001-01-01T000000Z.tar.zst", []byte("an old one"))
	s.run(t, 0, "", "backup", "--keep", "1", "s3://backups/site")
	keys := s.keys(t)
	if len(keys) != 4 || slices.Contains(keys, "site/3d-slicer-downf645-2001-01-01T000000Z.tar.zst") {
		t.Errorf("objects %v", keys)
	}
	s.run(t, 0, "", "backup", "--verify", "s3://backups/site/")

	if err := os.RemoveAll(filepath.Join(s.dir, "var")); err != nil {
		t.Fatal(err)
	}
	if out := s.run(t, 0, "", "restore", "s3://backups/site"); !strings.Contains(out, "catalogue.sqlite with data until") {
		t.Errorf("restore prints %s", out)
	}
	s.run(t, 0, "", "explain", "/find?os=win&stability=release")

	newest := keys[slices.IndexFunc(keys, func(k string) bool { return strings.HasPrefix(k, "site/3d-slicer") })]
	data := s.get(t, newest)
	data[len(data)/2] ^= 1
	s.put(t, newest, data)
	s.run(t, 1, "the backup is damaged", "backup", "--verify", "s3://backups/site")
	s.run(t, 1, "the backup is damaged", "restore", "--force", "s3://backups/"+newest)
}

// TestTrouble uses buckets and credentials that do not work.
func TestTrouble(t *testing.T) {
	s := newSite(t)
	s.run(t, 9, "NoSuchBucket", "backup", "s3://missing")
	s.run(t, 2, "there is no such backup", "restore", "s3://backups/none.tar.zst")
	s.run(t, 2, "no backup of this site", "restore", "s3://backups")
	s.AddUser(t, "guest", "guestguest")
	t.Setenv("AWS_ACCESS_KEY_ID", "guest")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "guestguest")
	s.run(t, 9, "s3:PutObject", "backup", "s3://backups")
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
	s.run(t, 9, "Check the network connection", "backup", "s3://backups")
	if keys := s.keys(t); len(keys) > 0 {
		t.Errorf("objects %v", keys)
	}
}

// TestDamagedOnTheWay changes a byte of each upload, or cuts each download. No backup counts, and no older one is
// removed.
func TestDamagedOnTheWay(t *testing.T) {
	s := newSite(t)
	s.put(t, "3d-slicer-downf645-2001-01-01T000000Z.tar.zst", []byte("an old one"))
	to := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { // keeps r.Out.Host, which the signature covers
		r.Out.URL.Scheme, r.Out.URL.Host = "http", s.API
	}}
	for name, change := range map[string]func(r *http.Response) error{
		"a changed byte": func(r *http.Response) error {
			if data, err := io.ReadAll(r.Body); err != nil || len(data) < 1000 {
				r.Body = io.NopCloser(bytes.NewReader(data))
			} else {
				data[len(data)/2] ^= 1
				r.Body = io.NopCloser(bytes.NewReader(data))
			}
			return nil
		},
		"a cut download": func(r *http.Response) error {
			if r.ContentLength > 1000 {
				r.Body = io.NopCloser(io.LimitReader(r.Body, 1000))
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			to.ModifyResponse = change
			proxy := httptest.NewServer(to)
			defer proxy.Close()
			t.Setenv("AWS_ENDPOINT_URL_S3", proxy.URL)
			cmd := exec.Command(binary, "backup", "--keep", "1", "s3://backups")
			cmd.Dir = s.dir
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "check the new backup") ||
				!strings.Contains(string(out), "No older backup was removed") {
				t.Errorf("%v: %s", err, out)
			}
			if keys := s.keys(t); !slices.Contains(keys, "3d-slicer-downf645-2001-01-01T000000Z.tar.zst") {
				t.Errorf("objects %v", keys)
			}
		})
	}
}

// TestLarge stores a file in parts.
func TestLarge(t *testing.T) {
	newSite(t)
	a, err := place.Parse("s3://backups/large")
	if err != nil {
		t.Fatal(err)
	}
	p, err := place.Open(t.Context(), a, place.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 20<<20+1)
	rand.NewChaCha8([32]byte{}).Read(data)
	f, err := os.Create(filepath.Join(t.TempDir(), "large"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if err := p.Put(t.Context(), "a.tar.zst", f, int64(len(data))); err != nil {
		t.Fatal(err)
	}
	r, err := p.Get(t.Context(), "a.tar.zst")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes: %v", len(got), err)
	}
}
