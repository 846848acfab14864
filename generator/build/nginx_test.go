package build_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/build"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/testutil"
)

// folder creates a site folder with a saved listing.
func folder(t testing.TB, listing []byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "listing.json"), listing, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// run runs a build in the folder, as sitegen build does.
func run(t testing.TB, dir string, flags map[string][]string) (*build.Report, error) {
	t.Helper()
	all := map[string][]string{
		"source": {filepath.Join(dir, "listing.json")}, "out": {filepath.Join(dir, "public")},
		"redirects": {filepath.Join(dir, "redirects")}, "data": {filepath.Join(dir, "var")},
	}
	for name, values := range flags {
		all[name] = values
	}
	file := filepath.Join(dir, "sitegen.yaml")
	if _, err := os.Stat(file); err != nil {
		file = ""
	}
	c, err := config.Load(config.Input{File: file, Flags: all})
	if err != nil {
		t.Fatal(err)
	}
	p, err := project.Open(c, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return build.Build(context.Background(), p)
}

// serve builds a site from a listing and serves it with Nginx, configured as in the documentation.
func serve(t testing.TB, profile string) *testutil.Nginx {
	t.Helper()
	dir := folder(t, testutil.Listing(t, profile))
	if _, err := run(t, dir, nil); err != nil {
		t.Fatal(err)
	}
	n := testutil.StartNginx(t, filepath.Join(dir, "public"), filepath.Join(dir, "redirects"))
	if out, err := n.Test(t); err != nil || strings.Contains(out, "[warn]") {
		t.Errorf("nginx -t: %v\n%s", err, out)
	}
	return n
}

// response is an HTTP response and its complete body.
type response struct {
	*http.Response
	body string
}

func get(t testing.TB, client *http.Client, method, url string) response {
	t.Helper()
	res, body := testutil.Ask(t, client, method, url)
	return response{res, body}
}

func readAll(res *http.Response) (string, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

// TestGoldenOverHTTP compares the answers of the complete site with the recorded answers of the old server.
func TestGoldenOverHTTP(t *testing.T) {
	for _, profile := range []string{"live", "archive"} {
		t.Run(profile, func(t *testing.T) {
			testutil.AskGoldens(t, testutil.Client(), serve(t, profile).URL, profile)
		})
	}
}
