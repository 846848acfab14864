package generator_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// floors lists the packages from the bottom up: a package imports only packages of lower floors. An asterisk matches
// any folder, so a new server or source needs no entry. docs/design.md shows the same list.
var floors = [][]string{
	{"card", "disk", "manual", "parallel", "backup/swap", "backup/githubserver"},
	{"catalog", "fault", "folder", "accesslog", "accesslog/loggen", "output", "progress", "redirect/emulate",
		"runs"},
	{"yamltext", "backup/archive"},
	{"language", "holds"},
	{"lookup", "profile", "sqlite", "supply/fetch", "supply/gate", "logsource", "geodb", "replay",
		"deploy/objects", "deploy/kvserver"},
	{"history", "redirect", "site", "stats/downloads", "supply/source", "deploy/live"},
	{"redirect/servers/*", "preview", "stats", "supply/sources/girder", "supply/sources/packagesjson",
		"deploy/website"},
	{"redirect/servers", "statspage", "supply/sources/*", "testutil", "deploy/remote"},
	{"backup/place"},
	{"config", "supply/sources", "testutil/browser"},
	{"project"},
	{"supply"},
	{"backup", "build", "compare", "count", "customize", "deploy", "inspect", "packages", "serve"}, // the kinds of runs
	{"status"},
	{"doctor"},
	{"cmd/sitegen"},
}

// homes lists external libraries that only certain packages may import.
var homes = map[string]string{
	"github.com/mattn/go-sqlite3":     "sqlite",
	"github.com/yuin/goldmark":        "site",
	"github.com/dlclark/regexp2":      "site",
	"github.com/fsnotify/fsnotify":    "preview",
	"github.com/spf13/cobra":          "cmd/sitegen",
	"github.com/spf13/pflag":          "cmd/sitegen",
	"github.com/goccy/go-yaml":        "yamltext",
	"github.com/ua-parser/uap-go":     "stats",
	"gopkg.in/yaml.v3":                "stats",
	"github.com/oschwald/maxminddb":   "stats",
	"github.com/maxmind":              "geodb",
	"golang.org/x/term":               "progress",
	"github.com/creack/pty":           "testutil",
	"github.com/andybalholm/brotli":   "output",
	"github.com/aws/aws-sdk-go-v2":    "logsource deploy/remote",
	"github.com/tdewolff/minify":      "site",
	"github.com/dop251/goja":          "redirect/servers/cloudfront statspage",
	"github.com/evanw/esbuild":        "redirect/servers/cloudfront",
	"golang.org/x/image":              "card",
	"golang.org/x/sys":                "output",
	"golang.org/x/text/feature":       "language",
	"github.com/rogpeppe/go-internal": "customize",
	"github.com/cenkalti/backoff":     "supply/fetch",
	"github.com/klauspost/compress":   "output accesslog backup/archive",
	"filippo.io/age":                  "backup/archive",
}

// TestArrows checks that imports follow floors and homes.
func TestArrows(t *testing.T) {
	const module = "github.com/Slicer/sitegen/"
	name := func(path string) (string, bool) {
		rest, ours := strings.CutPrefix(path, module)
		return strings.TrimPrefix(rest, "generator/"), ours
	}
	floorOf := func(name string) int { // 0 if it has none
		for i, packages := range floors {
			for _, p := range packages {
				if ok, _ := path.Match(p, name); ok {
					return i + 1
				}
			}
		}
		return 0
	}
	for pkg, imports := range listImports(t) {
		from, _ := name(pkg)
		if floorOf(from) == 0 {
			t.Errorf("%s has no floor: add it to floors and to docs/design.md", pkg)
		}
		for _, imported := range imports {
			if to, ours := name(imported); ours && floorOf(to) >= floorOf(from) {
				t.Errorf("%s imports %s, which is not on a lower floor", from, to)
			}
			for library, home := range homes {
				if strings.HasPrefix(imported, library) && !strings.Contains(" "+home+" ", " "+from+" ") {
					t.Errorf("%s imports %s, which only %q may import", from, imported, home)
				}
			}
		}
	}
}

// listImports returns the imports of each package of the program, without those of tests.
func listImports(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", "./generator/...", "./cmd/...")
	cmd.Dir = ".."
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for dec := json.NewDecoder(out); ; {
		var p struct {
			ImportPath string
			Imports    []string
			GoFiles    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			imports[p.ImportPath] = p.Imports
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return imports
}
