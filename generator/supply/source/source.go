// Package source defines the interface of package sources. A source lists the available packages. All later steps
// (which of them can be published, whether they may replace the published ones) are the same for all sources.
//
// A new source is a folder in supply/sources with a Kind, and a line in the list of package sources:
//
//	func Kind() source.Kind { return source.Kind{Name: "forge", IsURL: isForge, OpenURL: open} }
//
// Its Read turns the source's listing into catalog.Records: one for each package, with unchanged values, and with a
// Spelling that names each field as the source does, so that messages lead people to the right place. It leaves
// validation to catalog.Publish. For problems that only the source can detect (an incomplete upload, a package of
// another project), it sets Record.Hold. Its errors are of kind fault.Source; the errors of a server wrap a
// *fetch.Failure.
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
	// Identity returns the name of the source in the history of a site: a URL, "file:" and a file name, or "sample".
	Identity() string

	// Read lists the packages. memory is the Listing.Memory of the last run, nil on the first.
	Read(ctx context.Context, memory Memory) (*Listing, error)
}

// Listing is the result of reading a source.
type Listing struct {
	Records  []catalog.Record
	Spelling catalog.Spelling
	Warnings []string // for the administrator of the source: one sentence each, without a full stop; always shown
	Memory   Memory   // for the next Read, instead of the one passed to this Read
	App      string   // the server's application that the packages belong to; "" for sources without applications
}

// Memory contains what a source has learned about records, by id, to avoid requesting it again. Only that source
// interprets the values. If the memory is lost, the next run takes longer, but the result is the same.
type Memory map[string]string

// Options configures a source. Each kind of source uses only some of the fields.
type Options struct {
	Fetch    *fetch.Client
	Scheme   *catalog.Scheme       // scheme of the project
	Product  string                // the project's name, for records that do not name their product
	Download catalog.Template      // for packages without a URL; if zero, the source must list all URLs
	Now      func() time.Time      // the clock
	Progress func(done, total int) // if not nil, called after each request for a record, never concurrently
	Brief    bool                  // read only the listing, without requests for records, for a preview
	Girder   Girder
}

// Girder configures a Girder source.
type Girder struct {
	App      string         // id of the application's folder
	API      string         // base of the API that a saved listing comes from; "" if unknown
	Download GirderDownload // "": GirderFile
}

// GirderDownload selects the kind of Girder URL that packages are downloaded from.
type GirderDownload string

// The kinds of URLs. A download by GirderItem cannot be resumed; one by GirderHash has the name of the first file with
// that content.
const (
	GirderFile GirderDownload = "file"    // /file/<file id>/download, if the id is known; else as GirderItem
	GirderItem GirderDownload = "item"    // /item/<id>/download
	GirderHash GirderDownload = "hashsum" // /file/hashsum/sha512/<sha512>/download, if it is known; else as GirderItem
)

// Kind is a kind of source: how its settings are recognized, and how it is read. A kind has either a Word, or the
// functions for URLs, for files, or for both.
type Kind struct {
	Name string // prefix for a setting that could also be of another kind: girder:listing.json
	Form string // description of its settings, for messages: "the API base of a Girder server"

	// Word is the complete setting of a kind without a location. Open opens its only source.
	Word string
	Open func(Options) Source

	// IsURL reports whether a URL is of this kind, for a setting without the name of a kind. OpenURL opens it; its
	// error is a phrase about the URL, such as "has a query".
	IsURL   func(u *url.URL) bool
	OpenURL func(u *url.URL, o Options) (Source, error)

	// IsFile reports whether a file that begins with head (after white space) is of this kind. ReadFile reads it.
	IsFile   func(head []byte) bool
	ReadFile func(f File, o Options, memory Memory) (*Listing, error)
}

// File is a file that lists packages.
type File struct {
	Path string // as in the setting
	Data []byte // decompressed
}
