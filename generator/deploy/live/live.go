// Package live makes a site live that consists of objects in a bucket and of a tree of nodes in a key-value store.
//
// A deploy consists of writes that visitors cannot see, and of one that they can:
//
//	upload the objects that are missing in the bucket    their keys are hashes, so nothing is overwritten
//	write the record of the deploy                       deploys/20261126T084652Z-production-4f2a91c3.json.gz
//	put the nodes that are missing in the store          their keys are hashes, too
//	put the root and the state, in one call              from now on, visitors see the new site
//	collect what no kept record names                    at the earliest a day after it was last in use
//
// A deploy that is cut off anywhere leaves the old site as it was, and the next deploy finishes the work.
//
// # Editions
//
// An edition is a site of its own in the same bucket and store, for instance production or staging. Each has a root and
// a state, which is a key of the store with the id of the deploy that is live and a hash of its site. Root and state
// change in the same call, so they always belong together. To find out that nothing has changed, a deploy reads the
// state and nothing else.
//
// # Several deployers
//
// The store has an ETag that every write changes, and a write must name the current one. A deploy reads the ETag before
// the state. If another deployer writes in between, its own writes fail; then it reads the state again:
//
//	another deploy of this edition is live     stop; the error is OtherDeploy
//	only another edition, or a collection      check that the uploaded objects still exist, and put all nodes again
//
// A collection deletes objects and nodes that a deployer may be about to use. Therefore it first puts a lease into the
// store, which also changes the ETag; deployers wait until the lease is removed or has expired.
package live

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/objects"
)

// Production is the name of the edition that visitors see.
const Production = "production"

// Bucket stores objects by key. Its methods may be called concurrently.
type Bucket interface {
	// Get returns the content of an object. The error is fs.ErrNotExist if there is none.
	Get(ctx context.Context, key string) ([]byte, error)
	// Has reports whether an object exists.
	Has(ctx context.Context, key string) (bool, error)
	// Put stores an object, or replaces it. open opens its content of size bytes; Put may call it more than once.
	Put(ctx context.Context, key string, size int64, headers objects.Headers, open func() (io.ReadCloser, error)) error
	// List calls each for all objects whose keys have a prefix, in the order of their keys.
	List(ctx context.Context, prefix string, each func(Listed) error) error
	// Delete deletes objects; those that do not exist are skipped.
	Delete(ctx context.Context, keys []string) error
}

// Listed is an object as a bucket lists it.
type Listed struct {
	Key      string
	Size     int64
	ETag     string // without quotation marks
	Modified time.Time
}

// Store is a key-value store.
type Store interface {
	// Get returns the value of a key. The error is fs.ErrNotExist if there is none.
	Get(ctx context.Context, key string) (string, error)
	// Describe returns the version and the size of the store.
	Describe(ctx context.Context) (Version, error)
	// Update puts and deletes keys, all or none, if the store still has the given ETag. Otherwise the error is
	// ErrConflict. If the response of a successful update is lost, a repeated request results in ErrConflict, too.
	Update(ctx context.Context, etag string, changes []Change) (Version, error)
	// List returns all keys with their values.
	List(ctx context.Context) (map[string]string, error)
}

// Version is a version of a store.
type Version struct {
	ETag string
	Size int64 // bytes of all keys and values
}

// Change is a key to put or to delete.
type Change struct {
	Key    string
	Value  string // the value to put
	Delete bool
}

// ErrConflict is the error of an update of a store that has changed.
var ErrConflict = errors.New("the key-value store has changed")

// Live deploys the editions of a site.
type Live struct {
	Bucket  Bucket
	Place   string // name of the bucket: the same site in another bucket is not live
	Store   Store
	RootKey func(edition string) string // key of the root of an edition
	IsNode  func(key string) bool       // reports whether a key of the store is that of a node
	// AddPaths returns a tree that also serves the objects with the given keys, by path. It does not set Objects.
	AddPaths func(t Tree, paths map[string]string) (Tree, error)
	MaxSize  int64 // maximum size of the store, bytes
	Jobs     int   // objects uploaded at the same time
	Now      func() time.Time
	Sleep    func(ctx context.Context, d time.Duration) error // waits; returns the error of ctx when it is done
	Random   func() string                                    // returns eight random hex digits
	Log      *slog.Logger
	// Progress is called during an upload with the number of bytes of each object. It may be nil.
	Progress func(bytes int64)

	mu    sync.Mutex
	bases map[string]*Base // bases of records that were read, by key
}

// Site is a site to deploy.
type Site struct {
	Objects []objects.Object // sorted by path
	// Content opens the file of an object.
	Content func(objects.Object) (io.ReadCloser, error)
	// Compile returns the tree for a site whose files have the given keys, by path.
	Compile func(paths map[string]string) (Tree, error)
	// Shared are keys of the store that all editions share, such as the table of hosts.
	Shared []Change
	Facts  Facts
}

// Tree is a site in the store. The key of a node has always the same value.
type Tree struct {
	Root    string            // value of the root
	Nodes   map[string]string // all others, by key
	Objects []string          // keys of the objects that the nodes name
}

// Facts describes a deploy for people.
type Facts struct {
	By       string `json:"by"`       // user and host
	Program  string `json:"program"`  // version of sitegen
	Newest   string `json:"newest"`   // the newest build of the catalogue
	Packages int    `json:"packages"` // number of packages
	Rules    int    `json:"rules"`    // number of rules
	Contents string `json:"-"`        // redirects/contents.tsv, from which show describes changes; lines in any order
}

// isMissing reports whether an error means that there is no such object or key.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
