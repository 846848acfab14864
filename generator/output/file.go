package output

// Root is one of the two folders that a build writes.
type Root int

// The roots.
const (
	Public    Root = iota // what the web server serves
	Redirects             // what the web server is configured with
)

// String is the root's name in the manifest and in messages.
func (r Root) String() string {
	if r == Redirects {
		return "redirects"
	}
	return "public"
}

// Group orders the writing of files, so that nothing is referred to before it is there.
type Group int

// The groups, in the order in which they are written. Deletions come after the last.
const (
	Records Group = iota // records, fragments, fingerprinted assets: what others refer to
	Pages                // pages, feeds, listings
	Maps                 // the web server's configuration: all of Redirects, and nothing else
)

// File is one file of the site, whole, as it should be on disk.
type File struct {
	Root  Root
	Group Group
	Path  string // slash-separated, relative to the root, no "..", no leading slash
	Data  []byte
}

// name is the file's path with its root in front, the key of everything that is remembered about it.
func (f *File) name() string { return f.Root.String() + "/" + f.Path }
