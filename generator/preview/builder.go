package preview

import (
	"context"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Builder makes the states of a site. Its methods are called by one goroutine, but for Check.
type Builder interface {
	// Build reads what the site is made from and makes its new state. It need not find every mistake: that is
	// what Check is for.
	Build(ctx context.Context) (*State, error)
	// Check looks for mistakes everywhere in a state, and returns warnings, which would not stop a build.
	Check(ctx context.Context, s *State) (warnings []string, err error)
	// Refresh returns a function that fetches the packages again, in another goroutine; use, called like Build,
	// replaces the packages and reports whether they differ.
	Refresh() (fetch func(ctx context.Context) (use func() bool, err error))
	// Watched lists the files and folders that the site is made from, as far as people edit them.
	Watched() []string
	// Read returns a file by its name in errors, for instance content/about.md.
	Read(name string) ([]byte, error)
}

// State is the site at a moment. It is not changed once it is made.
type State struct {
	Files     emulate.Files
	Table     *redirect.Table
	As        redirect.Server  // the server that is emulated
	Catalogue string           // where the packages are from: "sample", "catalogue of 2026-11-20"
	Pages     []Page           // in the order of their URLs, without those that are not listed
	Sheets    map[string]Sheet // style sheets named by their content, by their file in SheetFolder
	SheetDir  string           // where they are edited
}

// Page is a page in the list of all of them.
type Page struct {
	Title  string
	URL    string
	Source string // content file; "" when it has none
}

// Sheet is a published style sheet.
type Sheet struct {
	URL       string `json:"url"`
	Integrity string `json:"integrity"`
}
