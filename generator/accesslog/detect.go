package accesslog

import (
	"bytes"
	"errors"
	"fmt"
)

// Formats are the formats that a site's logs may have.
type Formats struct {
	patterns []*pattern // the configured ones first
	keys     map[string]field
}

// NewFormats compiles the formats: those that need no configuration, the log_formats given, by name or number
// in the order in which they are tried, and the fields of JSON lines.
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
	for _, builtin := range []struct{ name, text string }{{"combined", combined}, {"S3 server access log", bucketLog}} {
		p, err := compile(builtin.name, builtin.text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		f.patterns = append(f.patterns, p)
	}
	return f, errors.Join(errs...)
}

// Detect tells from the beginning of a log, whole lines, which format it has: the one that reads the first
// line that any of them can read. It is nil when none can. A configured pattern comes before the built-in
// ones, which would read a longer line without its last fields.
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

// cloudFront makes a parser that knows the columns that the head of the log names.
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

// trimEnd takes the line end off a line.
func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}
