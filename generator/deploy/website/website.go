// Package website deploys a site to a bucket whose website endpoint serves it, without CloudFront.
//
// S3 serves each file at its own path, so a deploy cannot replace a site in one write. It writes in an order in which
// nothing refers to something that is not there yet:
//
//	new files, then changed ones       assets, package records, images; nothing refers to the new ones yet
//	new pages                          their assets and records exist
//	new redirect objects               their targets exist; of a chain of redirects, the last one comes first
//	changed pages                      for instance the home page, which links to the new pages and redirects
//	changed redirect objects
//	the website configuration          its routing rules redirect to pages, records and redirect objects
//	deletions                          redirect objects, then pages, then the rest: a day after the site lost them
//
// # The manifest
//
// The manifest is an object of the bucket (see ManifestKey) that lists what deploys have stored, with hashes of
// contents and headers. For example, after index.html has changed and the record of a withdrawn package is gone:
//
//	{"format": 1, "id": "20261126T084652Z-4f2a91c3", "config": "9d0c…", "files": {
//	  "index.html":        {"kind": "page", "size": 5120, "sum": "a7f1…", "headers": "03bc…", "etag": "1f5e…"},
//	  "api/v1/6f2a.json":  {"size": 611, "sum": "c0de…", "headers": "77aa…", "etag": "9b1d…",
//	                        "gone": "2026-11-26T08:46:52Z"}}}
//
// A deploy of the same site reads the manifest and nothing else. Objects that the manifest does not list belong to
// somebody else: a deploy deletes none of them.
//
// # Several deployers, and deploys that are cut off
//
// The first write of a deploy is a manifest that marks everything as unsure that the deploy is about to store or
// delete, and that claims the bucket for the next few minutes. Later writes of the manifest renew the claim and record
// what has been stored. The last one has neither marks nor claim. Each write is conditional on the ETag that the one
// before has left, so a deployer notices when another one has written:
//
//	the manifest has changed since the plan       stop before anything is stored; the error is live.OtherDeploy
//	the manifest has a claim of another deploy    wait until it is released or expires
//	the claim expired, and another took over      stop; the error is live.OtherDeploy
//
// A deploy that was killed leaves marks and a claim. The next deploy waits until the claim expires, and stores again
// what is marked and belongs to its site.
//
// Visitors can read the manifest if the policy of the bucket allows them to read all objects. It contains nothing that
// they could not find out otherwise: paths, sizes, hashes and the times of deploys.
package website

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/fault"
)

// Bucket stores objects by key and has a website configuration. Its methods may be called concurrently.
type Bucket interface {
	// Read returns the content and the ETag of an object. The error is fs.ErrNotExist if there is none. An object of
	// more than limit bytes is an error.
	Read(ctx context.Context, key string, limit int64) (data []byte, etag string, err error)
	// Replace stores an object if the one at the key still has the given ETag or, if etag is "", if there is none.
	// Otherwise the error is ErrConflict. It returns the ETag of the new object. If the response of a successful
	// request is lost, a repeated request results in ErrConflict, too.
	Replace(ctx context.Context, key string, data []byte, headers objects.Headers, etag string) (string, error)
	// Store stores an object, or replaces it, and returns its ETag. open opens its content of size bytes; Store may
	// call it more than once.
	Store(ctx context.Context, key string, size int64, headers objects.Headers,
		open func() (io.ReadCloser, error)) (etag string, err error)
	// Redirect stores an empty object that redirects to a location, and returns its ETag.
	Redirect(ctx context.Context, key, location string, headers objects.Headers) (etag string, err error)
	// List calls each for all objects whose keys have a prefix, in the order of their keys.
	List(ctx context.Context, prefix string, each func(live.Listed) error) error
	// Delete deletes objects; those that do not exist are skipped.
	Delete(ctx context.Context, keys []string) error
	// Config returns the website configuration. The error is fs.ErrNotExist if there is none.
	Config(ctx context.Context) (*Config, error)
	// SetConfig replaces the website configuration.
	SetConfig(ctx context.Context, c *Config) error
}

// ErrConflict is the error of a write to an object that has changed.
var ErrConflict = errors.New("the object has changed")

// Website deploys a site.
type Website struct {
	Bucket     Bucket
	Grace      time.Duration // objects are kept for this time after the site lost them
	MaxDeletes int           // maximum number of objects that are deleted at once
	Jobs       int           // objects uploaded at the same time
	Now        func() time.Time
	Sleep      func(ctx context.Context, d time.Duration) error // waits; returns the error of ctx when it is done
	Random     func() string                                    // returns eight random hex digits
	Log        *slog.Logger
	// Progress is called during an upload with the number of bytes of each object. It may be nil.
	Progress func(bytes int64)
}

// Site is a site to deploy. Read reads one from the folders of a build.
type Site struct {
	// Files are the files; Path is the key of each in the bucket.
	Files []objects.Object
	// Content opens a file.
	Content   func(objects.Object) (io.ReadCloser, error)
	Redirects []Redirect
	Config    Config
}

// Redirect is an empty object that S3 answers with status 301.
type Redirect struct {
	Key          string
	Location     string // a path that begins with a slash, or a URL
	CacheControl string // "" for none
}

// headers returns the headers of the response.
func (r Redirect) headers() objects.Headers {
	h := objects.Headers{}
	if r.CacheControl != "" {
		h["Cache-Control"] = r.CacheControl
	}
	return h
}

// Limits of S3 (user guide, "Naming Amazon S3 objects" and "Configuring a webpage redirect").
const (
	maxKey      = 1024 // bytes
	maxLocation = 2048 // bytes
)

// check returns all reasons why a site cannot be deployed.
func (s *Site) check() error {
	var errs []error
	seen := make(map[string]bool, len(s.Files)+len(s.Redirects))
	key := func(k string) {
		if err := checkKey(k); err != nil {
			errs = append(errs, err)
		} else if seen[k] {
			errs = append(errs, fmt.Errorf("two objects have the key %q", k))
		}
		seen[k] = true
	}
	for _, o := range s.Files {
		key(o.Path)
	}
	for _, r := range s.Redirects {
		key(r.Key)
		if !strings.HasPrefix(r.Location, "/") && !strings.HasPrefix(r.Location, "http://") &&
			!strings.HasPrefix(r.Location, "https://") {
			errs = append(errs, fmt.Errorf("the redirect at %q must lead to a path or a URL (found %q)", r.Key,
				r.Location))
		}
		if len(r.Location) > maxLocation {
			errs = append(errs, fmt.Errorf("the redirect at %q has a location of %d bytes, S3's limit is %d", r.Key,
				len(r.Location), maxLocation))
		}
	}
	return fault.Wrap(fault.Content, errors.Join(errs...), "")
}

// checkKey returns why a key cannot be that of an object of a site.
func checkKey(key string) error {
	switch {
	case key == "" || strings.HasPrefix(key, "/") || !utf8.ValidString(key):
		return fmt.Errorf("invalid key %q", key)
	case len(key) > maxKey:
		return fmt.Errorf("the key %.60q has %d bytes, S3's limit is %d", key, len(key), maxKey)
	case strings.HasPrefix(key, Reserved):
		return fmt.Errorf("the key %q begins with %s, which is reserved", key, Reserved)
	}
	return nil
}
