// Package sitegen embeds the default pages and layouts of every site. Files of a site folder replace embedded files of
// the same name: for example, its layouts/partials/footer.html replaces the embedded one, and a page with "draft: true"
// removes the embedded page. The package is in the root folder because go:embed cannot embed files of parent folders,
// and content/ and layouts/ must only contain what a site folder contains.
package sitegen

import (
	"embed"
	"io/fs"
)

//go:embed content/*.md content/_data layouts
var files embed.FS

// Content returns the embedded Markdown and data files, for package site.
func Content() fs.FS { return folder("content") }

// Layouts returns the embedded layouts, partials/ and assets/, for package site.
func Layouts() fs.FS { return folder("layouts") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the name is a constant and valid
	}
	return sub
}
