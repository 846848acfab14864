package output

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// tempPrefix begins the name of a file that is being written. Such a name is never a file of the site.
const tempPrefix = ".sitegen-tmp-"

// checkPath refuses a path that could leave its root, that git keeps for itself, or that is ours alone.
// Paths are made of versions and ids that come from Girder.
func checkPath(p string) error {
	if p == "." || !fs.ValidPath(p) {
		return fmt.Errorf("%q is not a path within the output folder", p)
	}
	if i := strings.IndexFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }); i >= 0 {
		return fmt.Errorf("%q is not a path within the output folder (character %q)", p, p[i])
	}
	for part := range strings.SplitSeq(p, "/") {
		if strings.EqualFold(part, ".git") || strings.HasPrefix(part, tempPrefix) {
			return fmt.Errorf("%q is not for the site (%q has another use)", p, part)
		}
	}
	return nil
}

// splitName takes the name of a file ("public/index.html") or of a folder apart. It has been checked.
func splitName(name string) (Root, string) {
	root, rest, _ := strings.Cut(name, "/")
	if root == Redirects.String() {
		return Redirects, rest
	}
	return Public, rest
}

// checkName refuses what no [File] can be called.
func checkName(name string) error {
	root, rest, _ := strings.Cut(name, "/")
	if root != Public.String() && root != Redirects.String() {
		return fmt.Errorf("%q lies in neither %s nor %s", name, Public, Redirects)
	}
	return checkPath(rest)
}

// fileSet is the files of a site by name.
type fileSet struct {
	files   map[string]*File
	folders map[string]bool // every folder above a file, by name
}

// newFileSet checks that the files can stand beside each other on a disk, and reports all that cannot.
func newFileSet(files []File) (*fileSet, error) {
	s := &fileSet{files: make(map[string]*File, len(files)), folders: map[string]bool{}}
	var findings []error
	for i := range files {
		f := &files[i]
		name := f.name()
		switch {
		case checkPath(f.Path) != nil:
			findings = append(findings, checkPath(f.Path))
		case (f.Root == Redirects) != (f.Group == Maps):
			findings = append(findings, fmt.Errorf("%s: maps are what lies in redirects/, and nothing else does", name))
		case s.files[name] != nil:
			findings = append(findings, fmt.Errorf("%s is there twice", name))
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
	return s, errors.Join(sortErrors(findings)...)
}

// claims says that a file or folder of the site has this name.
func (s *fileSet) claims(name string) bool { return s.files[name] != nil || s.folders[name] }
