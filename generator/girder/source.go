// Package girder gets the listing of an application's packages, from the Girder server that keeps them or
// from a saved answer of it, and reads it into Items.
//
// The server's slicer_package_manager plugin lists all packages of an application, released and nightly,
// in one JSON array: GET <base>/app/<app>/package?limit=0. There is no conditional request and no usable
// incremental one (deletions leave no trace, and pages shift while they are read), so every run fetches it
// whole: about 0.6 MB. A wrong but well-formed app gives an empty array, so "nothing" is an answer to
// distrust: package gate does.
//
// Whatever goes wrong is a fault.Source error with a hint. That of a server is a *Failure, that of a
// listing which is no JSON array a *ListingError.
package girder

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// SourceKind is where a listing comes from.
type SourceKind int

// The kinds of sources.
const (
	SampleSource SourceKind = iota // the small catalogue in the program
	FileSource                     // a saved answer of a server
	ServerSource                   // the API of a Girder server
)

// Source names a listing.
type Source struct {
	Kind     SourceKind
	Location string // the path of a file; the API base of a server, without a slash at the end; "" of the sample
}

// sampleName is how people and the store call the sample.
const sampleName = "sample"

// ParseSource reads what --source holds: the word sample, the http or https URL of a Girder API, or the
// path of a file. Whether the file or the server exists is not asked.
func ParseSource(s string) (Source, error) {
	switch {
	case s == "":
		return Source{}, badSource(s, "is empty")
	case s == sampleName:
		return Source{Kind: SampleSource}, nil
	case !strings.Contains(s, "://"):
		return Source{Kind: FileSource, Location: s}, nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return Source{}, badSource(s, "is no URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return Source{}, badSource(s, "is neither an http nor an https URL")
	case u.Hostname() == "":
		return Source{}, badSource(s, "has no host")
	case u.User != nil:
		return Source{}, badSource(u.Redacted(), "has a user name in it")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(u.Path, "/app/"):
		return Source{}, badSource(s, "has more than the base of the API")
	}
	u.Host, u.Path = strings.ToLower(u.Host), strings.TrimRight(u.Path, "/")
	return Source{Kind: ServerSource, Location: u.String()}, nil
}

func badSource(s, problem string) error {
	return fault.Wrap(fault.Usage, fmt.Errorf("source: %s (found %.200q)", problem, s),
		"Give the API base of a Girder server (https://slicer-packages.kitware.com/api/v1), a file that holds a saved listing, or sample.")
}

// String is the source as ParseSource reads it.
func (s Source) String() string {
	if s.Kind == SampleSource {
		return sampleName
	}
	return s.Location
}

// Identity is what the store keeps of the source: as String, but the bare name of a file, because where a
// file lay says nothing about what is in it. Only the sample's is "sample".
func (s Source) Identity() string {
	if s.Kind == FileSource {
		return "file:" + filepath.Base(s.Location)
	}
	return s.String()
}

// Read gets the listing of the source. For a server it asks as client says, whose Base is not looked at.
func Read(ctx context.Context, source Source, client Client) ([]Item, error) {
	switch source.Kind {
	case SampleSource:
		return Sample()
	case FileSource:
		return FromFile(source.Location, client.MaxSize)
	case ServerSource:
		client.Base = source.Location
		return client.Fetch(ctx)
	}
	return nil, errors.New("read the listing: no source given")
}
