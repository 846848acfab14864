package preview

import (
	"context"
	"time"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Builder builds the states of a site. One goroutine calls all methods except Check.
type Builder interface {
	// Build reads the files and packages of the site and returns its new state. It may overlook mistakes, since Check
	// finds them all.
	Build(ctx context.Context) (*State, error)
	// Check checks a whole state. The error joins all mistakes; warnings are findings that do not stop a build.
	Check(ctx context.Context, s *State) (warnings []string, err error)
	// Refresh returns the function fetch, which fetches the packages again and may run in another goroutine. The
	// goroutine that calls Build then calls use, which replaces the packages and reports whether they differ.
	Refresh() (fetch func(ctx context.Context) (use func() bool, err error))
	// Watched returns the files and folders of the site that people edit.
	Watched() []string
	// Read returns a file by the name that errors use for it, for instance content/about.md.
	Read(name string) ([]byte, error)
}

// State is a version of the site. It must not be modified.
type State struct {
	Files     emulate.Files
	Table     *redirect.Table
	As        redirect.Server  // the server to emulate
	Catalogue string           // describes the packages: "the 79 packages of the sample"
	Fetched   time.Duration    // time that fetching the packages took; 0 if they are those of the state before
	Started   time.Time        // when the build started, after fetching
	Pages     []Page           // sorted by URL, without pages that search engines must not index
	Sheets    map[string]Sheet // published style sheets, by the name of their file in SheetDir
	SheetDir  string           // the folder where people edit the style sheets
}

// Page is a page of the site.
type Page struct {
	Title  string
	URL    string
	Source string // content file; "" for a page without one
}

// Sheet is a published style sheet.
type Sheet struct {
	URL       string `json:"url"`
	Integrity string `json:"integrity"`
}
