package stats

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// This file finds the first new line of a log. While logs are rotated, access.log becomes access.log.1 and then
// access.log.2.gz, so neither the name nor the inode identifies a log. Its content does. For example, a run reads
// access.log, which has 230,000 bytes, and stores its position, a downloads.Log:
//
//	First   the hash of the first line that is not a comment
//	Head    4,030, the length of the beginning: all whole lines in the first 4,096 bytes
//	Hash    the hash of these 4,030 bytes
//	Offset  230,000, the number of bytes read
//	Tail    the hash of the line that ends there
//
// Then the server writes 20,000 more bytes, and the log is rotated to access.log.1. The next run finds its position:
//
//  1. The first line of access.log.1 has the hash First, and the first 4,030 bytes have the hash Hash. So this is the
//     stored log, or begins like it.
//  2. The line that ends at 230,000 has the hash Tail. So the file also continues like the stored log.
//  3. Reading begins at 230,000, and afterwards Offset is 250,000.
//
// The new access.log has another first line, so it is a new log. If step 2 fails, or the file is shorter than Offset,
// the file is read from its beginning. That takes longer, but counts nothing twice: see the package comment.
//
// A log that had only three lines when it was read has a Head of three lines. When it has grown, it is still found by
// these three lines, and its new position, with a longer Head, replaces the stored one.
//
// To reach the position in a compressed file, it must be decompressed up to there. To avoid this for an archive that
// has been read to its end, the database also stores a fingerprint of the compressed file.

const (
	// headSize is the maximum length of the beginning that identifies a log (bytes, decompressed). GoAccess uses the
	// same length.
	headSize = 4096
	// tailSize is the maximum length of the end of the last line that is compared (bytes).
	tailSize = 256
)

// errNothingNew means that a log contains no new complete line.
var errNothingNew = errors.New("nothing new")

// errUnfinished means that a log has no complete line yet.
var errUnfinished = fmt.Errorf("%w: the only line is incomplete", errNothingNew)

// source is an open log, at the position where reading begins.
type source struct {
	text    *bufio.Reader
	close   func() // releases the decompressor
	parser  *accesslog.Parser
	final   bool           // the log does not grow: it is compressed, or comes from a pipe or a bucket
	encoded bool           // offsets are not those of the file: it is compressed, or has another encoding
	archive []byte         // identifies the content, so that it is read to its end only once; nil if it can grow
	head    []byte         // whole lines at the beginning
	log     downloads.Log  // identifies the log; Offset is where reading begins
	stored  *downloads.Log // position that an earlier run stored, nil if the log is new
}

// follow opens a log at the first line that no run has read. It returns errNothingNew if there is none.
func follow(ctx context.Context, db *downloads.DB, d *accesslog.Decompressor, formats *accesslog.Formats, f *os.File,
	meter func(int)) (*source, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return openText(d, f, formats, meter, true)
	}
	archive, err := fingerprint(f, info.Size())
	if err != nil {
		return nil, err
	}
	if known, err := db.HasArchive(ctx, archive); err != nil {
		return nil, err
	} else if known {
		return nil, errNothingNew
	}
	s, err := openText(d, f, formats, meter, false)
	if err != nil {
		return nil, err
	}
	l, err := findStored(ctx, db, s)
	if err != nil {
		s.close()
		return nil, err
	}
	if l != nil {
		ok, err := s.skip(f, info.Size(), l, meter)
		if err != nil || !ok {
			s.close()
		}
		if err != nil {
			return nil, err
		}
		if !ok {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return nil, err
			}
			if s, err = openText(d, f, formats, meter, false); err != nil {
				return nil, err
			}
		}
		s.stored = l
		s.restore(ok)
	}
	if s.final {
		s.archive = archive
	}
	return s, nil
}

// openText opens the log that r reads: it decompresses it and reads its head. Final means that the log does not grow,
// as compressed ones never do.
func openText(d *accesslog.Decompressor, r io.Reader, formats *accesslog.Formats, meter func(int),
	final bool) (*source, error) {
	text, compression, err := d.Open(metered{r, meter})
	if err != nil {
		return nil, err
	}
	compressed := compression != accesslog.Plain && compression != accesslog.UTF16
	s := &source{
		text:    bufio.NewReaderSize(text, 2*headSize),
		close:   func() { text.Close() }, // reading has already returned the same error
		final:   final || compressed,
		encoded: compression != accesslog.Plain,
	}
	if compressed {
		err = accesslog.CheckText(s.text)
	}
	if err = cmp.Or(err, s.begin(formats)); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// begin reads the head.
func (s *source) begin(formats *accesslog.Formats) error {
	begin, err := s.text.Peek(headSize)
	switch end := bytes.LastIndexByte(begin, '\n'); {
	case end >= 0 && !(s.final && err == io.EOF && firstLine(begin[:end+1]) == nil):
		begin = begin[:end+1]
	case end < 0 && bytes.Count(begin, []byte("\r")) > 1:
		return errors.New("its lines end in CR without LF; convert it with tr '\\r' '\\n'")
	case len(begin) == headSize, s.final && err == io.EOF && len(begin) > 0:
		// The first line is very long, or it is the only one of a file that does not grow and has no line ending.
	case err == io.EOF && len(begin) > 0:
		return errUnfinished
	case err == io.EOF:
		return errNothingNew
	default:
		return err // a compressed file is damaged at its beginning
	}
	s.head = bytes.Clone(begin)
	first := firstLine(s.head)
	if first == nil {
		return errNothingNew // a CloudFront log that has comments, but no request yet
	}
	s.log = downloads.Log{First: hashOf(first), Head: len(s.head), Hash: hashOf(s.head)}
	s.parser = formats.NewParser()
	return nil
}

// restore sets the columns of the log where reading begins, if it begins at the stored position. Positions that earlier
// versions have stored do not contain them; the columns are then those at the beginning.
func (s *source) restore(found bool) {
	if !found {
		return
	}
	if s.stored.State != "" {
		s.parser.Restore(s.stored.State)
		return
	}
	var e accesslog.Entry
	for line := range bytes.Lines(s.head) {
		if line[0] == '#' {
			_ = s.parser.Parse(bytes.TrimRight(line, "\r\n"), &e) // a comment by design
		}
	}
}

// firstLine returns the first line that is not a comment, nil if there is none.
func firstLine(head []byte) []byte {
	for line := range bytes.Lines(head) {
		if line[0] != '#' {
			return line
		}
	}
	return nil
}

// findStored returns the position of a log that an earlier run stored, nil if there is none.
func findStored(ctx context.Context, db *downloads.DB, s *source) (*downloads.Log, error) {
	logs, err := db.Logs(ctx, s.log.First)
	for i, l := range logs {
		if l.Head <= len(s.head) && bytes.Equal(l.Hash, hashOf(s.head[:l.Head])) {
			return &logs[i], nil
		}
	}
	return nil, err
}

// skip moves to the stored position. It reports whether the line before it is the one that was read last. If it is not,
// the file must be opened again, because s has skipped its beginning.
func (s *source) skip(f *os.File, size int64, l *downloads.Log, meter func(int)) (bool, error) {
	before := min(l.Offset, tailSize+2) // enough for the end of the last line and its line break, \n or \r\n
	if !s.encoded {
		if size < l.Offset {
			return false, nil
		}
		if _, err := f.Seek(l.Offset-before, io.SeekStart); err != nil {
			return false, err
		}
		s.text.Reset(metered{f, meter})
	} else if _, err := io.CopyN(io.Discard, s.text, l.Offset-before); err != nil {
		return false, ignoreEnd(err)
	}
	tail := make([]byte, before)
	if _, err := io.ReadFull(s.text, tail); err != nil {
		return false, ignoreEnd(err)
	}
	s.log.Offset, s.log.Days = l.Offset, l.Days
	return bytes.Equal(l.Tail, tailOf(tail)), nil
}

// ignoreEnd returns nil for the error of a log that is shorter than its stored position, or is truncated. It is then
// read from its beginning, and an error in it occurs again.
func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// tailOf returns the hash of the last of some lines: of its last tailSize bytes, without the line break.
func tailOf(lines []byte) []byte {
	lines = bytes.TrimSuffix(bytes.TrimSuffix(lines, []byte("\n")), []byte("\r"))
	last := accesslog.LastMessage(lines[bytes.LastIndexAny(lines, "\n\x00")+1:])
	return hashOf(last[max(0, len(last)-tailSize):])
}

// fingerprint returns a hash that identifies a compressed file without decompressing it: of its size, its first and its
// last 4 KB. At the end, gzip has a checksum of the text.
func fingerprint(f *os.File, size int64) ([]byte, error) {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, size) // writing to a hash never fails
	n := min(size, headSize)
	for _, from := range []int64{0, size - n} {
		if _, err := io.Copy(h, io.NewSectionReader(f, from, n)); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil)[:16], nil
}

// hashOf returns the first 16 bytes of the SHA-256 hash, which identify a log.
func hashOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:16]
}

// metered calls meter with the number of bytes of each read.
type metered struct {
	io.Reader
	meter func(int)
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.meter(n)
	return n, err
}

// describe adds the name of a log to an error.
func describe(name string, err error) error {
	if name == accesslog.Stdin {
		name = "standard input"
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: the file is incomplete; compress or copy it again", err)
	}
	return fmt.Errorf("read %s: %w", name, err)
}
