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

// Lines splits a stream into lines. It differs from bufio.Scanner in five ways:
//
//   - a line that is too long is an error for that line only;
//   - it counts the bytes of the lines returned, so that a later run can resume after them;
//   - text after the last line ending is not a line, because the server has not finished writing it;
//   - eight or more zero bytes, which copytruncate leaves in a log, end a line;
//   - messages of syslog that follow each other in a line, each after its length (RFC 6587, octet counting), are lines.
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
	zeros      bool   // there may be zero bytes in buf
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
		if line := l.beforeZeros(window); line != nil {
			return line, nil
		}
		if i := bytes.IndexByte(window, '\n'); i >= 0 {
			if n := countedMessage(window[:i]); n > 0 && n <= maxLine && !l.skipping {
				l.start += n
				l.offset += int64(n) + l.skipped
				l.skipped = 0
				return window[:n], nil
			}
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

// countedMessage returns the length of the message of syslog at the beginning of a line, if it begins with the number
// of its bytes, and another such message follows:
//
//	52 <190>1 2026-09-20T00:01:32Z web nginx 12 - - 192.0.2.1…47 <190>1 …
//
// It returns 0 for all other lines.
func countedMessage(line []byte) int {
	header, length := messageHeader(line)
	if header == 0 || length < 1 || length >= len(line)-header {
		return 0
	}
	end := header + length
	if next, _ := messageHeader(line[end:]); next == 0 {
		return 0
	}
	return end
}

// messageHeader parses the number of bytes before a message of syslog. It returns the length of the number with its
// space, 0 if there is none, and the number.
func messageHeader(b []byte) (header, length int) {
	for header < len(b) && header < 6 && isDigit(b[header]) {
		length = 10*length + int(b[header]-'0')
		header++
	}
	if rest := b[header:]; header == 0 || len(rest) < 4 || rest[0] != ' ' || rest[1] != '<' || !isDigit(rest[2]) {
		return 0, 0
	}
	return header + 1, length
}

// LastMessage returns the last message of syslog in the end of a line, as Lines returns it: see countedMessage. Without
// one, it returns the text unchanged.
func LastMessage(end []byte) []byte {
	for i := len(end) - 1; i > 0; i-- {
		if isDigit(end[i-1]) && isDigit(end[i]) {
			continue // not the beginning of the number
		}
		if header, length := messageHeader(end[i:]); header > 0 && header+length == len(end)-i {
			return end[i:]
		}
	}
	return end
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

// beforeZeros returns the beginning of a line that zero bytes cut: the server had not written its end when the log was
// truncated. What follows the zero bytes is another line. A few zero bytes are a part of the line, as a client sent
// them.
func (l *Lines) beforeZeros(window []byte) []byte {
	if !l.zeros || l.skipping {
		return nil
	}
	const run = "\x00\x00\x00\x00\x00\x00\x00\x00"
	i := bytes.Index(window, []byte(run))
	if end := bytes.IndexByte(window, '\n'); i <= 0 || i > maxLine || end >= 0 && end < i {
		return nil
	}
	l.start += i
	l.offset += int64(i) + l.skipped
	l.skipped = 0
	return window[:i]
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
		l.zeros = l.zeros && len(rest) > 0 || bytes.IndexByte(l.buf[l.end:l.end+n], 0) >= 0
		l.end += n
		if l.err = err; n > 0 || err != nil {
			return
		}
	}
	l.err = io.ErrNoProgress
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
