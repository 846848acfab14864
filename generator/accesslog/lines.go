package accesslog

import (
	"bytes"
	"io"
)

// maxLine is the longest line that is read, without its line end (bytes). Nginx takes 32 KB of request
// headers at most by default, so that longer lines are no requests.
const maxLine = 64 << 10

// Lines cuts a stream into lines. It differs from bufio.Scanner in that a line too long is an error of that
// line only, that it counts the bytes of the lines given out, and that what follows the last line end is not
// a line: its writer has not finished it.
type Lines struct {
	r        io.Reader
	buf      []byte
	from, to int   // what of buf is read and not given out
	offset   int64 // bytes of the stream up to the end of the last line given out
	skipped  int64 // bytes of the line being passed over, because it is too long
	skipping bool
	err      error
}

// NewLines cuts r, of which offset bytes have been read before, into lines.
func NewLines(r io.Reader, offset int64) *Lines {
	return &Lines{r: r, buf: make([]byte, 4*maxLine), offset: offset}
}

// Next gives the next whole line without its line end, good until the next call; ErrLong in place of a line
// that is too long; io.EOF when nothing but an unfinished line is left; or what the reader failed with.
func (l *Lines) Next() ([]byte, error) {
	for {
		window := l.buf[l.from:l.to]
		if i := bytes.IndexByte(window, '\n'); i >= 0 {
			l.from += i + 1
			l.offset += int64(i+1) + l.skipped
			l.skipped = 0
			if l.skipping || i > maxLine {
				l.skipping = false
				return nil, ErrLong
			}
			return trimEnd(window[:i+1]), nil
		}
		if len(window) > maxLine {
			l.skipping = true
			l.skipped += int64(len(window))
			l.from = l.to
		}
		if l.err != nil {
			return nil, l.err
		}
		l.fill()
	}
}

// Offset is the number of bytes of the stream up to the end of the last line given out.
func (l *Lines) Offset() int64 { return l.offset }

// Unfinished is what was read after the last line end, good until the next call.
func (l *Lines) Unfinished() []byte {
	if l.skipping {
		return nil
	}
	return l.buf[l.from:l.to]
}

// fill reads more, after what is not given out yet.
func (l *Lines) fill() {
	if l.from > 0 {
		copy(l.buf, l.buf[l.from:l.to])
		l.from, l.to = 0, l.to-l.from
	}
	for range 100 { // as bufio does, lest a reader that gives nothing hold us for ever
		n, err := l.r.Read(l.buf[l.to:])
		l.to += n
		if l.err = err; n > 0 || err != nil {
			return
		}
	}
	l.err = io.ErrNoProgress
}
