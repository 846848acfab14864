// Package girder lists the packages of an application that a Girder server keeps with its package manager plugin.
//
// The plugin lists all packages of an application, released and nightly, in one JSON array:
//
//	GET <api>/app/<app>/package?limit=0
//
// There is no conditional request and no usable incremental one (deletions leave no trace, and pages shift while they
// are read), so every run fetches the whole: about 0.6 MB for 700 packages. Such an answer can be saved, and the file
// used as a source; then the address of the API has to be configured, since the listing does not say it.
//
// The listing leaves out three things, for which each new or changed item is looked at once (GET /item/<id>/files):
//
//   - The name and the id of its file. Without the id a download has the address of the item, whose answers claim to be
//     ranges and are not, so that curl -C - and wget -c fail.
//   - Whether visitors may read it. The listing names the items of private folders as well, such as a release that is
//     being prepared.
//   - Whether it has exactly one file. While an upload replaces another, an item has two, and the listing gives the
//     sum of their sizes with the checksum of one of them. Downloads are a zip then.
//
// What was learned about an item is in the Memory of the listing, until the item changes. Items held back for what was
// found are looked at again in every run. An item that becomes private without being changed is not noticed.
//
// A wrong but well-formed application gives an empty array, with status 200, so the server is asked about the
// application then.
package girder

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/source"
)

// Kind recognizes the API of a Girder server, and a saved listing. A URL says nothing about what answers there, so any
// URL may be an API: other kinds have to come first.
func Kind() source.Kind {
	return source.Kind{
		Name:     "girder",
		Form:     "the API base of a Girder server (https://girder.example.org/api/v1) or a file with a listing saved from one",
		IsURL:    func(*url.URL) bool { return true },
		OpenURL:  openURL,
		IsFile:   func(head []byte) bool { return bytes.HasPrefix(head, []byte("[")) },
		ReadFile: readFile,
	}
}

func openURL(u *url.URL, o source.Options) (source.Source, error) {
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(u.Path, "/app/") {
		return nil, errors.New("has more than the base of a Girder API")
	}
	o.Girder.API = strings.TrimRight(u.String(), "/")
	return &server{o}, nil
}

// readFile reads a saved listing. What an earlier run of the server learned about its items still counts.
func readFile(f source.File, o source.Options, memory source.Memory) (*source.Listing, error) {
	if o.Girder.API == "" {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: a saved Girder listing does not say where its files are downloaded", f.Path),
			"Set "+apiSetting+" to the base of the API that it is from, for instance https://girder.example.org/api/v1.")
	}
	o.Girder.API = strings.TrimRight(o.Girder.API, "/")
	items, err := DecodeListing(f.Data)
	if err != nil {
		if e, ok := errors.AsType[*ListingError](err); ok {
			e.Path = f.Path
		}
		return nil, fault.Wrap(fault.Source, err, saveAgain)
	}
	return list(items, recall(items, memory), o), nil
}

// list returns the listing of items with what is known about them.
func list(items []Item, details Details, o source.Options) *source.Listing {
	records := Records(items, o.Girder, details)
	return &source.Listing{
		Records: records, Spelling: Spelling, Memory: remember(items, details),
		App:      o.Girder.App,
		Warnings: warnings(items, o.Girder.App, published(o.Scheme, records), o.Now()),
	}
}

// published returns the packages that would be published.
func published(scheme *catalog.Scheme, records []catalog.Record) []*catalog.Package {
	packages, _ := catalog.Publish(scheme, Spelling, records)
	return packages
}

// apiSetting names the setting for the API of a saved listing.
const apiSetting = "girder.api"

const saveAgain = `Save the answer of <API base>/app/<app>/package?limit=0 again, requested with "Accept: application/json".`
