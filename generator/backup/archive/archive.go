// Package archive writes and reads the file of a backup: a tar archive compressed with zstd, which tar --zstd can
// unpack, too.
//
//	manifest.json        what follows: see Manifest
//	downloads.sqlite     the files of the manifest, in its order
//	catalogue.sqlite
//
// The same files, manifest and program yield the same bytes. The last bytes are a frame that decompressors skip, with
// the SHA-256 of everything before it, so any changed, missing or added byte is found, also in what a decompressor
// would ignore.
//
// An archive may come from anywhere, so a Reader trusts nothing in it. It accepts only the names that its caller
// expects, regular files without a path, and the sizes of the manifest; it refuses an archive that would expand to far
// more than its own size, and one in a newer format.
package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
)

// Format is the number of the format. A change that an older version of sitegen cannot read increases it.
const Format = 1

// manifestName is the name of the first entry.
const manifestName = "manifest.json"

// Manifest describes a backup.
type Manifest struct {
	Format  int       `json:"format"`
	Site    string    `json:"site"`    // name of the site, see config.Config.Name
	Project string    `json:"project"` // name of the software
	Program string    `json:"program"` // the version of sitegen that wrote it
	Time    time.Time `json:"time"`    // UTC, to the second
	Key     string    `json:"key"`     // fingerprint of the key of visitors; "" if there was none
	Files   []File    `json:"files"`
}

// File is a file in a backup.
type File struct {
	Name   string    `json:"name"`
	Size   int64     `json:"size"`            // bytes
	SHA256 string    `json:"sha256"`          // lower-case hex digits
	Latest time.Time `json:"latest,omitzero"` // time of the newest data in a database
}

// Find returns the file with a name, or nil.
func (m *Manifest) Find(name string) *File {
	for i := range m.Files {
		if m.Files[i].Name == name {
			return &m.Files[i]
		}
	}
	return nil
}

// The limits of a Reader.
const (
	maxManifest = 1 << 20 // bytes; it has a few hundred
	maxWindow   = 8 << 20 // bytes: the window that Write uses, which bounds the memory of the decompressor

	// An SQLite file shrinks to a fifth or, if many pages are empty, to a hundredth. freeSize may be exceeded by no
	// archive that is smaller than a hundredth of it.
	maxRatio = 1000
	freeSize = 64 << 20 // bytes
)

// The end of an archive: a skippable frame (RFC 8878, section 3.1.2), which consists of a magic number, the length of
// the rest, and any bytes. Ours are a word to recognise it by, and the SHA-256.
const (
	endStart = "\x5a\x2a\x4d\x18\x28\x00\x00\x00" + "sitegen\x00"
	endSize  = len(endStart) + sha256.Size
)

// end returns the last bytes of an archive whose other bytes have a hash.
func end(sum []byte) []byte { return append([]byte(endStart), sum...) }

// invalidError is the error about the content of an archive, unlike one of a disk.
type invalidError struct{ error }

func (e invalidError) Unwrap() error { return e.error }

// IsInvalid reports whether an archive is not one that Write has written.
func IsInvalid(err error) bool {
	_, ok := errors.AsType[invalidError](err)
	return ok
}

// damaged returns an error about an archive that is not as it was written.
func damaged(format string, args ...any) error {
	return fault.Wrap(fault.Unexpected, invalidError{fmt.Errorf("the backup is damaged: "+format, args...)},
		"Use another backup. sitegen backup --verify checks them.")
}

// refused returns an error about an archive that sitegen would not have written.
func refused(format string, args ...any) error {
	return fault.Wrap(fault.Unexpected, invalidError{fmt.Errorf("not a backup of sitegen: "+format, args...)},
		"Nothing was restored. Use a file that sitegen backup has written.")
}

// decodeManifest decodes and checks the manifest of an archive of a size (bytes), which may contain only known names.
func decodeManifest(data []byte, size int64, known []string) (*Manifest, error) {
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return nil, refused("%s: %w", manifestName, err)
	}
	if version.Format > Format {
		err := fmt.Errorf("the backup has the format %d, this version of sitegen reads up to %d", version.Format,
			Format)
		return nil, fault.Wrap(fault.Unexpected, err, "Use the version of sitegen that wrote it, or a newer one.")
	}
	m := new(Manifest)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, refused("%s: %w", manifestName, err)
	}
	if m.Format < 1 {
		return nil, refused("%s: the format is %d", manifestName, m.Format)
	}
	return m, m.check(size, known)
}

// check checks the list of files.
func (m *Manifest) check(size int64, known []string) error {
	seen := map[string]bool{}
	limit := max(freeSize, size*maxRatio)
	var total int64
	for _, f := range m.Files {
		switch {
		case strings.ContainsAny(f.Name, `/\`) || strings.HasPrefix(f.Name, "."):
			return refused("the file %.80q would be written outside of its folder", f.Name)
		case !slices.Contains(known, f.Name):
			return refused("unknown file %.80q", f.Name)
		case seen[f.Name]:
			return refused("%.80q is there twice", f.Name)
		case len(f.SHA256) != 2*sha256.Size:
			return refused("%s has an invalid SHA-256", f.Name)
		case f.Size < 0 || f.Size > limit-total:
			return refused("%s would have %d bytes, too many for an archive of %d bytes", f.Name, f.Size, size)
		}
		seen[f.Name] = true
		total += f.Size
	}
	return nil
}
