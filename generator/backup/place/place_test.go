package place_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/backup/githubserver"
	"github.com/Slicer/sitegen/generator/backup/place"
	"github.com/Slicer/sitegen/generator/fault"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]place.Address{
		"/srv/backups":                 {Folder: "/srv/backups"},
		"backups/":                     {Folder: "backups/"},
		"backups/a.tar.zst":            {Folder: "backups", Name: "a.tar.zst"},
		"a.tar.zst":                    {Folder: ".", Name: "a.tar.zst"},
		"s3://bucket":                  {Kind: place.Bucket, Bucket: "bucket"},
		"s3://bucket/":                 {Kind: place.Bucket, Bucket: "bucket"},
		"s3://bucket/a/b":              {Kind: place.Bucket, Bucket: "bucket", Folder: "a/b/"},
		"s3://bucket/a/b.tar.zst":      {Kind: place.Bucket, Bucket: "bucket", Folder: "a/", Name: "b.tar.zst"},
		"s3://bucket/b.tar.zst":        {Kind: place.Bucket, Bucket: "bucket", Name: "b.tar.zst"},
		"github://o/r.x/v1":            {Kind: place.GitHub, Repo: "o/r.x", Folder: "v1"},
		"github://o/r/v1/slug.tar.zst": {Kind: place.GitHub, Repo: "o/r", Folder: "v1", Name: "slug.tar.zst"},
	} {
		got, err := place.Parse(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
		if again, err := place.Parse(got.String()); again != got && text != "backups/" || err != nil {
			t.Errorf("%s: written as %s: %v", text, got, err)
		}
	}
	for _, text := range []string{"", "s3://", "s3://B", "s3://a/b", "ftp://host/a", "github://o/r", "github://o/r/v1/x",
		"github://o/../v1", "github://o/r/v1/a/b.tar.zst", "github://o/r/v1/a b.tar.zst", "github://../r/v1"} {
		if a, err := place.Parse(text); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %+v, %v", text, a, err)
		}
	}
}

// put stores a file with a text.
func put(t *testing.T, p place.Place, name, text string) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return p.Put(t.Context(), name, f, int64(len(text)))
}

// text returns the text of a file.
func text(t *testing.T, p place.Place, name string) (string, error) {
	t.Helper()
	r, err := p.Get(t.Context(), name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

// names returns the sorted names of all files.
func names(t *testing.T, p place.Place) []string {
	t.Helper()
	list, err := p.Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// open opens a place. Pauses between attempts are added to waited.
func open(t *testing.T, address string, o place.Options) (p place.Place, waited *time.Duration) {
	t.Helper()
	a, err := place.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	waited = new(time.Duration)
	o.Sleep = func(_ context.Context, d time.Duration) error {
		*waited += d
		return nil
	}
	if p, err = place.Open(t.Context(), a, o); err != nil {
		t.Fatal(err)
	}
	return p, waited
}

// follow stores, lists, reads, replaces and removes files, at any place.
func follow(t *testing.T, p place.Place) {
	t.Helper()
	if list := names(t, p); len(list) > 0 {
		t.Errorf("files %v", list)
	}
	if _, err := text(t, p, "a.tar.zst"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read a missing file: %v", err)
	}
	for _, name := range []string{"a.tar.zst", "b.tar.zst", "c.tar.zst"} {
		if err := put(t, p, name, "text of "+name); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := text(t, p, "b.tar.zst"); got != "text of b.tar.zst" || err != nil {
		t.Errorf("text %q: %v", got, err)
	}
	if err := p.Remove(t.Context(), []string{"a.tar.zst", "c.tar.zst", "gone.tar.zst"}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"b.tar.zst"}, names(t, p)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	p, _ := open(t, dir, place.Options{})
	follow(t, p)
	info, err := os.Stat(filepath.Join(dir, "b.tar.zst"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
	if err := put(t, p, "b.tar.zst", "replaced"); err != nil {
		t.Fatal(err)
	}
	if got, err := text(t, p, "b.tar.zst"); got != "replaced" || err != nil {
		t.Errorf("text %q: %v", got, err)
	}
	for _, path := range []string{filepath.Join(dir, "none"), filepath.Join(dir, "b.tar.zst", "x")} {
		if _, err := place.Open(t.Context(), place.Address{Folder: path}, place.Options{}); err == nil {
			t.Errorf("%s is accepted", path)
		}
	}
	if got := place.Whole(".b.tar.zst.partial"); got != "b.tar.zst" {
		t.Errorf("whole name %q", got)
	}
	if got := place.Whole("b.tar.zst"); got != "" {
		t.Errorf("whole name %q", got)
	}
}

const releaseAddress = "github://" + githubserver.Repository + "/download-site"

// TestGitHub follows the life of files in a release that does not exist at first.
func TestGitHub(t *testing.T) {
	s := githubserver.Start(t)
	p, _ := open(t, releaseAddress, place.Options{Token: githubserver.Token, API: s.URL})
	follow(t, p)
	if s.Tag != "download-site" || s.Creation["prerelease"] != true || s.Creation["make_latest"] != "false" {
		t.Errorf("release %v", s.Creation)
	}
	for i := range 250 {
		s.Assets[int64(1000+i)] = &githubserver.Asset{Name: fmt.Sprintf("%03d", i), State: githubserver.Uploaded}
	}
	s.Assets[5000] = &githubserver.Asset{Name: "interrupted", State: githubserver.Starter}
	if list := names(t, p); len(list) != 251 || slices.Contains(list, "interrupted") {
		t.Errorf("%d files on three pages: %v", len(list), list)
	}
	if err := put(t, p, "b.tar.zst", "text of b.tar.zst"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a name that is taken: %v", err)
	}
	for i := range 750 {
		s.Assets[int64(2000+i)] = &githubserver.Asset{Name: fmt.Sprintf("x%03d", i), State: githubserver.Uploaded}
	}
	if err := put(t, p, "z.tar.zst", "text"); err == nil || !strings.Contains(err.Error(), "the maximum") {
		t.Errorf("a full release: %v", err)
	}
}

// TestGitHubWithoutToken opens a release without a token, which suffices to read a public repository.
func TestGitHubWithoutToken(t *testing.T) {
	a, err := place.Parse(releaseAddress)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := place.Open(t.Context(), a, place.Options{}); err != nil {
		t.Error(err)
	}
	_, err = place.Open(t.Context(), a, place.Options{Write: true})
	if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), "needs a token") {
		t.Errorf("for writing: %v", err)
	}
}

// trouble may answer a request instead of the server: see githubserver.Server.Trouble. It is called for the nth request
// of a kind.
type trouble func(s *githubserver.Server, w http.ResponseWriter, r *http.Request, nth int) bool

// TestGitHubTrouble answers with errors. The message says what to do, and no message has the token.
func TestGitHubTrouble(t *testing.T) {
	const asset = "a.tar.zst"
	for _, test := range []struct {
		name    string
		trouble trouble
		on      string // method and end of the path of the requests that have it
		token   string
		kind    fault.Kind
		message string // "" if it succeeds after all
		hint    string
	}{
		{name: "wrong token", token: "ghp_wrong", kind: fault.Remote, message: "Bad credentials (status 401)",
			hint: "invalid or expired"},
		{name: "no such repository", on: "GET /backups", kind: fault.Remote, message: "no such repository",
			hint: "has access", trouble: answer(404, "Not Found", nil)},
		{name: "public repository", kind: fault.Usage, message: "is public", hint: "--public", on: "GET /backups",
			trouble: func(s *githubserver.Server, _ http.ResponseWriter, _ *http.Request, _ int) bool {
				s.Private = false
				return false
			}},
		{name: "no permission", on: "POST /releases", kind: fault.Remote,
			message: "Resource not accessible by personal access token (status 403)", hint: "Contents: read and write",
			trouble: answer(403, "Resource not accessible by personal access token", nil)},
		{name: "rate limit", on: "GET /backups", kind: fault.Remote, message: "API rate limit exceeded",
			hint: "after 2026-11-27 06:45:00 UTC", trouble: answer(403, "API rate limit exceeded",
				http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1795761900"}})},
		{name: "long secondary limit", on: "POST /assets", kind: fault.Remote, message: "secondary rate limit",
			hint: "in 10m0s", trouble: answer(429, "secondary rate limit", http.Header{"Retry-After": {"600"}})},
		{name: "short secondary limit", on: "GET /assets",
			trouble: once(answer(429, "secondary rate limit", http.Header{"Retry-After": {"3"}}))},
		{name: "server error", on: "GET /backups", trouble: once(answer(502, "Server Error", nil))},
		{name: "no answer", on: "GET /backups", trouble: once(cut)},
		{name: "server down", on: "GET /backups", kind: fault.Remote, message: "Service Unavailable (status 503)",
			hint: "githubstatus", trouble: func(_ *githubserver.Server, w http.ResponseWriter, _ *http.Request, _ int) bool {
				w.WriteHeader(503)
				_, _ = w.Write([]byte("<html>"))
				return true
			}},
		{name: "no JSON", on: "GET /backups", kind: fault.Remote, message: "read the answer",
			trouble: func(_ *githubserver.Server, w http.ResponseWriter, _ *http.Request, _ int) bool {
				_, _ = w.Write([]byte("<html>"))
				return true
			}},
		{name: "token in the answer", on: "GET /backups", kind: fault.Remote, message: "bad (token) (status 400)",
			trouble: answer(400, "bad "+githubserver.Token, nil)},
		{name: "release created by another", on: "POST /releases",
			trouble: once(func(s *githubserver.Server, w http.ResponseWriter, _ *http.Request, _ int) bool {
				s.Tag = "download-site"
				githubserver.Problem(w, 422, "Validation Failed", "already_exists")
				return true
			})},
		{name: "empty repository", on: "POST /releases", kind: fault.Remote, message: "Repository is empty",
			trouble: answer(422, "Repository is empty.", nil)},
		{name: "upload cut", on: "POST /assets", trouble: once(func(s *githubserver.Server, w http.ResponseWriter,
			r *http.Request, n int) bool {
			s.Assets[99] = &githubserver.Asset{Name: asset, State: githubserver.Starter}
			return cut(s, w, r, n)
		})},
		{name: "answer lost", on: "POST /assets", trouble: once(func(s *githubserver.Server, w http.ResponseWriter,
			r *http.Request, n int) bool {
			data, _ := io.ReadAll(r.Body)
			s.Assets[99] = &githubserver.Asset{Name: asset, State: githubserver.Uploaded, Data: data}
			return cut(s, w, r, n)
		})},
		{name: "uploads always cut", on: "POST /assets", kind: fault.Remote,
			message: "the connection was closed before there was an answer", trouble: cut},
		{name: "another file with the name", on: "POST /assets", kind: fault.Conflict, message: "another backup",
			trouble: func(s *githubserver.Server, w http.ResponseWriter, _ *http.Request, _ int) bool {
				s.Assets[99] = &githubserver.Asset{Name: asset, State: githubserver.Uploaded, Data: []byte("another")}
				githubserver.Problem(w, 422, "Validation Failed", "already_exists")
				return true
			}},
		{name: "stored in part", on: "POST /assets", kind: fault.Remote, message: "stored 1 of",
			trouble: func(_ *githubserver.Server, w http.ResponseWriter, r *http.Request, _ int) bool {
				_, _ = io.Copy(io.Discard, r.Body)
				githubserver.Reply(w, 201, map[string]any{"id": 1, "name": asset, "state": "uploaded", "size": 1})
				return true
			}},
		{name: "hostile upload address", on: "GET /download-site", kind: fault.Remote,
			message: "invalid address for uploads",
			trouble: func(_ *githubserver.Server, w http.ResponseWriter, _ *http.Request, _ int) bool {
				githubserver.Reply(w, 200, map[string]any{"id": 1, "upload_url": "/relative{?name}"})
				return true
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := githubserver.Start(t)
			n := 0
			s.Trouble = func(w http.ResponseWriter, r *http.Request) bool {
				method, end, _ := strings.Cut(test.on, " ")
				if test.trouble == nil || r.Method != method || !strings.HasSuffix(r.URL.Path, end) {
					return false
				}
				n++
				return test.trouble(s, w, r, n)
			}
			token := githubserver.Token
			if test.token != "" {
				token = test.token
			}
			p, waited := open(t, releaseAddress, place.Options{Token: token, API: s.URL})
			err := put(t, p, asset, "text")
			if test.message == "" {
				got, e := text(t, p, asset)
				if err != nil || e != nil || got != "text" {
					t.Errorf("%v, %v, text %q", err, e, got)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.message) || fault.KindOf(err) != test.kind {
				t.Fatalf("kind %d: %v", fault.KindOf(err), err)
			}
			all := err.Error() + strings.Join(fault.Hints(err), " ") + fmt.Sprintf("%+v %#v", err, err)
			if !strings.Contains(all, test.hint) {
				t.Errorf("hints %q", fault.Hints(err))
			}
			if strings.Contains(all, token) {
				t.Errorf("the token is in the error: %s", all)
			}
			if *waited > time.Minute {
				t.Errorf("waited %v", *waited)
			}
		})
	}
}

// answer returns a trouble that always answers with an error.
func answer(status int, message string, h http.Header) trouble {
	return func(_ *githubserver.Server, w http.ResponseWriter, r *http.Request, _ int) bool {
		_, _ = io.Copy(io.Discard, r.Body)
		for name, values := range h {
			w.Header()[name] = values
		}
		githubserver.Problem(w, status, message)
		return true
	}
}

// once returns a trouble that only the first request has.
func once(f trouble) trouble {
	return func(s *githubserver.Server, w http.ResponseWriter, r *http.Request, nth int) bool {
		return nth == 1 && f(s, w, r, nth)
	}
}

// cut ends the connection without an answer.
func cut(_ *githubserver.Server, w http.ResponseWriter, _ *http.Request, _ int) bool {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
	return true
}

// TestGitHubDownloadCut cuts a download. The error shows that the file is not whole.
func TestGitHubDownloadCut(t *testing.T) {
	s := githubserver.Start(t)
	s.Tag = "download-site"
	s.Assets[3] = &githubserver.Asset{Name: "a.tar.zst", State: githubserver.Uploaded,
		Data: bytes.Repeat([]byte("text"), 1000)}
	s.Trouble = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/storage/") {
			return false
		}
		w.Header().Set("Content-Length", "4000")
		_, _ = w.Write([]byte("text"))
		return true
	}
	p, _ := open(t, releaseAddress, place.Options{Token: githubserver.Token, API: s.URL})
	if got, err := text(t, p, "a.tar.zst"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes: %v", len(got), err)
	}
}
