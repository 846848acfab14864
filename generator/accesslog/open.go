package accesslog

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Compression is the compression, or the encoding other than UTF-8, of a log.
type Compression int

// The supported compressions. All but Plain and UTF16 are of files that do not grow.
const (
	Plain Compression = iota
	Gzip
	Zstd
	XZ
	Bzip2
	UTF16 // as PowerShell writes it, with or without a byte order mark
)

// maxWindow is the maximum size of the text to which a compressed file may refer back, which has to be kept in memory
// (bytes). 2 GB is that of zstd --ultra --long=31. Usual files need 8 MB, those of zstd --long 128 MB.
const maxWindow = 2 << 30

// maxDictionary is the same for xz, whose largest preset, -9, needs 64 MB. xz allocates it at once, so a damaged file
// must not be able to ask for more.
const maxDictionary = 256 << 20

// The first bytes of compressed files that can be read.
const (
	gzipMagic  = "\x1f\x8b"
	zstdMagic  = "\x28\xb5\x2f\xfd"
	xzMagic    = "\xfd7zXZ\x00"
	bzip2Magic = "BZh"
)

var supported = []string{gzipMagic, zstdMagic, xzMagic, bzip2Magic}

// tarMagic ends the first headerSize bytes of a tar archive.
const tarMagic = "ustar"

// magics are the first bytes of compressed files that cannot be read.
var magics = []struct{ name, magic string }{
	{"zip", "PK\x03\x04"}, {"7z", "7z\xbc\xaf\x27\x1c"}, {"lz4", "\x04\x22\x4d\x18"}, {"lzip", "LZIP"},
	{"compress (.Z)", "\x1f\x9d"}, {"rar", "Rar!\x1a\x07"}, {"lzop", "\x89LZO"}, {"lzma", "\x5d\x00\x00"},
	{"snappy", "\xff\x06\x00\x00sNaPpY"}}

// columnFormats are the first bytes of files that are not text at all.
var columnFormats = []struct{ name, magic string }{{"Parquet", "PAR1"}, {"Avro", "Obj\x01"}, {"ORC", "ORC"}}

// Decompress returns a reader for the text of a log, and the compression. It detects the compression from the first
// bytes, not from the file name: an uncompressed file named access.log.gz is read as plain text. The text is UTF-8,
// also of a compressed log in UTF-16. Closing the returned reader frees the decoder and leaves r open.
func Decompress(r io.Reader) (io.ReadCloser, Compression, error) {
	var d Decompressor
	return d.Open(r)
}

// Decompressor decompresses one log after the other, and uses the same memory for all: a log in a bucket is often
// smaller than this memory. The zero value is ready to use.
type Decompressor struct {
	buffered *bufio.Reader
	gzip     gzip.Reader
}

// Open opens a log as Decompress does. The reader is valid until the next call.
func (d *Decompressor) Open(r io.Reader) (io.ReadCloser, Compression, error) {
	if d.buffered == nil {
		d.buffered = bufio.NewReaderSize(nil, 64<<10)
	}
	d.buffered.Reset(r)
	buffered := d.buffered
	magic, err := buffered.Peek(6)
	if err != nil && err != io.EOF {
		return nil, Plain, err
	}
	begins := func(text string) bool { return bytes.HasPrefix(magic, []byte(text)) }
	switch {
	case begins(gzipMagic):
		m := &members{&d.gzip, buffered}
		if err := m.next(); err != nil {
			return nil, Gzip, fmt.Errorf("read the gzip header: %w", err)
		}
		return &decoder{packed: m}, Gzip, nil
	case begins(zstdMagic), begins("\x50\x2a\x4d\x18"): // the second is a frame to skip, as of pzstd
		zr, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, Zstd, fmt.Errorf("read the zstd header: %w", err)
		}
		return &decoder{packed: zr.IOReadCloser()}, Zstd, nil
	case begins(xzMagic):
		header, _ := buffered.Peek(64)
		if n := dictionary(header); n > maxDictionary {
			return nil, XZ, fmt.Errorf("its xz dictionary has %d MB; at most %d MB can be read", n>>20,
				maxDictionary>>20)
		}
		zr, err := xz.NewReader(buffered)
		if err != nil {
			return nil, XZ, fmt.Errorf("read the xz header: %w", err)
		}
		return &decoder{packed: io.NopCloser(zr)}, XZ, nil
	case begins(bzip2Magic):
		return &decoder{packed: io.NopCloser(bzip2.NewReader(buffered))}, Bzip2, nil
	case isUTF16(magic):
		return io.NopCloser(decodeUTF16(buffered, magic)), UTF16, nil
	}
	head, _ := buffered.Peek(headerSize)
	if err := unsupported(head); err != nil {
		return nil, Plain, err
	}
	return io.NopCloser(buffered), Plain, nil
}

// isUTF16 reports whether a text that begins with head is in UTF-16.
func isUTF16(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) ||
		everyOther(head, 1) || everyOther(head, 0)
}

// decodeUTF16 returns a reader of the text in UTF-8. Head is its beginning.
func decodeUTF16(r io.Reader, head []byte) io.Reader {
	endian := unicode.LittleEndian
	if everyOther(head, 0) {
		endian = unicode.BigEndian
	}
	return transform.NewReader(r, unicode.UTF16(endian, unicode.UseBOM).NewDecoder())
}

// decoder reads the text of a compressed log, which may be in UTF-16.
type decoder struct {
	packed io.ReadCloser
	text   io.Reader // nil before the first Read
}

func (d *decoder) Read(p []byte) (int, error) {
	if d.text == nil {
		head := make([]byte, 6)
		n, _ := io.ReadFull(d.packed, head) // an error occurs again below
		d.text = io.MultiReader(bytes.NewReader(head[:n]), d.packed)
		if isUTF16(head[:n]) {
			d.text = decodeUTF16(d.text, head[:n])
		}
	}
	return d.text.Read(p)
}

// Close closes the decompressor.
func (d *decoder) Close() error { return d.packed.Close() }

// headerSize is the length of the beginning by which a format is recognised (bytes). That of tar is the longest.
const headerSize = 262

// unsupported returns an error for the beginning of a file that is not text.
func unsupported(head []byte) error {
	begins := func(text string) bool { return bytes.HasPrefix(head, []byte(text)) }
	for _, m := range magics {
		if begins(m.magic) {
			return fmt.Errorf("compressed with %s, which cannot be read; compress it with gzip, zstd, xz or bzip2",
				m.name)
		}
	}
	if len(head) >= headerSize && string(head[headerSize-len(tarMagic):headerSize]) == tarMagic {
		return errors.New("a tar archive, which cannot be read; unpack it")
	}
	for _, f := range columnFormats {
		if begins(f.magic) {
			return fmt.Errorf("in the format %s, which cannot be read; deliver logs as text or JSON", f.name)
		}
	}
	return nil
}

// CheckText returns an error if a decompressed log is not text, but an archive such as access.tar.gz, or compressed
// twice.
func CheckText(text *bufio.Reader) error {
	head, _ := text.Peek(headerSize) // an error occurs again when the log is read
	for _, magic := range supported {
		if bytes.HasPrefix(head, []byte(magic)) {
			return errors.New("compressed twice; decompress it once")
		}
	}
	return unsupported(head)
}

// members reads a gzip file: one or more members, as when compressed logs are appended to one file, and zeros at the
// end, with which tapes and some file systems fill a block.
type members struct {
	gzip *gzip.Reader
	file *bufio.Reader
}

// next begins the next member.
func (m *members) next() error {
	err := m.gzip.Reset(m.file)
	m.gzip.Multistream(false)
	return err
}

func (m *members) Read(p []byte) (int, error) {
	for {
		n, err := m.gzip.Read(p)
		if n > 0 && errors.Is(err, io.EOF) {
			err = nil
		}
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		begin, err := m.file.Peek(1)
		for err == nil && begin[0] == 0 {
			_, _ = m.file.Discard(1) // is buffered
			begin, err = m.file.Peek(1)
		}
		if err != nil {
			return 0, err // io.EOF at the end of the file
		}
		if begin, err = m.file.Peek(len(gzipMagic)); err != nil || string(begin) != gzipMagic {
			return 0, errTrailing
		}
		if err := m.next(); err != nil {
			return 0, err
		}
	}
}

// Close closes the decompressor.
func (m *members) Close() error { return m.gzip.Close() }

// errTrailing means that a file continues after a complete member with something else.
var errTrailing = errors.New("after the end of the gzip data, the file has data that is not gzip; remove it, for " +
	"instance with zcat and gzip")

// everyOther reports whether every other byte is zero, beginning with the given one, and no others. This is what ASCII
// looks like in UTF-16 without a byte order mark.
func everyOther(b []byte, first int) bool {
	for i, c := range b {
		if (c == 0) != (i%2 == first) {
			return false
		}
	}
	return len(b) >= 6
}

// dictionary returns the size of the dictionary (bytes) that the header of an xz file's first block declares, 0 if it
// cannot be found. The header begins after the 12 bytes of the file's header: its size, flags, the sizes of the block
// (optional), the filter (0x21 is LZMA2), the length of its properties, and the size of the dictionary.
func dictionary(b []byte) int64 {
	if len(b) < 14 {
		return 0
	}
	flags, rest := b[13], b[14:]
	for _, flag := range []byte{0x40, 0x80} {
		if flags&flag != 0 {
			_, n := binary.Uvarint(rest)
			if n <= 0 {
				return 0
			}
			rest = rest[n:]
		}
	}
	if len(rest) < 3 || rest[0] != 0x21 {
		return 0
	}
	bits := rest[2] & 0x3f // 2 or 3, times a power of two
	return int64(2|bits&1) << (bits/2 + 11)
}
