// Package packagesjson lists the packages of a packages.json: a small file that any build system can write, next to the
// packages or on a web server. docs/packages-json.md describes the format, docs/packages.schema.json is its schema.
//
//	{
//	  "version": 1,
//	  "packages": [
//	    {
//	      "version": "3.1", "built": "2026-11-20T03:12:00Z", "system": "linux", "arch": "x86_64",
//	      "size": 104857600, "url": "https://get.example.org/aurora-3.1-x86_64.AppImage"
//	    }
//	  ]
//	}
//
// Decode reports all errors of the file at once, each with its line and column. The author of a script that writes the
// file can then correct all of them together. A package with an unknown system or a size of zero must not stop the
// others, so Decode leaves such checks to catalog.Publish.
//
// Records fills in the values that a package leaves out. Because links contain the id, it is derived from values that
// do not change: aurora-3.1-linux-x86_64 for a release; for a nightly build, the time of the build is added.
package packagesjson

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
)

// Kind recognizes a packages.json: a URL whose path ends in .json or .json.gz, and a file that contains an object.
func Kind() source.Kind {
	return source.Kind{
		Name: "packages",
		Form: "a packages.json (a file, or a URL that ends in .json or .json.gz)",
		IsURL: func(u *url.URL) bool {
			p := strings.ToLower(u.Path)
			return strings.HasSuffix(p, ".json") || strings.HasSuffix(p, ".json.gz")
		},
		OpenURL: func(u *url.URL, o source.Options) (source.Source, error) {
			if u.Fragment != "" {
				return nil, errors.New("has a fragment")
			}
			return &web{u, o}, nil
		},
		IsFile: func(head []byte) bool {
			for _, prefix := range []string{"{", utf8BOM, utf16LE, utf16BE} {
				if bytes.HasPrefix(head, []byte(prefix)) {
					return true
				}
			}
			return false
		},
		ReadFile: readFile,
	}
}

// web is a packages.json on a web server.
type web struct {
	url *url.URL
	o   source.Options
}

// Identity returns the URL without the query, which may contain a signature.
func (w *web) Identity() string {
	u := *w.url
	u.RawQuery, u.ForceQuery = "", false
	return u.String()
}

// Read fetches the file.
func (w *web) Read(ctx context.Context, _ source.Memory) (*source.Listing, error) {
	var (
		doc *Document
		bad error
	)
	err := w.o.Fetch.Get(ctx, fetch.Request{
		URL: w.url.String(), Name: w.Identity(),
		Accept: "application/json, */*;q=0.5", // servers may send the file as text/plain or application/gzip
		Read: func(body []byte) error {
			if doc, bad = Decode(w.Identity(), body); errors.Is(bad, io.ErrUnexpectedEOF) || fetch.IsPage(body) {
				return bad // a failure of the server; other errors are mistakes in the file
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return list(doc, bad, w.o)
}

// readFile reads a packages.json on disk.
func readFile(f source.File, o source.Options, _ source.Memory) (*source.Listing, error) {
	doc, err := Decode(f.Path, f.Data)
	return list(doc, err, o)
}

// list converts the result of Decode to a listing.
func list(doc *Document, err error, o source.Options) (*source.Listing, error) {
	if err != nil {
		return nil, fault.Wrap(fault.Source, err,
			"docs/packages-json.md describes the format, and docs/packages.schema.json is its schema for editors and "+
				"build systems.")
	}
	return &source.Listing{Records: doc.Records(o.Product, o.Download), Spelling: Spelling, Warnings: doc.Warnings}, nil
}

// Spelling maps fields of a record to their names in packages.json, if these differ.
var Spelling = catalog.Spelling{
	catalog.FieldOS: "system", catalog.FieldBuildDate: "built", catalog.FieldRelease: "version",
}

// Document is a valid packages.json.
type Document struct {
	Name     string // name of the file, for messages
	Packages []Package
	Warnings []string
}

// Package is one package of the file, with "" for values that it leaves out.
type Package struct {
	ID, Name, Product string
	Version, Revision string
	Built             string
	System, Arch      string
	Size              int64 // bytes
	SHA256, SHA512    string
	URL, File         string
	Signature, SBOM   string // URLs
	Stability         Stability
	Line              int // line of its opening brace
}

// Stability is the stability of a version.
type Stability string

// The stabilities.
const (
	Release    Stability = "release" // the default
	PreRelease Stability = "pre-release"
	Nightly    Stability = "nightly"
)

// Records returns the records of the packages. Packages without a product get the name product, and packages without a
// URL get one from the template download.
func (d *Document) Records(product string, download catalog.Template) []catalog.Record {
	records := make([]catalog.Record, len(d.Packages))
	for i := range d.Packages {
		p := &d.Packages[i]
		records[i] = p.record(product)
		records[i].Download = download
		records[i].Place = fmt.Sprintf("%s:%d", d.Name, p.Line)
	}
	return records
}

func (p *Package) record(product string) catalog.Record {
	r := catalog.Record{
		ProductName: cmp.Or(p.Product, product), OS: p.System, Arch: p.Arch, Revision: p.Revision, Version: p.Version,
		BuildDate: p.Built, Size: p.Size, SHA256: p.SHA256, SHA512: p.SHA512, URL: p.URL,
		Signature: p.Signature, SBOM: p.SBOM, FileName: cmp.Or(p.File, lastSegment(p.URL)),
	}
	if p.Stability != Nightly {
		r.Release, r.PreRelease = p.Version, p.Stability == PreRelease
	}
	r.ID = cmp.Or(p.ID, p.defaultID(r.ProductName))
	r.Name = cmp.Or(p.Name, r.FileName, r.ID)
	return r
}

// defaultID returns the id for a package without one.
func (p *Package) defaultID(product string) string {
	words := []string{product, p.Version}
	if p.Stability == Nightly {
		built := p.Built
		if t, ok := catalog.ParseBuildDate(p.Built); ok {
			built = t.Format("20060102t1504")
		}
		words = append(words, built)
	}
	words = append(words, p.System, p.Arch)
	return strings.Trim(unfitRE.ReplaceAllString(strings.ToLower(strings.Join(words, "-")), "-"), "-._")
}

// unfitRE matches characters that an id cannot contain.
var unfitRE = regexp.MustCompile(`[^0-9a-z._-]+`)

// lastSegment returns the name under which a browser saves the file of a URL.
func lastSegment(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Path == "" || strings.HasSuffix(u.Path, "/") {
		return ""
	}
	return path.Base(u.Path)
}
