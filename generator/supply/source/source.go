// Package source defines what a source of packages is. A source lists what there is to download; everything after that
// (what can be published, whether it may replace what is published now) is the same for all of them.
//
// A new source is a folder in supply/sources with a Kind, and a line in the list of package sources:
//
//	func Kind() source.Kind { return source.Kind{Name: "forge", IsURL: isForge, OpenURL: open} }
//
// Its Read turns whatever the source says into catalog.Records: one for each package, in the source's own words, with
// a Spelling that says what the source calls each field, so that messages lead people to the right place. It checks
// nothing that catalog.Publish checks. What only the source can know (an upload that broke off, a package of another
// project) it says with Record.Hold. Its errors are of kind fault.Source, and those of a server wrap a *fetch.Failure.
package source

import (
	"context"
	"net/url"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/supply/fetch"
)

// Source lists packages.
type Source interface {
	// Identity names the source in the history of a site: a URL, file: and a name, or sample.
	Identity() string

	// Read lists the packages. memory is the Listing.Memory of the last run, nil on the first.
	Read(ctx context.Context, memory Memory) (*Listing, error)
}

// Listing is what a source lists.
type Listing struct {
	Records  []catalog.Record
	Spelling catalog.Spelling
	Warnings []string // for whoever looks after the source: a sentence each without the full stop; never silenced
	Memory   Memory   // for the next Read, in place of what was passed to this one
	App      string   // the application at the server whose packages these are; "" for sources without applications
}

// Memory is what a source learned about records and should not have to ask again, by id. The texts mean something to
// that source only. A lost memory costs time, nothing else.
type Memory map[string]string

// Options is what sources get from outside. Each uses what it needs.
type Options struct {
	Fetch    *fetch.Client
	Scheme   *catalog.Scheme       // of the project
	Product  string                // the project's name, for records that do not name their product
	Download catalog.Template      // where a file is fetched when the source does not say; the zero Template: it must
	Now      func() time.Time      // the clock
	Progress func(done, total int) // called after each look at a single record, never twice at once; nil: not called
	Brief    bool                  // read the listing only, without a look at single records: for a preview
	Girder   Girder
}

// Girder is what a Girder source needs beside its location.
type Girder struct {
	App      string         // id of the application's folder
	API      string         // base of the API that a saved listing is from; "" when nobody knows
	Download GirderDownload // "": GirderFile
}

// GirderDownload says by which address of Girder a package is downloaded.
type GirderDownload string

// The addresses. A download by GirderItem cannot be resumed; one by GirderHash has the name of the first file with
// that content.
const (
	GirderFile GirderDownload = "file"    // /file/<file id>/download, where the id is known; else as GirderItem
	GirderItem GirderDownload = "item"    // /item/<id>/download
	GirderHash GirderDownload = "hashsum" // /file/hashsum/sha512/<sha512>/download, where it is known; else as GirderItem
)

// Kind is a kind of sources: how a setting of it is recognized, and how such a source is read. A kind has a Word, or
// the functions for URLs, for files, or both.
type Kind struct {
	Name string // before a setting that could be of another kind: girder:listing.json
	Form string // what its settings are, for messages: "the API base of a Girder server"

	// Word is the whole setting of a kind that has no locations, and Open opens its only source.
	Word string
	Open func(Options) Source

	// IsURL reports whether a URL is of this kind when the setting has no name of a kind. OpenURL opens one; its error
	// is a phrase about the URL: "has a query".
	IsURL   func(u *url.URL) bool
	OpenURL func(u *url.URL, o Options) (Source, error)

	// IsFile reports whether a file that begins with head, white space left out, is of this kind. ReadFile reads one.
	IsFile   func(head []byte) bool
	ReadFile func(f File, o Options, memory Memory) (*Listing, error)
}

// File is a file that lists packages.
type File struct {
	Path string // as the setting has it
	Data []byte // decompressed
}
