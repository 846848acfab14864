package site

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/folder"
)

// segmentRE matches the names that files and folders of content/ may have. They become parts of URLs. tokenRE is for
// those in .well-known/, because tokens in base64url may start with any of these characters.
var (
	segmentRE = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+-]*$`)
	tokenRE   = regexp.MustCompile(`^[0-9A-Za-z._+-]+$`)
)

// slash returns a slash for folders and nothing for files.
func slash(d fs.DirEntry) string {
	if d.IsDir() {
		return "/"
	}
	return ""
}

// inWellKnown reports whether a file is published as it is, although it may be Markdown.
func inWellKnown(name string) bool { return strings.HasPrefix(name, folder.WellKnown+"/") }

// isPage reports whether a file of content/ becomes a page.
func isPage(name string) bool {
	return slices.Contains([]string{markdownExt, ".markdown"}, strings.ToLower(path.Ext(name))) && !inWellKnown(name)
}

// documentPath returns the path of the page made from a content file: about/index.html for about.md.
func documentPath(name string) string {
	page := strings.TrimSuffix(name, path.Ext(name))
	if folder, base := path.Split(page); base+markdownExt == indexName {
		return folder + pageName
	}
	return page + "/" + pageName
}

// contentNames are the files of content/.
type contentNames struct {
	published []string // sorted
	ignored   []string // sorted; folders end with a slash
	unusable  []string // files with a finding
	findings  fault.Findings
}

// readNames lists the files of content/. Its findings are about names that cannot be part of a URL, and about entries
// that are neither files nor folders.
func readNames(fsys fs.FS) (*contentNames, error) {
	var c contentNames
	skip := func(d fs.DirEntry) error {
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case name == "." && errors.Is(err, fs.ErrNotExist): // a site without a content folder
			return fs.SkipAll
		case err != nil && name == ".":
			return err
		case err != nil:
			c.findings = append(c.findings, unreadable(contentFolder+name, err))
		case name == "." || name == folder.WellKnown && d.IsDir():
		case name == folder.Data && d.IsDir(): // see readData
			return fs.SkipDir
		case folder.Ignored(name):
			if !strings.HasPrefix(base, ".git") { // nobody expects .git/ or .gitignore on the site
				c.ignored = append(c.ignored, name+slash(d))
			}
			return skip(d)
		case inWellKnown(name) && !tokenRE.MatchString(base) || !inWellKnown(name) && !segmentRE.MatchString(base):
			c.findings = append(c.findings, fault.Place{File: contentFolder + name}.
				Errorf("name cannot be part of a URL; use letters, digits, . _ + - and start with a letter or digit"))
			return skip(d)
		case d.IsDir():
		case folder.IsLoop(fsys, name, d):
			c.ignored = append(c.ignored, name+"/")
		case d.Type().IsRegular():
			c.published = append(c.published, name)
		default:
			c.findings = append(c.findings, irregular(contentFolder+name, d))
			c.unusable = append(c.unusable, name)
		}
		return nil
	})
	return &c, err
}

// irregular returns the finding for an entry that is neither a file nor a folder. Reading it might never end.
func irregular(file string, d fs.DirEntry) fault.Finding {
	kind := "a device"
	switch {
	case d.Type()&fs.ModeSymlink != 0: // folder.Open follows links, except broken ones
		return fault.Place{File: file}.Errorf("symbolic link leads nowhere; correct or remove it")
	case d.Type()&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	case d.Type()&fs.ModeSocket != 0:
		kind = "a socket"
	}
	return fault.Place{File: file}.Errorf("must be a file or a folder (found %s); remove it", kind)
}

// unreadable returns the finding for a file or folder that cannot be read.
func unreadable(file string, err error) fault.Finding {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	return fault.Place{File: file}.Errorf("cannot be read: %v", err)
}

// warnings returns a warning that lists the ignored files.
func (c *contentNames) warnings() fault.Findings {
	if len(c.ignored) == 0 {
		return nil
	}
	hint := "rename them if visitors need them, or remove them"
	if slices.ContainsFunc(c.ignored, func(name string) bool { return path.Base(name) == "_"+indexName }) {
		hint = "the page of a folder is " + indexName + ", without _"
	}
	return fault.Findings{fault.Place{File: strings.TrimSuffix(contentFolder, "/")}.
		Errorf("not published: %s; %s", enumerate(c.ignored), hint)}
}

// maxListed is the number of names that one message lists at most: about ten lines of a terminal.
const maxListed = 50

// enumerate joins names with commas. It counts those after the first ones instead of listing them.
func enumerate(names []string) string {
	if more := len(names) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), more)
	}
	return strings.Join(names, ", ")
}

// publishedFile is a file below public/.
type publishedFile struct {
	path   string
	source string // content/docs/a.md; "" for a generated file
}

// caseWarnings returns a warning for each URL of a content file that differs from another one only in case. For
// example, Docs/a.md and docs/b.md become /Docs/a/ and /docs/b/. On a file system that ignores case, as on most Macs
// and Windows machines, both are in one folder, and of About.md and about.md only one can exist. Generated files come
// first in the list, then the content in order.
func caseWarnings(files []publishedFile) (warnings fault.Findings) {
	type origin struct {
		publishedFile
		part string // the path of the file or of a folder above it
	}
	seen := map[string]origin{} // by part, in lower case
	warned := map[string]bool{} // by part
	for _, f := range files {
		var clash string // the shortest part of the path that clashes
		var other origin // the file that it clashes with
		for part := f.path; part != "."; part = path.Dir(part) {
			first, ok := seen[strings.ToLower(part)]
			if !ok {
				seen[strings.ToLower(part)] = origin{f, part}
			} else if path.Base(first.part) != path.Base(part) {
				clash, other = part, first
			} else if f.source == "" {
				break // the folders above have been seen as well
			}
		}
		if clash == "" || f.source == "" || warned[clash] {
			continue
		}
		warned[clash] = true
		of := other.source
		switch {
		case of != "":
		case other.part == other.path:
			of = urlOf(other.path)
		default: // a folder with generated files
			of = "/" + other.part + "/"
		}
		warnings = append(warnings, fault.Place{File: f.source}.
			Errorf("its URL differs from that of %s only in case; rename one: some file systems cannot keep both", of))
	}
	return warnings
}
