package main

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestField runs the scripts in testdata/field: small sites that earlier versions got wrong, after bug reports of this
// and other generators. Besides the commands of TestScript, the scripts have:
//
//	answer               configures a real Nginx and the CloudFront function with the site that was built in the
//	                     current folder; Nginx must not print a warning about its configuration
//	ask PATH STATUS [X]  sends a request to both, which must answer with the status and X: the Location of a
//	                     redirect, or text on a page
func TestField(t *testing.T) {
	testscript.RunT(fieldT{t}, testscript.Params{
		Dir:                 "../../testdata/field",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Values[answeringKey{}] = &answering{t: env.T().(fieldT).T}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "answer": answer, "ask": ask},
	})
}

// fieldT runs each script with its own *testing.T.
type fieldT struct{ *testing.T }

// Run implements testscript.T.
func (t fieldT) Run(name string, run func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { run(fieldT{t}) })
}

// Verbose implements testscript.T.
func (fieldT) Verbose() bool { return testing.Verbose() }

// answering are the servers of a script.
type answering struct {
	t        *testing.T
	nginx    *testutil.Nginx
	client   *http.Client
	files    *emulate.Site
	function *cloudfront.Edge
}

// answeringKey is the key of answering among the values of a script.
type answeringKey struct{}

// answer implements the script command of this name.
func answer(ts *testscript.TestScript, _ bool, _ []string) {
	a := ts.Value(answeringKey{}).(*answering)
	public, redirects := ts.MkAbs("public"), ts.MkAbs("redirects")
	a.client, a.nginx = testutil.Client(), testutil.StartNginx(a.t, public, redirects)
	if out, err := a.nginx.Test(a.t); err != nil || strings.Contains(out, "[warn]") {
		ts.Fatalf("nginx -t: %v\n%s", err, out)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(redirects, "cloudfront", name))
		ts.Check(err)
		return data
	}
	store, err := cloudfront.ParseStore(read("keyvaluestore.json"))
	ts.Check(err)
	get := func(key string) (string, bool) { v, ok := store[key]; return v, ok }
	object := func(key string) (emulate.Reply, bool) {
		r, err := a.files.Content(http.StatusOK, key, "")
		return r, err == nil && a.files.Has(key)
	}
	a.function, err = cloudfront.NewEdge(read("function.js"), get, object)
	ts.Check(err)
	a.files = emulate.NewSite(published{os.DirFS(public)})
}

// ask implements the script command of this name.
func ask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: ask PATH STATUS [LOCATION|TEXT]")
	}
	a := ts.Value(answeringKey{}).(*answering)
	status, err := strconv.Atoi(args[1])
	ts.Check(err)
	check := func(server string, got int, location, body string) {
		location = strings.TrimPrefix(location, a.nginx.URL)
		switch {
		case got != status:
			ts.Fatalf("%s: %s: status %d, want %d; Location %q", server, args[0], got, status, location)
		case len(args) < 3:
		case status >= 300 && status < 400 && location != args[2]:
			ts.Fatalf("%s: %s: Location %q, want %q", server, args[0], location, args[2])
		case (status < 300 || status >= 400) && !strings.Contains(body, args[2]):
			ts.Fatalf("%s: %s: %q is not in\n%s", server, args[0], args[2], body)
		}
	}
	res, body := testutil.Ask(a.t, a.client, http.MethodGet, a.nginx.URL+args[0])
	check("nginx", res.StatusCode, res.Header.Get("Location"), body)
	u, err := url.Parse(args[0])
	ts.Check(err)
	u.Path = emulate.Clean(u.Path)
	reply := httptest.NewRecorder()
	a.function.ServeHTTP(reply, httptest.NewRequest(http.MethodGet, u.String(), nil))
	text := reply.Body.String()
	if strings.HasPrefix(text, "NoSuchKey: ") { // CloudFront shows the page for missing files
		page, err := a.files.Error(http.StatusNotFound, "404.html")
		ts.Check(err)
		text = string(page.Body)
	}
	check("cloudfront", reply.Code, reply.Header().Get("Location"), text)
}

// published implements emulate.Files for a folder on disk.
type published struct{ fs.FS }

func (p published) Paths() (paths []string) {
	_ = fs.WalkDir(p, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	return paths
}

func (p published) Has(path string) bool {
	info, err := fs.Stat(p, path)
	return err == nil && info.Mode().IsRegular()
}

func (p published) File(path string) ([]byte, error) { return fs.ReadFile(p, path) }
