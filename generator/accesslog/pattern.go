package accesslog

import (
	"bytes"
	"fmt"
	"strings"
)

// The patterns that need no configuration.
const (
	// combined is the predefined format of Nginx, and Apache's of the same name. Fields after it are allowed.
	combined = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`
	// bucketLog is the server access log of S3, up to the field after the last that we need: S3 does not escape
	// quotes within a field, so that only a quote before a blank ends one.
	bucketLog = `$owner $bucket [$time_local] $remote_addr $requester $request_id $operation $key "$request" $status ` +
		`$error $bytes_sent $object_size $total_time $turn_around "$http_referer" "$http_user_agent" $version_id`
)

// field is what a variable of a pattern is good for.
type field int

const (
	fieldNone field = iota // not looked at
	fieldAddress
	fieldTime
	fieldRequest
	fieldMethod
	fieldTarget
	fieldStatus
	fieldAgent
)

// variables are those of Nginx that we read; any other is passed over.
var variables = map[string]field{
	"remote_addr": fieldAddress, "realip_remote_addr": fieldAddress,
	"time_local": fieldTime, "time_iso8601": fieldTime, "msec": fieldTime,
	"request": fieldRequest, "request_method": fieldMethod, "request_uri": fieldTarget, "uri": fieldTarget,
	"status": fieldStatus, "http_user_agent": fieldAgent,
}

// step is one variable of a pattern and the text that ends it.
type step struct {
	field field
	until string // the text after the variable; "" at the end of the line
}

// pattern is a compiled log_format.
type pattern struct {
	name   string
	before string // the text before the first variable
	steps  []step
}

// compile reads a log_format as Nginx's configuration has it, without the quotes around it. A field between
// double quotes may hold escaped quotes.
func compile(name, format string) (*pattern, error) {
	p := &pattern{name: name}
	text, rest, more := strings.Cut(format, "$")
	p.before = text
	have := map[field]bool{}
	for more {
		variable, after := cutVariable(rest)
		if variable == "" {
			return nil, fmt.Errorf("log format %q: no variable after $ (found %.20q); write it as log_format of Nginx does", name, rest)
		}
		text, rest, more = strings.Cut(after, "$")
		if text == "" && more {
			return nil, fmt.Errorf("log format %q: nothing between $%s and the next variable; they cannot be told apart", name, variable)
		}
		f := variables[variable]
		have[f] = true
		p.steps = append(p.steps, step{f, text})
	}
	switch {
	case !have[fieldAddress]:
		return nil, fmt.Errorf("log format %q: no $remote_addr; without it downloads cannot be told apart", name)
	case !have[fieldTime]:
		return nil, fmt.Errorf("log format %q: no $time_local, $time_iso8601 or $msec", name)
	case !have[fieldRequest] && !(have[fieldMethod] && have[fieldTarget]):
		return nil, fmt.Errorf("log format %q: no $request, nor $request_method with $request_uri", name)
	case !have[fieldStatus]:
		return nil, fmt.Errorf("log format %q: no $status", name)
	}
	return p, nil
}

// cutVariable takes a variable's name, in braces or not, off the beginning of s.
func cutVariable(s string) (name, rest string) {
	if strings.HasPrefix(s, "{") {
		name, rest, _ = strings.Cut(s[1:], "}")
		return name, rest
	}
	end := strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// Name implements Parser.
func (p *pattern) Name() string { return p.name }

// Parse implements Parser.
func (p *pattern) Parse(line []byte, e *Entry) error {
	if len(line) == 0 {
		return ErrEmpty
	}
	if len(line) < len(p.before) || string(line[:len(p.before)]) != p.before {
		return ErrFields
	}
	*e = Entry{}
	rest := line[len(p.before):]
	for i := range p.steps {
		s := &p.steps[i]
		end := indexUntil(rest, s.until)
		if end < 0 {
			return ErrFields
		}
		value := rest[:end]
		rest = rest[end+len(s.until):]
		if s.field == fieldNone {
			continue
		}
		if err := e.set(s.field, value); err != nil {
			return err
		}
	}
	return nil
}

// set puts the value of a variable where it belongs.
func (e *Entry) set(f field, value []byte) error {
	switch f {
	case fieldAddress:
		return e.setAddress(value)
	case fieldTime:
		var ok bool
		if e.Time, ok = readTime(value); !ok {
			return ErrTime
		}
	case fieldRequest:
		e.setRequest(value)
	case fieldMethod:
		e.Method = value
	case fieldTarget:
		e.Target = value
	case fieldStatus:
		return e.setStatus(value)
	case fieldAgent:
		e.Agent = value
	}
	return nil
}

// indexUntil finds the end of a field: where the text after it stands. A quote that a backslash precedes does
// not end a field. An empty until is the end of the line.
func indexUntil(b []byte, until string) int {
	if until == "" {
		return len(b)
	}
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], until[0])
		if i < 0 || len(b)-from-i < len(until) {
			return -1
		}
		i += from
		if string(b[i:i+len(until)]) == until && (until[0] != '"' || !escaped(b, i)) {
			return i
		}
		from = i + 1
	}
}

// escaped reports whether an odd number of backslashes precedes b[i].
func escaped(b []byte, i int) bool {
	n := 0
	for i > n && b[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}
