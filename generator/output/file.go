package output

// Root is one of the two folders that a build writes.
type Root int

// The roots.
const (
	Public    Root = iota // what the web server serves
	Redirects             // what the web server is configured with
)

// Group orders the writing of files, so that nothing is referred to before it is there.
type Group int

// The groups, in the order in which they are written. Deletions come after the last.
const (
	Records Group = iota // records, fragments, fingerprinted assets: what others refer to
	Pages                // pages, feeds, listings
	Maps                 // the web server's configuration
)

// File is one file of the site, whole, as it should be on disk.
type File struct {
	Root  Root
	Group Group
	Path  string // slash-separated, relative to the root, no "..", no leading slash
	Data  []byte
}
