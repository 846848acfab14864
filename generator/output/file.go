package output

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Root is one of the two folders that a build writes.
type Root int

// The roots.
const (
	Public    Root = iota // what the web server serves
	Redirects             // what the web server is configured with
)

// String returns the root's name in the manifest and in messages.
func (r Root) String() string {
	if r == Redirects {
		return "redirects"
	}
	return "public"
}

// Group orders the writing of files, so that no file refers to one that does not exist yet.
type Group int

// The groups, in the order in which they are written. Deletions come after the last.
const (
	Records Group = iota // records, fragments, fingerprinted assets: what other files refer to
	Pages                // pages, feeds, listings
	Maps                 // the web server's configuration: all of Redirects, and nothing else
)

// File is one file of the site as it should be on disk. Its content is Data, or what Write produces.
type File struct {
	Root  Root
	Group Group
	Path  string // slash-separated, relative to the root, no "..", no leading slash
	Data  []byte

	// Write, if it is not nil, produces the content instead of Data, for files that are too large for memory. It is
	// called by Apply, and only if the file on disk is not intact or was written with another Version. The writer
	// fails as soon as the context of Apply is done.
	Write func(io.Writer) error

	// Version identifies the content: files with the same path and Version have the same bytes. A file with Write and
	// no Version is produced in every run.
	Version string

	// CopyOf, if it is not "", is the path of a file of an earlier group in the same root that has the same content.
	// It is copied together with its compressed variants, instead of calling Write and compressing again.
	CopyOf string
}

// name returns the file's path with its root in front, for example "public/index.html". It is the file's key in the
// manifest.
func (f *File) name() string { return f.Root.String() + "/" + f.Path }

// tempPrefix begins the name of a file that is being written. Such a name is never a file of the site.
const tempPrefix = ".sitegen-tmp-"

// checkPath returns an error for a path that leaves its root, or whose name is reserved by Git or sitegen. Paths
// contain versions and ids that come from the source of the packages, so they cannot be trusted.
func checkPath(p string) error {
	if p == "." || !fs.ValidPath(p) {
		return fmt.Errorf("%q is not a path within the output folder", p)
	}
	if i := strings.IndexFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }); i >= 0 {
		return fmt.Errorf("%q is not a path within the output folder (character %q)", p, p[i])
	}
	for part := range strings.SplitSeq(p, "/") {
		if strings.EqualFold(part, ".git") || part == listingName || strings.HasPrefix(part, tempPrefix) {
			return fmt.Errorf("%q cannot be published (%q is reserved)", p, part)
		}
	}
	return nil
}

// splitName splits the name of a file or folder into its root and its path there. The name has been checked.
func splitName(name string) (Root, string) {
	root, rest, _ := strings.Cut(name, "/")
	if root == Redirects.String() {
		return Redirects, rest
	}
	return Public, rest
}

// checkName returns an error for a string that is not the name of any [File].
func checkName(name string) error {
	root, rest, _ := strings.Cut(name, "/")
	if root != Public.String() && root != Redirects.String() {
		return fmt.Errorf("%q is neither in %s nor in %s", name, Public, Redirects)
	}
	return checkPath(rest)
}

// fileSet holds the files of a site by name.
type fileSet struct {
	names   []string // of the files, in the order of the build
	files   map[string]*File
	folders map[string]bool // all folders above the files, by name; the roots are among them
}

// newFileSet checks that the files can exist beside each other on disk. The error lists all that cannot.
func newFileSet(files []File, o *Options) (*fileSet, error) {
	s := &fileSet{names: make([]string, len(files)), files: make(map[string]*File, len(files)),
		folders: map[string]bool{}}
	var findings []error
	for i := range files {
		f := &files[i]
		name := f.name()
		s.names[i] = name
		switch {
		case checkPath(f.Path) != nil:
			findings = append(findings, checkPath(f.Path))
		case (f.Root == Redirects) != (f.Group == Maps):
			findings = append(findings,
				fmt.Errorf("%s: redirects/ holds the files of the group Maps and no others", name))
		case o.dir(f.Root) == "":
			findings = append(findings, fmt.Errorf("%s: there is no folder for maps", name))
		case s.files[name] != nil:
			findings = append(findings, fmt.Errorf("%s: two files have this name", name))
		default:
			s.files[name] = f
			for dir := path.Dir(name); dir != "." && !s.folders[dir]; dir = path.Dir(dir) {
				s.folders[dir] = true
			}
		}
	}
	for name := range s.files {
		if s.folders[name] {
			findings = append(findings, fmt.Errorf("%s is both a file and a folder", name))
		}
	}
	slices.SortFunc(findings, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return s, errors.Join(findings...)
}

// claims reports whether a file or folder of the site has this name.
func (s *fileSet) claims(name string) bool { return s.files[name] != nil || s.folders[name] }

// replaces reports whether a file of the site has the name of a folder above name.
func (s *fileSet) replaces(name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if s.files[dir] != nil {
			return true
		}
	}
	return false
}
