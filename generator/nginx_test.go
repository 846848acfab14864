package generator_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/testutil"
)

// folder is a site folder with a saved listing in it.
func folder(t testing.TB, listing []byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "listing.json"), listing, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// build runs a build in the folder as sitegen build does.
func build(t testing.TB, dir string, flags map[string][]string) (*generator.Report, error) {
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
	return generator.Build(context.Background(), generator.Options{Config: c, Log: slog.New(slog.DiscardHandler), Now: time.Now})
}

// serve builds a listing and serves it by Nginx, included as the documentation says.
func serve(t testing.TB, profile string) *testutil.Nginx {
	t.Helper()
	dir := folder(t, testutil.Listing(t, profile))
	if _, err := build(t, dir, nil); err != nil {
		t.Fatal(err)
	}
	n := testutil.StartNginx(t, filepath.Join(dir, "public"), filepath.Join(dir, "redirects"))
	if out, err := n.Test(t); err != nil || strings.Contains(out, "[warn]") {
		t.Errorf("nginx -t: %v\n%s", err, out)
	}
	return n
}

// response is an answer, body read.
type response struct {
	*http.Response
	body string
}

func get(t testing.TB, client *http.Client, method, url string) response {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := readAll(res)
	if err != nil {
		t.Fatal(err)
	}
	return response{res, body}
}

func readAll(res *http.Response) (string, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

var bitstreamRE = regexp.MustCompile(`href="?/bitstream/([0-9a-f]{24})`)

// TestGoldenOverHTTP asks the whole site what the old server was asked.
func TestGoldenOverHTTP(t *testing.T) {
	for profile, names := range map[string][]string{"live": {"golden.jsonl", "golden-objects.jsonl"}, "archive": {"golden-archive.jsonl"}} {
		t.Run(profile, func(t *testing.T) {
			n := serve(t, profile)
			client := testutil.Client()
			for _, name := range names {
				for i, g := range testutil.Goldens(t, name) {
					checkGolden(t, client, n.URL, g)
					if i%10 == 0 && g.Status != 0 {
						if head := get(t, client, "HEAD", n.URL+g.Q); head.StatusCode != g.Status || head.Header.Get("Location") != g.Location {
							t.Errorf("HEAD %s: %d to %q, want %d to %q", g.Q, head.StatusCode, head.Header.Get("Location"), g.Status, g.Location)
						}
					}
				}
			}
		})
	}
}

func checkGolden(t *testing.T, client *http.Client, base string, g testutil.Golden) {
	t.Helper()
	res := get(t, client, "GET", base+g.Q)
	if g.Status != 0 && res.StatusCode != g.Status {
		t.Errorf("%s: status %d, want %d", g.Q, res.StatusCode, g.Status)
		return
	}
	if got := res.Header.Get("Location"); got != g.Location {
		t.Errorf("%s: Location %q, want %q", g.Q, got, g.Location)
	}
	switch {
	case g.JSON != nil:
		if diff := cmp.Diff(parse(t, string(g.JSON)), parse(t, res.body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", g.Q, diff)
		}
	case g.ID != "":
		if got := parse(t, res.body).(map[string]any)["download_url"]; got != "/bitstream/"+g.ID {
			t.Errorf("%s: %v, want %s", g.Q, got, g.ID)
		}
	case g.IDs != nil:
		got := map[string]map[string]*string{}
		for os, row := range parse(t, res.body).(map[string]any) {
			got[os] = map[string]*string{}
			for stability, cell := range row.(map[string]any) {
				got[os][stability] = nil
				if object, ok := cell.(map[string]any); ok {
					id := strings.TrimPrefix(object["download_url"].(string), "/bitstream/")
					got[os][stability] = &id
				}
			}
		}
		if diff := cmp.Diff(g.IDs, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", g.Q, diff)
		}
	case g.Links != nil:
		got := []string{}
		for _, m := range bitstreamRE.FindAllStringSubmatch(res.body, -1) {
			got = append(got, m[1])
		}
		if !slices.Equal(got, g.Links) {
			t.Errorf("%s: links %q, want %q", g.Q, got, g.Links)
		}
	}
}

func parse(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.300q", err, text)
	}
	return v
}
