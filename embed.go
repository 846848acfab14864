// Package sitegen carries the pages and layouts that every site starts from. A site folder's own files replace
// them one by one: layouts/partials/bottom.html there stands in for the one here, and a page of the same name
// with "draft: true" removes one. They are embedded from here, so that the folders hold nothing but what a
// site folder holds.
package sitegen

import (
	"embed"
	"io/fs"
)

//go:embed content/*.md layouts
var files embed.FS

// Content are the Markdown files, as package site reads them.
func Content() fs.FS { return folder("content") }

// Layouts are the layouts, partials/ and assets/, as package site reads them.
func Layouts() fs.FS { return folder("layouts") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the name is a constant and valid
	}
	return sub
}
