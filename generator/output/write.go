package output

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	stdhash "hash"
	"io"
	"os"
	"path"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/disk"
)

// writer writes the files of one folder.
type writer struct {
	*tools
	options *Options
	before  map[string]entry // the manifest before the run
	settled map[string]entry // the files of earlier groups
	handle  handle
	durable bool     // written files survive a power cut
	lines   *os.File // the listing
}

// write carries out one step and returns the entries of the files it has written. The content passes through memory in
// pieces:
//
//	content ─┬─ draft of index.html
//	         ├─ gzip ── draft of index.html.gz
//	         └─ brotli ── draft of index.html.br
//
// When all drafts are complete, they are renamed into place, variants first, within a few system calls. After an error,
// files that have not been replaced yet are unchanged.
func (w *writer) write(ctx context.Context, s *step) (entries []entry, err error) {
	defer w.discard()
	copied := false
	if s.file.CopyOf != "" {
		if copied, err = w.copy(ctx, s); err != nil {
			return nil, err
		}
	}
	if !copied {
		if err := w.draft(ctx, s); err != nil {
			return nil, err
		}
	}
	if s.write && s.file.Write != nil {
		w.file.hash.Sum(s.sum[:0])
		s.size = w.file.size
		if w.isInPlace(s) {
			w.file.discard(w.handle)
		}
	}
	if w.file.temp != "" {
		s.mtime = nextMTime(w.options.Now(), s.mtime)
	}
	if s.write {
		entries = append(entries, s.entry())
	}
	drop := slices.Clone(s.drop)
	for _, i := range s.compress {
		v := &w.variants[i]
		e := entry{Path: s.name + encodings[i].ext, From: s.sum}
		suits := encodings[i].suits(w.options.Precompress, s.file, s.size)
		if suits && v.size < s.size {
			v.hash.Sum(e.SHA256[:0])
			e.Size, e.MTime = v.size, s.mtime.UTC()
		} else {
			v.discard(w.handle)
			if old, ours := w.before[e.Path]; ours && !old.larger() {
				drop = append(drop, e.Path)
			}
		}
		if suits {
			entries = append(entries, e)
		}
	}
	if err := w.announce(entries, s); err != nil {
		return nil, err
	}
	return entries, w.place(s, drop)
}

// announce appends lines to the listing for new files whose hashes were not known when the run began: variants, and
// files with Write.
func (w *writer) announce(entries []entry, s *step) error {
	var text []byte
	for _, e := range entries {
		if e.Path != s.name && !e.larger() || e.Path == s.name && s.file.Write != nil {
			text = content{e.SHA256, e.Path}.append(text)
		}
	}
	if len(text) == 0 {
		return nil
	}
	if _, err := w.lines.Write(text); err != nil {
		return w.failed("list", s.name, err)
	}
	return nil
}

// isInPlace reports whether the file on disk has the content that has just been produced. Then it stays, with its time.
func (w *writer) isInPlace(s *step) bool {
	place := w.options.locate(s.name)
	if before := w.before[s.name]; before.SHA256 == s.sum && before.intact(place) {
		return true // without reading it
	}
	return entry{SHA256: s.sum, Size: s.size}.intact(place)
}

// draft writes the drafts of the file and its variants.
func (w *writer) draft(ctx context.Context, s *step) error {
	var to []io.Writer
	base := path.Base(s.file.Path)
	if s.write {
		if err := w.file.create(w.handle, base, s.file.Write != nil); err != nil {
			return w.failed("write", s.name, err)
		}
		to = append(to, &w.file)
	}
	for _, i := range s.compress {
		ext := encodings[i].ext
		if err := w.variants[i].create(w.handle, base+ext, true); err != nil {
			return w.failed("write", s.name+ext, err)
		}
		w.encoder(s, i).Reset(&w.variants[i])
		to = append(to, w.encoder(s, i))
	}
	if len(to) == 0 {
		return nil
	}
	if err := w.produce(ctx, s, io.MultiWriter(to...)); err != nil {
		place := w.options.locate(s.name)
		return fmt.Errorf("write %s: %w", place, disk.Explain(place, err))
	}
	for _, i := range s.compress {
		if err := w.encoder(s, i).Close(); err != nil {
			return w.failed("write", s.name+encodings[i].ext, err)
		}
	}
	for _, d := range w.drafts() {
		if err := d.buffer.Flush(); err != nil {
			return w.failed("write", path.Join(path.Dir(s.name), d.name), err)
		}
	}
	return nil
}

// copy writes the drafts of the file and its variants by copying the files that CopyOf names. It reports whether all of
// them were on disk, as this run or an earlier one has written them. If not, there are no drafts.
func (w *writer) copy(ctx context.Context, s *step) (ok bool, err error) {
	defer func() {
		if !ok {
			w.discard()
		}
	}()
	base, from := path.Base(s.file.Path), s.file.Root.String()+"/"+s.file.CopyOf
	if s.write {
		if ok, err := w.copyTo(ctx, &w.file, base, from); !ok || err != nil {
			return false, err
		}
	}
	sum := s.sum
	if s.write {
		w.file.hash.Sum(sum[:0])
	}
	for _, i := range s.compress {
		ext := encodings[i].ext
		if w.settled[from+ext].From != sum {
			return false, nil
		}
		if ok, err := w.copyTo(ctx, &w.variants[i], base+ext, from+ext); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// copyTo writes a draft for the file with a name (without its folder) by copying another file. It reports whether that
// file was on disk, with the content that its entry in the manifest describes.
func (w *writer) copyTo(ctx context.Context, to *draft, name, from string) (ok bool, err error) {
	known := w.settled[from]
	file, err := openFile(w.options.locate(from))
	if err != nil {
		return false, nil // the file is produced instead
	}
	defer file.Close()
	if err := to.create(w.handle, name, true); err != nil {
		return false, w.failed("write", name, err)
	}
	if _, err := io.Copy(&untilDone{ctx, to}, file); err != nil {
		place := w.options.locate(from)
		return false, cmp.Or(ctx.Err(), fmt.Errorf("copy %s: %w", place, disk.Explain(place, reason(err))))
	}
	if err := to.buffer.Flush(); err != nil {
		return false, w.failed("write", name, err)
	}
	var sum hash
	to.hash.Sum(sum[:0])
	return sum == known.SHA256, nil
}

// produce writes the content of a step's file.
func (w *writer) produce(ctx context.Context, s *step, to io.Writer) error {
	switch {
	case s.write && s.file.Write != nil:
		err := s.file.Write(&untilDone{ctx, to})
		if done := ctx.Err(); done != nil {
			return done
		}
		return err
	case s.file.Write == nil:
		_, err := to.Write(s.file.Data)
		return err
	}
	file, err := openFile(w.options.locate(s.name)) // it is intact and only its variants are missing
	if err != nil {
		return reason(err)
	}
	defer file.Close()
	_, err = io.Copy(&untilDone{ctx, to}, file)
	return err
}

// drafts returns the existing drafts in the order in which they are renamed: the file last.
func (w *writer) drafts() []*draft {
	all := make([]*draft, 0, len(encodings)+1)
	for i := range w.variants {
		all = append(all, &w.variants[i])
	}
	all = append(all, &w.file)
	n := 0
	for _, d := range all {
		if d.temp != "" {
			all[n] = d
			n++
		}
	}
	return all[:n]
}

// place renames the drafts into place and removes variants.
func (w *writer) place(s *step, drop []string) error {
	dir := path.Dir(s.name)
	drafts := w.drafts()
	for _, d := range drafts {
		if err := d.finish(w.handle, s.mtime, w.durable); err != nil {
			return w.failed("write", path.Join(dir, d.name), err)
		}
	}
	for _, name := range drop {
		if err := w.handle.remove(path.Base(name)); err != nil {
			return w.failed("remove", name, err)
		}
	}
	for _, d := range drafts {
		if err := d.place(w.handle); err != nil {
			return w.failed("rename into place", path.Join(dir, d.name), err)
		}
	}
	if w.durable {
		if err := w.handle.sync(); err != nil {
			return w.failed("flush", dir, err)
		}
	}
	return nil
}

// discard removes the drafts that have not been renamed.
func (w *writer) discard() {
	for _, d := range w.drafts() {
		d.discard(w.handle)
	}
}

// failed returns the error of an operation on the file of that name.
func (w *writer) failed(doing, name string, err error) error {
	place := w.options.locate(name)
	return fmt.Errorf("%s %s: %w", doing, place, disk.Explain(place, reason(err)))
}

// nextMTime returns the modification time of a file's new content; old is the time of its old content, zero if there is
// none. It is a full second and later than old: see the package comment.
func nextMTime(now, old time.Time) time.Time {
	now, old = now.Truncate(time.Second), old.Truncate(time.Second)
	if now.After(old) {
		return now
	}
	return old.Add(time.Second)
}

// draft is a file that is being written under a temporary name. Writing counts its bytes, and hashes them if the hash
// is not known yet.
type draft struct {
	name   string // final name, without its folder
	temp   string // temporary name; empty if there is no draft
	file   tempFile
	buffer *bufio.Writer // to file
	hash   stdhash.Hash
	hashed bool
	size   int64
}

// bufferSize is larger than most pages: a page and each of its variants then take one system call to write.
const bufferSize = 64 << 10

func (d *draft) create(h handle, name string, hashed bool) (err error) {
	d.name, d.temp, d.hashed, d.size = name, tempName(), hashed, 0
	if d.file, err = h.create(d.temp); err != nil {
		return err
	}
	d.buffer.Reset(d.file)
	d.hash.Reset()
	return nil
}

func (d *draft) Write(p []byte) (int, error) {
	n, err := d.buffer.Write(p)
	if d.hashed {
		d.hash.Write(p[:n])
	}
	d.size += int64(n)
	if err != nil {
		err = reason(err)
	}
	return n, err
}

// finish prepares the draft for place.
func (d *draft) finish(h handle, mtime time.Time, durable bool) error {
	if err := h.setTime(d.temp, mtime); err != nil {
		return err
	}
	if durable {
		if err := d.file.Sync(); err != nil {
			return err
		}
	}
	err := d.file.Close()
	d.file = nil
	return err
}

// place renames the draft to its final name.
func (d *draft) place(h handle) error {
	err := h.rename(d.temp, d.name)
	if err == nil {
		d.temp = ""
	}
	return err
}

// discard removes the draft, if there is one.
func (d *draft) discard(h handle) {
	if d.temp == "" {
		return
	}
	if d.file != nil {
		_ = d.file.Close() // the draft is not needed, or an earlier error is reported
		d.file = nil
	}
	_ = h.remove(d.temp) // if this fails, the next run removes it
	d.temp = ""
}

// tools holds the buffers and encoders for writing a file and its variants. They are reused for the next file.
type tools struct {
	file     draft
	variants []draft   // by index of encodings
	encoders []encoder // the same
	streams  []encoder // for files with Write, nil until it is needed
}

func newTools() *tools {
	newDraft := func() draft { return draft{buffer: bufio.NewWriterSize(nil, bufferSize), hash: sha256.New()} }
	t := &tools{file: newDraft()}
	for _, e := range encodings {
		t.variants = append(t.variants, newDraft())
		t.encoders = append(t.encoders, e.writer())
	}
	t.streams = make([]encoder, len(encodings))
	return t
}

// encoder returns the encoder for a file in the i-th encoding.
func (t *tools) encoder(s *step, i int) encoder {
	if s.file.Write == nil || encodings[i].stream == nil {
		return t.encoders[i]
	}
	if t.streams[i] == nil {
		t.streams[i] = encodings[i].stream()
	}
	return t.streams[i]
}

// untilDone is a writer that fails once the context is done.
type untilDone struct {
	ctx context.Context
	to  io.Writer
}

func (u *untilDone) Write(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.to.Write(p)
}
