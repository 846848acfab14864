// Package nginx writes the redirect table for Nginx, from stock core modules of version 1.22 and later.
package nginx

import (
	"embed"
	"io/fs"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// Target is the Nginx configuration.
type Target struct{}

// Name implements redirect.Target.
func (Target) Name() string { return "nginx" }

// Compile implements redirect.Target.
func (Target) Compile(t *redirect.Table) ([]output.File, error) {
	g := grammar{t.Index.Spec()}
	x := &tables{index: t.Index, grammar: g, builds: nameBuilds(t.Index.Packages())}
	files := append(x.files(), decode(), g.parameters(), g.permalinks())
	files = append(files, bitstreams(t.Index))
	rules, err := rules(t.Rules)
	if err != nil {
		return nil, err
	}
	fixed, err := fixed()
	return append(append(files, rules), fixed...), err
}

// conf holds what depends on neither the grammar nor the packages.
//
//go:embed conf
var conf embed.FS

func fixed() ([]output.File, error) {
	var files []output.File
	err := fs.WalkDir(conf, "conf", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := conf.ReadFile(path)
		files = append(files, made(strings.TrimPrefix(path, "conf/"), data))
		return err
	})
	return files, err
}
