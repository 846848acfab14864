package output

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	manifestName    = "manifest.json"
	manifestVersion = 1
)

// manifest is what sitegen has written and not removed since.
type manifest struct {
	header
	Files map[string]entry // by name
}

// header is the manifest's first line.
type header struct {
	Version     int    `json:"version"`
	Complete    bool   `json:"complete"`    // the run that wrote this came to its end
	Reload      bool   `json:"reload"`      // the commands of after_change are due
	Inputs      string `json:"inputs"`      // fingerprint of what the site was made from
	Public      string `json:"public"`      // the root's folder, from the data folder
	Redirects   string `json:"redirects"`   // the same
	Precompress string `json:"precompress"` // which variants were asked for
}

// entry is one file. One that has a name only was about to be written or removed: whether it is there, and
// with what content, is not known.
type entry struct {
	Path   string    `json:"path"` // with the root in front
	SHA256 hash      `json:"sha256,omitzero"`
	Size   int64     `json:"size,omitempty"` // bytes
	MTime  time.Time `json:"mtime,omitzero"`
	From   hash      `json:"from,omitzero"`    // of a variant: the hash of the file that was compressed
	Larger bool      `json:"larger,omitempty"` // of a variant: not on disk, as it would be no smaller than the file
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

// keepRoots forgets the files of a root that has moved: what is now in its place, others may have written.
func (m *manifest) keepRoots(now header) {
	moved := map[Root]bool{Public: m.Public != now.Public, Redirects: m.Redirects != now.Redirects}
	if !moved[Public] && !moved[Redirects] {
		return
	}
	m.Complete = false
	maps.DeleteFunc(m.Files, func(name string, _ entry) bool {
		root, _ := splitName(name)
		return moved[root]
	})
}

// knows says that any file of the root is known.
func (m *manifest) knows(r Root) bool {
	for name := range m.Files {
		if root, _ := splitName(name); root == r {
			return true
		}
	}
	return false
}

// encode writes the header on the first line and each file on its own, in the order of their names, so that
// people and diff can read it.
func (m *manifest) encode() ([]byte, error) {
	head, err := json.Marshal(m.header)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(len(head) + 280*len(m.Files)) // bytes of a line with its hashes
	b.Write(bytes.TrimSuffix(head, []byte("}")))
	b.WriteString(`,"files":[`)
	for i, name := range slices.Sorted(maps.Keys(m.Files)) {
		line, err := json.Marshal(m.Files[name])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(line)
	}
	b.WriteString("\n]}\n")
	return b.Bytes(), nil
}

// parseManifest reads what encode wrote. Its errors begin with a line number.
func parseManifest(text []byte) (manifest, error) {
	var body struct {
		header
		Files []entry `json:"files"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return manifest{}, fmt.Errorf("%d: %w; %s", errorLine(text, err), err, manifestHint)
	}
	if body.Version != manifestVersion {
		return manifest{}, fmt.Errorf("1: version %d, where this sitegen knows %d; use the sitegen that wrote it, or: %s",
			body.Version, manifestVersion, manifestHint)
	}
	m := manifest{header: body.header, Files: make(map[string]entry, len(body.Files))}
	for i, e := range body.Files {
		line := i + 2 // the header is line 1
		if err := checkName(e.Path); err != nil {
			return manifest{}, fmt.Errorf("%d: %w; %s", line, err, manifestHint)
		}
		if _, twice := m.Files[e.Path]; twice {
			return manifest{}, fmt.Errorf("%d: %q is there twice; %s", line, e.Path, manifestHint)
		}
		m.Files[e.Path] = e
	}
	return m, nil
}

const manifestHint = "move the file away: the next build finds its own files again by their content"

// errorLine is the line of text that a JSON error is about.
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

// save puts the manifest in place, unless it is there already, and makes it the writer's own.
func (w *Writer) save(m manifest) error {
	text, err := m.encode()
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	if sum := hash(sha256.Sum256(text)); sum != w.saved {
		if err := w.data.put(true, content{name: manifestName, data: text}); err != nil {
			return fmt.Errorf("write the manifest: %w", err)
		}
		w.saved = sum
	}
	w.manifest = m
	return nil
}

// sortErrors puts findings in the order of their text.
func sortErrors(errs []error) []error {
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}
