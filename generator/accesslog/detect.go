package accesslog

import (
	"bytes"
	"errors"
	"fmt"
)

// Formats is the set of formats that a log may have.
type Formats struct {
	patterns []*pattern // in the order in which Detect tries them: configured ones before built-in ones
	keys     map[string]field
}

// NewFormats returns the built-in formats and the configured ones: logFormats are patterns in the syntax of
// Nginx's log_format, and fields names the keys of JSON Lines. The configured patterns are named "log_format 1",
// "log_format 2" and so on. The error lists all invalid patterns.
func NewFormats(logFormats []string, fields Fields) (*Formats, error) {
	f := &Formats{keys: fields.keys()}
	var errs []error
	for i, text := range logFormats {
		p, err := compile(fmt.Sprintf("log_format %d", i+1), text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		f.patterns = append(f.patterns, p)
	}
	for _, builtin := range []struct{ name, text string }{{"combined", combined},
		{"S3 server access log", s3AccessLog}} {
		p, err := compile(builtin.name, builtin.text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		f.patterns = append(f.patterns, p)
	}
	return f, errors.Join(errs...)
}

// Detect returns a parser for the log that begins with head, which must consist of complete lines, or nil if the format
// is unknown. The first line that any format can parse decides, so a garbled line at the beginning does no harm.
//
// Configured patterns are tried before the built-in ones. Otherwise a log with the pattern
//
//	$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "-" "$http_user_agent"
//
// would be mistaken for the combined format, which allows further fields at the end, and every user agent would be "-".
func (f *Formats) Detect(head []byte) Parser {
	for line := range bytes.Lines(head) {
		line = trimEnd(line)
		if bytes.HasPrefix(line, []byte("#Version:")) || bytes.HasPrefix(line, []byte("#Fields:")) {
			return f.cloudFront(head)
		}
		var e Entry
		for _, p := range f.patterns {
			if p.Parse(line, &e) == nil {
				return p
			}
		}
		if j := (&jsonLines{keys: f.keys}); j.Parse(line, &e) == nil {
			return j
		}
	}
	return nil
}

// cloudFront returns a parser for the columns that the log's #Fields line names.
func (f *Formats) cloudFront(head []byte) Parser {
	c := &cloudFront{}
	for line := range bytes.Lines(head) {
		if names, ok := bytes.CutPrefix(trimEnd(line), []byte("#Fields:")); ok {
			c.setFields(string(names))
			break
		}
	}
	return c
}

// trimEnd removes the line ending, "\n" or "\r\n".
func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
