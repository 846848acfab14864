package stats

import (
	"bufio"
	"bytes"
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

const (
	// headSize is how much of a log's beginning it is known by (bytes, decompressed): as much as GoAccess takes.
	headSize = 4096
	// tailSize is how much of the last line read is looked at again (bytes).
	tailSize = 256
)

// errNothing is that a log holds no whole line that was not read before.
var errNothing = errors.New("nothing new")

// source is an open log, placed where the reading goes on.
type source struct {
	text    *bufio.Reader
	close   func() // frees what the decompressor holds
	parser  accesslog.Parser
	packed  bool
	archive []byte         // what a packed file, or a version of a log elsewhere, is known by when it was read to its end
	head    []byte         // whole lines
	log     downloads.Log  // what it is known by; Offset is where the reading begins
	was     *downloads.Log // the same as earlier runs knew it, nil when the log is new
}

// follow opens a log and finds out how far it was read: errNothing means to its end. Neither name nor inode
// matter: access.log, access.log.1 and access.log.2.gz are one log as they are rotated. A log that begins as it
// did and then goes on in another way, or is shorter than what was read of it, is read from the beginning; that
// counts nothing twice.
func follow(ctx context.Context, db *downloads.DB, formats *accesslog.Formats, f *os.File, meter func(int)) (*source,
	error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return openText(f, formats, meter)
	}
	archive, err := fingerprint(f, info.Size())
	if err != nil {
		return nil, err
	}
	if known, err := db.HasArchive(ctx, archive); err != nil {
		return nil, err
	} else if known {
		return nil, errNothing
	}
	s, err := openText(f, formats, meter)
	if err != nil {
		return nil, err
	}
	l, err := knownAs(ctx, db, s)
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
			if s, err = openText(f, formats, meter); err != nil {
				return nil, err
			}
		}
		s.was = l
	}
	if s.packed {
		s.archive = archive
	}
	return s, nil
}

// openText opens what is read from r: decompresses it, takes its head and tells its format.
func openText(r io.Reader, formats *accesslog.Formats, meter func(int)) (*source, error) {
	text, compression, err := accesslog.Decompress(metered{r, meter})
	if err != nil {
		return nil, err
	}
	s := &source{
		text:   bufio.NewReaderSize(text, 2*headSize),
		close:  func() { text.Close() }, // its error only repeats what reading has failed with
		packed: compression != accesslog.Plain,
	}
	if err := s.begin(formats); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// begin reads the head.
func (s *source) begin(formats *accesslog.Formats) error {
	begin, err := s.text.Peek(headSize)
	if end := bytes.LastIndexByte(begin, '\n'); end >= 0 {
		begin = begin[:end+1]
	} else if len(begin) < headSize {
		// Not one whole line yet, or a packed file of which nothing can be unpacked.
		if err == io.EOF {
			err = errNothing
		}
		return err
	}
	s.head = bytes.Clone(begin)
	first := firstLine(s.head)
	if first == nil {
		return errNothing // the head of a CloudFront log, and no request yet
	}
	s.log = downloads.Log{First: hashOf(first), Head: len(s.head), Hash: hashOf(s.head)}
	if s.parser = formats.Detect(s.head); s.parser == nil {
		return errFormat
	}
	return nil
}

// errFormat is that a log has a format that is not known.
var errFormat = errors.New("no line of its first 4 KB is in a known format; see log_formats in docs/stats.md")

// firstLine is the first line that is no comment, nil when there is none.
func firstLine(head []byte) []byte {
	for line := range bytes.Lines(head) {
		if line[0] != '#' {
			return line
		}
	}
	return nil
}

// knownAs finds what earlier runs knew a log as.
func knownAs(ctx context.Context, db *downloads.DB, s *source) (*downloads.Log, error) {
	logs, err := db.Logs(ctx, s.log.First)
	for i, l := range logs {
		if l.Head <= len(s.head) && bytes.Equal(l.Hash, hashOf(s.head[:l.Head])) {
			return &logs[i], nil
		}
	}
	return nil, err
}

// skip passes over what was read of a log, and reports whether the last line of it is the one that was read
// last. Where it is not, what was passed over is lost to s.
func (s *source) skip(f *os.File, size int64, l *downloads.Log, meter func(int)) (bool, error) {
	before := min(l.Offset, tailSize+2) // the end of the last line, and a line end of two bytes
	if !s.packed {
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
	s.log.Offset = l.Offset
	return bytes.Equal(l.Tail, tailOf(tail)), nil
}

// ignoreEnd turns the end of a log that is shorter than it was, or cut off, into no error: the log is read from
// its beginning, and what is wrong with it comes up again.
func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// tailOf is what the last of some whole lines is known by.
func tailOf(lines []byte) []byte {
	lines = bytes.TrimSuffix(bytes.TrimSuffix(lines, []byte("\n")), []byte("\r"))
	last := lines[bytes.LastIndexByte(lines, '\n')+1:]
	return hashOf(last[max(0, len(last)-tailSize):])
}

// fingerprint is what a packed file is known by: its size, its beginning, and its end, where gzip has the
// checksum of the text. Knowing it spares unpacking a file that was read to its end.
func fingerprint(f *os.File, size int64) ([]byte, error) {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, size) // a hash takes everything
	n := min(size, headSize)
	for _, from := range []int64{0, size - n} {
		if _, err := io.Copy(h, io.NewSectionReader(f, from, n)); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil)[:16], nil
}

// hashOf is the short hash that logs are known by.
func hashOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:16]
}

// metered tells how much is read.
type metered struct {
	io.Reader
	meter func(int)
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.meter(n)
	return n, err
}

// describe names a log in an error.
func describe(name string, err error) error {
	if name == accesslog.Stdin {
		name = "standard input"
	}
	return fmt.Errorf("read %s: %w", name, err)
}
