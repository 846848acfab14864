package live

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/deploy/objects"
)

// details is the large part of a record. The details of a deploy are nearly those of the one before: one more night
// changes some twenty of thousands of nodes and files. Therefore a record contains only the difference between its
// details and those of its base, an object that the records of many deploys share:
//
//	o/5c0e….gz    all details of the first deploy    2 MB for 15,000 packages
//	deploys/1     base o/5c0e….gz, no difference
//	deploys/2     base o/5c0e….gz, 20 other nodes and 4 more lines
//	deploys/3     base o/5c0e….gz, 40 other nodes and 8 more lines
//
// A deploy that differs by more than a quarter of the base has a base of its own. A deploy with few details has none.
type details struct {
	Nodes    map[string]string `json:"nodes"`
	Contents []string          `json:"contents"` // lines of Facts.Contents, sorted
	Files    []File            `json:"files"`    // sorted by path
}

// Base is the reference to the base of a record.
type Base struct {
	Key  string `json:"key"`  // of an object
	Size int64  `json:"size"` // bytes
	all  details
	data []byte // the object, if it is to be uploaded
}

// difference is what details have and their base does not, and the other way round.
type difference struct {
	details
	LacksNodes    []string `json:"lacks_nodes,omitempty"` // keys
	LacksContents []string `json:"lacks_contents,omitempty"`
	LacksFiles    []string `json:"lacks_files,omitempty"` // paths
}

const (
	minBase   = 64 << 10 // details of fewer bytes need no base
	baseShare = 4        // a difference may have a fourth of the bytes of its base
)

// size returns the number of bytes of the texts.
func (d *details) size() (n int) {
	for key, value := range d.Nodes {
		n += len(key) + len(value)
	}
	for _, line := range d.Contents {
		n += len(line)
	}
	for _, f := range d.Files {
		n += len(f.Path) + len(f.Key)
	}
	return n
}

// from returns the difference between d and a base, which may be nil.
func (d *details) from(b *Base) *difference {
	if b == nil {
		return &difference{details: *d}
	}
	diff := &difference{details: details{Nodes: map[string]string{}}}
	for key, value := range d.Nodes {
		if b.all.Nodes[key] != value {
			diff.Nodes[key] = value
		}
	}
	for _, key := range slices.Sorted(maps.Keys(b.all.Nodes)) {
		if _, ok := d.Nodes[key]; !ok {
			diff.LacksNodes = append(diff.LacksNodes, key)
		}
	}
	diff.Contents, diff.LacksContents = without(d.Contents, b.all.Contents), without(b.all.Contents, d.Contents)
	diff.Files, diff.LacksFiles = changedFiles(b.all.Files, d.Files)
	return diff
}

// changedFiles returns the files of a list that another one does not have or has differently, and the paths that only
// the other one has. Both are sorted by path.
func changedFiles(old, files []File) (changed []File, gone []string) {
	before := make(map[string]File, len(old))
	for _, f := range old {
		before[f.Path] = f
	}
	for _, f := range files {
		if before[f.Path] != f {
			changed = append(changed, f)
		}
		delete(before, f.Path)
	}
	return changed, slices.Sorted(maps.Keys(before))
}

// without returns the lines that are not among others. Both are sorted.
func without(lines, others []string) (rest []string) {
	for _, line := range lines {
		if _, found := slices.BinarySearch(others, line); !found {
			rest = append(rest, line)
		}
	}
	return rest
}

// apply returns the details that differ from a base, which may be nil, by diff.
func (diff *difference) apply(b *Base) details {
	if b == nil {
		return diff.details
	}
	d := details{Nodes: maps.Clone(b.all.Nodes)}
	for _, key := range diff.LacksNodes {
		delete(d.Nodes, key)
	}
	maps.Copy(d.Nodes, diff.Nodes)
	d.Contents = append(without(b.all.Contents, diff.LacksContents), diff.Contents...)
	slices.Sort(d.Contents)
	replaced := make(map[string]bool, len(diff.Files)+len(diff.LacksFiles))
	for _, f := range diff.Files {
		replaced[f.Path] = true
	}
	for _, path := range diff.LacksFiles {
		replaced[path] = true
	}
	d.Files = slices.DeleteFunc(slices.Clone(b.all.Files), func(f File) bool { return replaced[f.Path] })
	d.Files = append(d.Files, diff.Files...)
	slices.SortFunc(d.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return d
}

// size returns the number of bytes of the texts.
func (diff *difference) size() int {
	n := diff.details.size()
	for _, text := range slices.Concat(diff.LacksNodes, diff.LacksContents, diff.LacksFiles) {
		n += len(text)
	}
	return n
}

// chooseBase sets the base of a record. former, which may be nil, is the base of the deploy before.
func (r *Record) chooseBase(former *Base) error {
	d := r.details()
	size := d.size()
	if former != nil && d.from(former).size()*baseShare <= former.all.size() {
		r.Base = former
		return nil
	}
	if size < minBase {
		r.Base = nil
		return nil
	}
	data, err := compress(d)
	if err != nil {
		return fmt.Errorf("write the record of deploy %s: %w", r.ID, err)
	}
	r.Base = &Base{Key: baseKey(data), Size: int64(len(data)), all: d, data: data}
	return nil
}

// details returns the details of a record. The lines of its contents are sorted.
func (r *Record) details() details {
	d := details{Nodes: r.Nodes, Files: r.Files}
	if r.Contents != "" {
		d.Contents = strings.Split(strings.TrimSuffix(r.Contents, "\n"), "\n")
		slices.Sort(d.Contents)
	}
	return d
}

// setDetails is the reverse of details.
func (r *Record) setDetails(d details) {
	r.Nodes, r.Files = d.Nodes, d.Files
	r.Contents = ""
	if len(d.Contents) > 0 {
		r.Contents = strings.Join(d.Contents, "\n") + "\n"
	}
}

// recordHeaders are the headers of records and bases.
func recordHeaders() objects.Headers {
	return objects.Headers{"Content-Type": "application/gzip", "Cache-Control": "no-store"}
}

// baseKey returns the key of the object of a base.
func baseKey(data []byte) string {
	return objects.New("base.gz", int64(len(data)), sha256.Sum256(data), recordHeaders()).Key
}

// putBase uploads the base of a record, if it is new.
func (l *Live) putBase(ctx context.Context, b *Base) error {
	if b == nil || b.data == nil {
		return nil
	}
	if err := l.Bucket.Put(ctx, b.Key, b.Size, recordHeaders(), opener(b.data)); err != nil {
		return fmt.Errorf("upload the base of the record: %w", err)
	}
	return nil
}

// readBase reads the base that a record refers to. The error is fs.ErrNotExist if it is missing or damaged.
func (l *Live) readBase(ctx context.Context, ref *Base) (*Base, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.bases[ref.Key]; b != nil {
		return b, nil
	}
	data, err := l.Bucket.Get(ctx, ref.Key)
	if err != nil {
		return nil, err
	}
	if baseKey(data) != ref.Key {
		return nil, fmt.Errorf("%s is damaged: %w", ref.Key, fs.ErrNotExist)
	}
	b := &Base{Key: ref.Key, Size: int64(len(data))}
	if err := decompress(data, &b.all); err != nil {
		return nil, err
	}
	if l.bases == nil {
		l.bases = map[string]*Base{}
	}
	l.bases[ref.Key] = b
	return b, nil
}

// Bases returns the number of bases that were read. Each is read only once.
func (l *Live) Bases() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.bases)
}

// compress returns v as compressed JSON.
func compress(v any) ([]byte, error) {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	if err := json.NewEncoder(zw).Encode(v); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// decompress reads what compress returned.
func decompress(data []byte, v any) error {
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return json.NewDecoder(zr).Decode(v)
}

// opener returns a function that opens data.
func opener(data []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}
