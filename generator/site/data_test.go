package site_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/site"
)

// withData adds files to content/_data/.
func withData(files map[string]string) func(*site.Input) {
	m := fstest.MapFS{}
	for name, text := range files {
		m["_data/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return func(in *site.Input) { in.Content = site.Overlay(m, sitegen.Content()) }
}

func TestDataFiles(t *testing.T) {
	files := downloadSite(t, []*catalog.Package{newPackage(1, onWindows), newPackage(1, onLinux, withID(2))},
		withData(map[string]string{
			"install.yaml": "- {title: winget, systems: [win], command: 'winget install Aurora --version {version}'}\n" +
				"- {title: Shell, systems: [unix], command: 'get {latest} > {file}; echo {done}'}\n",
			"series.yaml": "- {series: '5.12', requires: {win: Windows 11}, ended: 2026-05-31}\n",
			"~old.yaml":   "not read",
		}))
	for path := range files {
		if strings.Contains(path, "_data") || strings.Contains(path, "install") {
			t.Errorf("%s has been published", path)
		}
	}
	home := parsed(t, files["index.html"])
	commands := texts(find(home, func(n *html.Node) bool { return attr(n, "id") == "command-line" })[0], "pre")
	if want := []string{"winget install Aurora --version 5.12.1", "get https://download.example.org/latest/linux > " +
		"Aurora-5.12.1-linux-amd64.tar.gz; echo {done}"}; strings.Join(commands, "\n") != strings.Join(want, "\n") {
		t.Errorf("commands %q, want %q", commands, want)
	}
	for path, want := range map[string]string{
		"index.html":                 "Windows 11",
		"releases/index.html":        "not maintained since 31 May 2026",
		"releases/5.12.1/index.html": "Series 5.12 has not been maintained since 31 May 2026",
	} {
		if !strings.Contains(textOf(parsed(t, files[path])), want) {
			t.Errorf("%s does not show %q", path, want)
		}
	}
}

func TestDataFileMistakes(t *testing.T) {
	for _, tt := range []struct{ file, text, want string }{
		{"instal.yaml", "", `content/_data/instal.yaml: no page uses this file; did you mean "install.yaml"`},
		{"install.yaml", "title: x", `content/_data/install.yaml:1:1: `},
		{"install.yaml", "- {title: x, systems: [wim], command: y}",
			`content/_data/install.yaml:1:24: no system with this id (found "wim")`},
		{"install.yaml", "- {title: x}", `content/_data/install.yaml:1:3: an item needs a title and a command`},
		{"install.yaml", "- {title: x, comand: y}", `unknown key "comand"; did you mean "command"?`},
		{"series.yaml", "- {series: '1.0', requires: {wni: x}}", `requires: no system with this id (found "wni")`},
		{"series.yaml", "- {series: '1.0', ended: soon}", `ended must be a day such as 2026-01-31 (found "soon")`},
		{"series.yaml", "- {ended: 2026-01-31}", `an item needs a series`},
		{"series.yaml", "- {series: '1.0'}\n- {series: '1.0'}", `content/_data/series.yaml:2:12: duplicate series`},
	} {
		in := downloadInput(t, []*catalog.Package{newPackage(1, onWindows)})
		withData(map[string]string{tt.file: tt.text})(&in)
		_, _, err := site.Render(t.Context(), in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: error %v, want %q", tt.file, tt.text, err, tt.want)
		}
	}
}
