package accesslog

import (
	"bytes"
	"io"
)

// maxLine is the length of the longest line accepted, without its line ending (bytes). Nginx accepts at most 32 KB
// of request headers by default, so longer lines are not requests.
const maxLine = 64 << 10

// The buffer of Lines has at first firstBuffer bytes, which is enough for most of the logs in a bucket. It is doubled
// whenever a read has filled it, up to maxBuffer, so that large logs are read in large parts.
const firstBuffer, maxBuffer = 16 << 10, 4 * maxLine

// Lines splits a stream into lines. It differs from bufio.Scanner in three ways:
//
//   - a line that is too long is an error for that line only;
//   - it counts the bytes of the lines returned, so that a later run can resume after them;
//   - text after the last line ending is not a line, because the server has not finished writing it.
//
// For example, Next returns "a" and then "bb" for the stream "a\nbb\ncc" read from offset 0, and then io.EOF. Offset is
// 5 by then, and Unfinished returns "cc". Once the server has completed the last line, a run that resumes at offset 5
// reads the complete line.
type Lines struct {
	r          io.Reader
	buf        []byte
	start, end int    // buf[start:end] has been read but not returned
	offset     int64  // bytes of the stream up to the end of the last line returned
	skipped    int64  // bytes skipped so far of a line that is too long
	skipping   bool   // inside a line that is too long
	end256     []byte // last bytes of the last line that was too long
	err        error
}

// NewLines returns a Lines that reads from r. The offset is the number of bytes of the stream that come before r,
// for example because an earlier run has read them.
func NewLines(r io.Reader, offset int64) *Lines {
	return &Lines{r: r, buf: make([]byte, firstBuffer), offset: offset}
}

// Next returns the next complete line without its line ending; it is valid until the next call. The error is ErrLong
// for a line that is too long, of which it returns the last 256 bytes, and after which reading can continue; io.EOF if
// only an unfinished line is left; or the error of the underlying reader.
func (l *Lines) Next() ([]byte, error) {
	for {
		if l.start < l.end && l.buf[l.start] == 0 {
			l.skipZeros()
		}
		window := l.buf[l.start:l.end]
		if i := bytes.IndexByte(window, '\n'); i >= 0 {
			l.start += i + 1
			l.offset += int64(i+1) + l.skipped
			l.skipped = 0
			if l.skipping || i > maxLine {
				l.skipping = false
				l.keepEnd(trimEnd(window[:i+1]))
				return l.end256, ErrLong
			}
			return trimEnd(window[:i+1]), nil
		}
		if len(window) > maxLine {
			l.skipping = true
			l.keepEnd(window)
			l.skipped += int64(len(window))
			l.start = l.end
		}
		if l.err != nil {
			return nil, l.err
		}
		l.fill()
	}
}

// skipZeros skips zero bytes at the beginning of a line. When a log is truncated while the server writes at its old
// position (copytruncate of logrotate), the file begins with as many of them as it had bytes before.
func (l *Lines) skipZeros() {
	if l.skipping {
		return
	}
	n := 0
	for l.start+n < l.end && l.buf[l.start+n] == 0 {
		n++
	}
	l.start += n
	l.skipped += int64(n)
}

// keepEnd keeps the last bytes of the line that is too long.
func (l *Lines) keepEnd(part []byte) {
	l.end256 = append(l.end256, part...)
	if n := len(l.end256); n > 256 {
		l.end256 = append(l.end256[:0], l.end256[n-256:]...)
	}
}

// Offset returns the number of bytes of the stream up to the end of the last line returned.
func (l *Lines) Offset() int64 { return l.offset }

// Unfinished returns the text after the last line ending. It is valid until the next call of Next, and empty if
// that text is longer than a line may be.
func (l *Lines) Unfinished() []byte {
	if l.skipping {
		return nil
	}
	return l.buf[l.start:l.end]
}

// fill moves the unreturned bytes to the beginning of the buffer and reads more after them.
func (l *Lines) fill() {
	rest := l.buf[l.start:l.end]
	if l.end == len(l.buf) && l.end < maxBuffer {
		l.buf = make([]byte, 2*len(l.buf))
	}
	l.start, l.end = 0, copy(l.buf, rest)
	for range 100 { // a reader that returns 0, nil forever must not hang the loop; bufio has the same limit
		n, err := l.r.Read(l.buf[l.end:])
		l.end += n
		if l.err = err; n > 0 || err != nil {
			return
		}
	}
	l.err = io.ErrNoProgress
}
