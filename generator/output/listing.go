package output

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// listingName is the file in the public folder that lists the files of the site with their hashes: see the package
// comment. Such a name is never a file of the site.
const listingName = ".sitegen-files"

// Recovery is what a Writer found out about a site whose files are not in the manifest.
type Recovery struct {
	Manifest string // its path
	Reason   string // "is missing", "is damaged: …" or "lists the files of …"
	Files    int    // how many files sitegen recognized as its own
	Changed  int    // how many files of the listing exist with other content, and count as somebody else's
}

func (r *Recovery) String() string {
	text := fmt.Sprintf("%s %s; files of the site recognized by their content: %d", r.Manifest, r.Reason, r.Files)
	if r.Changed > 0 {
		text += fmt.Sprintf("; changed since they were written, so left alone: %d", r.Changed)
	}
	return text
}

// Recovered returns how the list of the site's files was recovered, or nil if it did not have to be.
func (w *Writer) Recovered() *Recovery { return w.recovery }

// content is a line of the listing: a file that is ours as long as it has this content.
type content struct {
	sum  hash
	name string
}

// append appends the line to a text.
func (c content) append(text []byte) []byte {
	text = hex.AppendEncode(text, c.sum[:])
	return append(append(append(text, "  "...), c.name...), '\n')
}

// readListing returns the text of the listing, nil if there is none.
func (w *Writer) readListing() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(w.options.Public, listingName))
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of the site's files: %w", err)
	}
	return text, nil
}

// parseListing returns the lines of a listing. It leaves out damaged ones.
func parseListing(text []byte) (list []content) {
	for line := range bytes.Lines(text) {
		sum, name, found := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("  "))
		c := content{name: string(name)}
		if found && c.sum.UnmarshalText(sum) == nil && checkName(c.name) == nil {
			list = append(list, c)
		}
	}
	return list
}

// recover adds to the manifest the names of the files that the listing knows by their content, and that Options.Adopt
// recognizes, too, if it is set. It also adds those of missing files: a killed run may have made their folders, or may
// not have removed them yet. Reason says why the files are not in the manifest. If it knows the redirects, these
// stay.
func (w *Writer) recover(reason string, listing []byte) error {
	w.recovery = &Recovery{Manifest: filepath.Join(w.options.Data, manifestName), Reason: reason}
	var roots [2]*os.Root
	for _, r := range []Root{Public, Redirects} {
		var err error
		if w.options.dir(r) == "" {
			continue
		}
		if roots[r], err = os.OpenRoot(w.options.dir(r)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("open the output folder: %w", err)
		}
		if roots[r] != nil {
			defer roots[r].Close() // nothing was written
		}
	}
	known, exists := w.manifest.knows(Redirects), map[string]bool{}
	for _, c := range parseListing(listing) {
		r, path := splitName(c.name)
		if roots[r] == nil || r == Redirects && known ||
			r == Public && w.options.Adopt != nil && !w.options.Adopt(path) {
			continue
		}
		sum, err := hashIn(roots[r], path)
		missing := isMissing(err)
		exists[c.name] = !missing
		if missing || err == nil && sum == c.sum {
			w.manifest.Files[c.name] = entry{Path: c.name}
		}
	}
	for name, there := range exists {
		_, ours := w.manifest.Files[name]
		if there && ours {
			w.recovery.Files++
		} else if there {
			w.recovery.Changed++
		}
	}
	w.manifest.header = w.options.header()
	w.manifest.Reload = w.manifest.knows(Redirects)
	return nil
}

// errNotRegular is the error of a folder, a symbolic link or another thing with the name of a file.
var errNotRegular = errors.New("not a regular file")

// hashIn returns the hash of a regular file within a folder.
func hashIn(root *os.Root, path string) (sum hash, err error) {
	info, err := root.Lstat(path)
	if err != nil {
		return sum, err
	}
	if !info.Mode().IsRegular() {
		return sum, errNotRegular
	}
	f, err := root.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	return hash(h.Sum(nil)), nil
}

// list writes the listing, unless it is on disk already: a line for each file whose content is known, and for each that
// the next run removes, with the content that it has. A file that steps write has a second line with its new content,
// so the listing is right before and after.
func (a *apply) list(files map[string]entry, steps []*step) error {
	list := make([]content, 0, len(files)+len(steps))
	for name, e := range files {
		switch {
		case e.larger():
		case !e.nameOnly():
			list = append(list, content{e.SHA256, name})
		default:
			r, path := splitName(name)
			if a.roots[r].root == nil {
				continue
			}
			sum, err := hashIn(a.roots[r].root, path)
			if err == nil || isMissing(err) && len(steps) > 0 { // without a hash, only its folder is to be recognized
				list = append(list, content{sum, name})
			}
		}
	}
	for _, s := range steps {
		if s.write && s.file.Write == nil {
			list = append(list, content{s.sum, s.name})
		}
	}
	slices.SortFunc(list, func(x, y content) int {
		return cmp.Or(strings.Compare(x.name, y.name), bytes.Compare(x.sum[:], y.sum[:]))
	})
	text := make([]byte, 0, 128*len(list)) // bytes of a line, about
	for _, c := range slices.Compact(list) {
		text = c.append(text)
	}
	if sum := hash(sha256.Sum256(text)); sum != a.listing {
		change := func() error { return a.roots[Public].put(listingName, text) }
		if len(list) == 0 {
			change = func() error { return a.roots[Public].remove(listingName) }
		}
		if err := change(); err != nil {
			return err
		}
		a.listing = sum
	}
	return nil
}

// openListing opens the listing for appending.
func (a *apply) openListing() (err error) {
	a.listing = hash{} // so the run writes the listing again at its end
	root := a.roots[Public]
	if a.lines, err = root.root.OpenFile(listingName, os.O_WRONLY|os.O_APPEND|os.O_CREATE, fileMode); err != nil {
		return root.failed("open", listingName, err)
	}
	return nil
}
