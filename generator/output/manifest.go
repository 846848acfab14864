package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	manifestName    = "manifest.json"
	manifestVersion = 1
)

// manifest lists the files that sitegen has written and not removed since.
type manifest struct {
	header
	Files map[string]entry // by name
}

// header is the manifest's first line.
type header struct {
	Version     int    `json:"version"`
	Complete    bool   `json:"complete"`         // the run that wrote this has finished
	Reload      bool   `json:"reload"`           // maps have changed, and the run, with its commands, has not finished since
	Inputs      string `json:"inputs"`           // fingerprint of what the site was made from
	Site        string `json:"site,omitempty"`   // name of the site
	Home        string `json:"home,omitempty"`   // folder of its configuration, relative to the data folder
	Public      string `json:"public"`           // the root's folder, likewise
	Redirects   string `json:"redirects"`        // the same; empty if there is none
	Precompress string `json:"precompress"`      // which variants were asked for
	Listing     hash   `json:"listing,omitzero"` // of the listing: see listing.go
}

// entry is one file. An entry with only a path is a file that was about to be written or removed, or that an earlier
// version of the program wrote: the file is ours, but it is unknown whether it exists and what it contains. If the run
// is complete, it is a file that the next run removes.
//
// An entry has 128 bytes, the largest value that a map stores in place: another field would cost an allocation for each
// file.
type entry struct {
	Path    string    `json:"path"` // with the root in front
	SHA256  hash      `json:"sha256,omitzero"`
	Size    int64     `json:"size,omitempty"` // bytes
	MTime   time.Time `json:"mtime,omitzero"`
	Version string    `json:"version,omitempty"` // see File.Version
	From    hash      `json:"from,omitzero"`     // of a variant: the hash of the file that was compressed
}

// nameOnly reports whether only the file's name is known.
func (e entry) nameOnly() bool { return e.SHA256 == hash{} && e.From == hash{} }

// larger reports whether the entry is a variant that is not on disk, because it would be larger than its file.
func (e entry) larger() bool { return e.SHA256 == hash{} && e.From != hash{} }

// intact reports whether a file is on disk as its entry describes it, and readable for the web server. Equal size and
// modification time are enough; if only the time differs, intact compares the content.
//
// The time of our files is a full second, which an ordinary write does not produce. For example, a page that was
// written at 17:09:00 and is edited within that second, to a text of the same size, gets a time such as 17:09:00.318.
// So intact reads it and finds the difference.
func (e entry) intact(place string) bool {
	if e.larger() {
		return true
	}
	if e.nameOnly() {
		return false
	}
	info, err := stat(place)
	return err == nil && info != nil && e.isAt(place, info)
}

// isAt is like intact, for a file whose info has been read.
func (e entry) isAt(place string, info fs.FileInfo) bool {
	if !readable(info) || info.Size() != e.Size {
		return false
	}
	if info.ModTime().Equal(e.MTime) {
		return true
	}
	f, err := openFile(place)
	if err != nil {
		return false
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return false
	}
	return hash(h.Sum(nil)) == e.SHA256
}

// hash is a SHA-256, in hexadecimal in text.
type hash [sha256.Size]byte

func (h hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

func (h *hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("%q is not a SHA-256", text)
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// forgetMoved forgets the files of roots that have moved or are no longer in use: files in the new place may be
// somebody else's.
func (m *manifest) forgetMoved(now header) {
	here := map[Root]bool{Public: m.Public == now.Public, Redirects: m.Redirects == now.Redirects &&
		now.Redirects != ""}
	maps.DeleteFunc(m.Files, func(name string, _ entry) bool {
		root, _ := splitName(name)
		if !here[root] {
			m.Complete = false
		}
		return !here[root]
	})
}

// knows reports whether the manifest lists any file of the root.
func (m *manifest) knows(r Root) bool {
	for name := range m.Files {
		if root, _ := splitName(name); root == r {
			return true
		}
	}
	return false
}

// isVariant reports whether the name is that of a compressed variant of another file.
func (m *manifest) isVariant(name string) bool {
	e := m.Files[name]
	if !e.nameOnly() {
		return e.From != hash{}
	}
	for _, enc := range encodings {
		if file, ok := strings.CutSuffix(name, enc.ext); ok {
			_, known := m.Files[file]
			return known
		}
	}
	return false
}

// filesKey ends the line of the header.
const filesKey = `,"files":[` + "\n"

// encode writes the header on the first line and each file on a line of its own, sorted by name, so that people and
// diff can read it.
func (m *manifest) encode() ([]byte, error) {
	head, err := json.Marshal(m.header)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(len(head) + 280*len(m.Files)) // bytes of a line with its hashes
	b.Write(bytes.TrimSuffix(head, []byte("}")))
	b.WriteString(strings.TrimSuffix(filesKey, "\n"))
	var line struct {
		entry
		Larger bool `json:"larger,omitempty"` // for people
	}
	lines := json.NewEncoder(&b)
	for i, name := range slices.Sorted(maps.Keys(m.Files)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		line.entry = m.Files[name]
		line.Larger = line.entry.larger()
		if err := lines.Encode(&line); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // the newline of Encode, which belongs behind the comma
	}
	b.WriteString("\n],")
	checksum := sha256.Sum256(b.Bytes())
	fmt.Fprintf(&b, "%s%x\"}\n", checksumKey, checksum)
	return b.Bytes(), nil
}

// checksumKey begins the last part of a manifest, the SHA-256 of everything before it. A single changed byte in a path
// would otherwise make somebody else's file ours.
const checksumKey = `"checksum":"`

// errNewer is the error of a manifest that a later version of the program wrote. It is not damaged.
var errNewer = errors.New("unsupported version")

// parseManifest reads what encode wrote. Its errors begin with a line number. Manifests of earlier versions of the
// program have no checksum.
func parseManifest(text []byte) (manifest, error) {
	var body struct {
		header
		Files    []entry `json:"files"`
		Checksum *hash   `json:"checksum"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return manifest{}, fmt.Errorf("%d: %w", errorLine(text, err), err)
	}
	if body.Checksum != nil {
		end := bytes.LastIndex(text, []byte(checksumKey))
		if end < 0 || hash(sha256.Sum256(text[:end])) != *body.Checksum {
			return manifest{}, errors.New("1: the checksum at its end does not match")
		}
	}
	if body.Version != manifestVersion {
		return manifest{}, fmt.Errorf("1: %w %d (want %d); use the sitegen that wrote it", errNewer, body.Version,
			manifestVersion)
	}
	m := manifest{header: body.header, Files: make(map[string]entry, len(body.Files))}
	for i, e := range body.Files {
		line := i + 2 // the header is line 1
		if err := checkName(e.Path); err != nil {
			return manifest{}, fmt.Errorf("%d: %w", line, err)
		}
		if _, twice := m.Files[e.Path]; twice {
			return manifest{}, fmt.Errorf("%d: %q is listed twice", line, e.Path)
		}
		m.Files[e.Path] = e
	}
	return m, nil
}

// errorLine returns the line of a JSON error in text.
func errorLine(text []byte, err error) int {
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	offset := int64(0)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &typed):
		offset = typed.Offset
	}
	return 1 + bytes.Count(text[:min(offset, int64(len(text)))], []byte("\n"))
}

// header returns the header of a manifest that is written with these options.
func (o *Options) header() header {
	h := header{Version: manifestVersion, Site: o.Site, Public: o.fromData(o.Public),
		Precompress: o.Precompress.String()}
	if o.Home != "" {
		h.Home = o.fromData(o.Home)
	}
	if o.Redirects != "" {
		h.Redirects = o.fromData(o.Redirects)
	}
	return h
}

// fromData returns the path of a folder relative to the data folder, so that a site can be moved as a whole and keep
// its manifest.
func (o *Options) fromData(dir string) string {
	rel, err := filepath.Rel(o.Data, dir)
	if err != nil { // on Windows, folders may be on different drives
		return filepath.ToSlash(dir)
	}
	return filepath.ToSlash(rel)
}

// fromManifest returns a folder that fromData has made relative.
func (o *Options) fromManifest(dir string) string {
	if dir = filepath.FromSlash(dir); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(o.Data, dir)
}

// load reads the manifest from the data folder. If it is missing or damaged, load recovers it from the listing.
func (w *Writer) load() error {
	w.manifest = manifest{Files: map[string]entry{}}
	listing, err := w.readListing()
	if err != nil {
		return err
	}
	w.listing = sha256.Sum256(listing)
	var text []byte
	if w.data.root != nil {
		if text, err = w.data.read(manifestName); err != nil {
			return err
		}
	}
	reason := "is missing"
	if text != nil {
		place := filepath.Join(w.options.Data, manifestName)
		m, err := parseManifest(text)
		switch {
		case errors.Is(err, errNewer):
			return fmt.Errorf("%s:%w", place, err)
		case err == nil:
			w.manifest, w.saved, w.owner = m, sha256.Sum256(text), m.header
			return w.move(listing)
		}
		reason = "is damaged: line " + err.Error()
	}
	if text == nil && listing == nil {
		return w.adopt()
	}
	return w.recover(reason, listing)
}

// move forgets the files of folders that have moved, and recognizes those of a public folder that has moved here.
func (w *Writer) move(listing []byte) error {
	was, now := w.manifest.header, w.options.header()
	w.manifest.forgetMoved(now)
	if was.Public == now.Public || listing == nil {
		return nil
	}
	return w.recover("lists the files of "+w.options.fromManifest(was.Public), listing)
}

// adopt adds the files of the public folder that Options.Adopt recognizes to the manifest.
func (w *Writer) adopt() error {
	if w.options.Adopt == nil {
		return nil
	}
	err := fs.WalkDir(os.DirFS(w.options.Public), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && checkPath(path) == nil && w.options.Adopt(path) {
			name := (&File{Path: path}).name()
			w.manifest.Files[name] = entry{Path: name}
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look for the files of an earlier version: %w", err)
	}
	return nil
}

// save writes the manifest unless the file has the same content, and makes it the current one.
func (w *Writer) save(m manifest) error {
	text, err := m.encode()
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	if sum := hash(sha256.Sum256(text)); sum != w.saved {
		if err := w.data.put(manifestName, text); err != nil {
			return err
		}
		w.saved = sum
	}
	w.manifest = m
	return nil
}
