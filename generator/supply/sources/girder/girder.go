// Package girder lists the packages of an application on a Girder server with the package manager plugin.
//
// The plugin lists all packages of an application, released and nightly, in one JSON array:
//
//	GET <api>/app/<app>/package?limit=0
//
// There is no conditional request and no usable incremental one (deletions leave no trace, and pages shift while they
// are read), so every run fetches the complete listing: about 0.6 MB for 700 packages. The listing can be saved and the
// file used as a source; the address of the API must be configured in this case, because the listing does not contain
// it.
//
// The listing lacks three things, so each new or changed item costs one more request (GET /item/<id>/files):
//
//   - The name and the id of its file. Without the id, a download must use the URL of the item. There, Girder answers
//     range requests with the status of a range but the whole file, so curl -C - and wget -c fail.
//   - Whether visitors may download it. The listing also contains items in private folders, such as a release in
//     preparation.
//   - Whether it has exactly one file. While an upload replaces another, an item has two files, the listing has the sum
//     of their sizes with the checksum of one of them, and a download is a zip of both.
//
// The Memory of the listing contains the results for an item until the item changes. Items that were held back because
// of these results are requested again in every run. If an item becomes private without any other change, this is not
// detected.
//
// For an unknown but well-formed application the server answers with an empty array and status 200. So after an empty
// listing, Read checks whether the application exists.
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

// Kind recognizes the API of a Girder server, and a saved listing. Any URL may be an API, so other kinds must be
// checked first.
func Kind() source.Kind {
	return source.Kind{
		Name: "girder",
		Form: "the API base of a Girder server (https://girder.example.org/api/v1) or a file with a listing " +
			"saved from one",
		IsURL:    func(*url.URL) bool { return true },
		OpenURL:  openURL,
		IsFile:   func(head []byte) bool { return bytes.HasPrefix(head, []byte("[")) },
		ReadFile: readFile,
	}
}

func openURL(u *url.URL, o source.Options) (source.Source, error) {
	if u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(u.Path, "/app/") {
		return nil, errors.New("must be only the base of a Girder API")
	}
	o.Girder.API = strings.TrimRight(u.String(), "/")
	return &server{o}, nil
}

// readFile reads a saved listing. It uses the details that earlier runs have requested from the server.
func readFile(f source.File, o source.Options, memory source.Memory) (*source.Listing, error) {
	if o.Girder.API == "" {
		return nil, fault.Wrap(fault.Usage,
			fmt.Errorf("%s: a saved Girder listing does not contain the address of its server", f.Path),
			"Set "+apiSetting+" to the base of the API that the listing was saved from, for instance "+
				"https://girder.example.org/api/v1.")
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

// list returns the listing of items with their known details.
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

// apiSetting is the name of the setting for the API of a saved listing.
const apiSetting = "girder.api"

const saveAgain = "Save the answer of <API base>/app/<app>/package?limit=0 again, requested with " +
	`"Accept: application/json".`
