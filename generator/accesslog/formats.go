package accesslog

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Formats is the set of formats that the lines of a log may have.
type Formats struct {
	// TrustedProxies is the number of proxies in front of the server whose X-Forwarded-For entries are trusted. Each
	// proxy appends the address of its client to the list, so with two proxies the visitor is the second address from
	// the end. 0 means unknown: the first address of a list is the visitor.
	TrustedProxies int

	configured []*pattern // in the order in which they are tried, before the built-in formats
	combined   *pattern
	keys       *jsonKeys
}

// NewFormats returns the built-in formats and the configured ones: logFormats are patterns in the syntax of Nginx's
// log_format or Apache's LogFormat, and fields names the keys of JSON Lines. The configured patterns are named
// "log_format 1", "log_format 2" and so on. The error lists all invalid patterns.
func NewFormats(logFormats []string, fields Fields) (*Formats, error) {
	f := &Formats{keys: newJSONKeys(fields)}
	var errs []error
	for i, text := range logFormats {
		p, err := compile(fmt.Sprintf("log_format %d", i+1), text)
		errs = append(errs, err)
		if err == nil {
			f.configured = append(f.configured, p)
		}
	}
	p, err := compile("combined", combined)
	f.combined = p
	return f, errors.Join(append(errs, err)...)
}

// Parser parses the lines of one log. It recognises the format of each line on its own, so that a log may change its
// format, a pipe may join several logs, and a garbled line costs only itself.
//
// The format of a line does not depend on the lines before it, with one exception: a #Fields line names the columns of
// the lines after it. State returns these columns, so that a later run can continue in the middle of the log.
type Parser struct {
	formats *Formats
	columns columns // of the last #Fields line
	json    jsonLines
	payload []byte   // unescaped text of a line that is wrapped in JSON
	names   []string // of the formats recognised so far
	last    string   // the latest of them
}

// NewParser returns a parser for a log.
func (f *Formats) NewParser() *Parser { return &Parser{formats: f, json: jsonLines{keys: f.keys}} }

// Name returns the names of the formats of the lines so far, for reports: "combined, JSON lines".
func (p *Parser) Name() string { return strings.Join(p.names, ", ") }

// State returns the last #Fields line, "" if there was none.
func (p *Parser) State() string { return p.columns.text }

// Restore sets the state that an earlier parser of the same log has returned.
func (p *Parser) Restore(state string) { p.columns.set(state) }

// maxWraps is the number of programs that may each have put a line of the web server into a line of their own. For
// example, Docker stores the lines of a container that prints lines for syslog.
const maxWraps = 3

// Parse parses a line, without its line ending, into e. The error is one of the package's Err variables: ErrComment if
// the line is not a request by design, another one if it is invalid.
func (p *Parser) Parse(line []byte, e *Entry) error {
	name, err := p.parse(line, e, 0)
	if err == nil {
		if name != p.last {
			p.last = name
			if !slices.Contains(p.names, name) {
				p.names = append(p.names, name)
			}
		}
		if e.forwarded != nil || e.list {
			return e.resolveClient(p.formats.TrustedProxies)
		}
	}
	return err
}

// parse parses a line and returns the name of its format. Configured patterns are tried before the built-in formats.
// Otherwise a log with the pattern
//
//	$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "-" "$http_user_agent"
//
// would be mistaken for the combined format, which allows further fields at the end, and every user agent would be "-".
//
// The error is that of the format that comes closest: ErrFields only if no format has a better reason.
func (p *Parser) parse(line []byte, e *Entry, depth int) (name string, err error) {
	err = ErrFields
	closest := func(reason error) {
		if err == ErrFields {
			err = reason
		}
	}
	for _, c := range p.formats.configured {
		reason := c.Parse(line, e)
		if reason == nil {
			return c.name, nil
		}
		closest(reason)
	}
	if len(line) == 0 {
		return "", ErrEmpty
	}
	switch line[0] {
	case '#':
		if names, ok := bytes.CutPrefix(line, []byte("#Fields:")); ok {
			p.columns.set(string(names))
		}
		return "", ErrComment
	case '{', ' ', '\t':
		if text := skipBlanks(line); len(text) == 0 || text[0] == '{' {
			return p.parseJSON(text, e, depth)
		}
	case 0xef:
		if text, ok := bytes.CutPrefix(line, byteOrderMark); ok {
			return p.parse(text, e, depth)
		}
	}
	if p.columns.complete {
		if reason := p.columns.Parse(line, e); reason == nil {
			return p.columns.name(line), nil
		} else {
			closest(reason)
		}
	}
	if reason := p.formats.combined.Parse(line, e); reason == nil {
		if !startsLikeAddress(e.Agent) {
			e.forwarded = forwardedAfter(line, e.Agent, p.formats.TrustedProxies)
			return "combined", nil
		}
	} else if err == ErrFields {
		err = reason
	}
	if err == ErrAddress { // the text before the time is longer than an address
		err = ErrFields
	}
	if name, reason := parseELB(line, e); reason == nil {
		return name, nil
	}
	if depth < maxWraps {
		if text, at, ok := unwrap(line); ok {
			name, reason := p.parse(text, e, depth+1)
			if reason == ErrNoTime && at != 0 {
				e.Time, reason = at, nil
			}
			return name, reason
		}
	}
	name, reason := parseCommon(line, e, p.formats.TrustedProxies)
	if reason == nil || reason == ErrComment {
		return name, reason
	}
	closest(reason)
	if names := columnNames(line); names != "" {
		p.columns.set(names)
		return "", ErrComment
	}
	return "", err
}

// parseJSON parses a JSON object. If it is not a request itself, it may contain the line of one.
func (p *Parser) parseJSON(text []byte, e *Entry, depth int) (name string, err error) {
	err = p.json.Parse(text, e)
	if err != ErrFields || p.json.message == nil || depth >= maxWraps {
		return p.json.Name(), err
	}
	var inner []byte
	if depth == 0 {
		inner, p.payload = p.payload[:0], nil
	}
	inner = append(inner, p.json.message...)
	if depth == 0 {
		p.payload = inner
	}
	inner = bytes.TrimRight(unescapeJSON(inner), "\r\n")
	return p.parse(inner, e, depth+1)
}

var byteOrderMark = []byte("\xEF\xBB\xBF")

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
