package accesslog

import (
	"bytes"
	"fmt"
	"strings"
)

// combined is the predefined format of Nginx and the format of the same name of Apache. Additional fields may follow.
const combined = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" ` +
	`"$http_user_agent"`

// field is the part of an Entry that a value of the log sets.
type field int

const (
	fieldNone field = iota // ignored
	fieldAddress
	fieldTime
	fieldRequest
	fieldMethod
	fieldURI
	fieldStatus
	fieldAgent
	fieldForwarded
	fieldQuery
	fieldSubrequest // true if the network has sent the request itself, in JSON
	fieldMessage    // a line within a line, in JSON
)

// variables are the Nginx variables that set a part of an Entry. Others are ignored.
var variables = map[string]field{
	"remote_addr": fieldAddress, "realip_remote_addr": fieldAddress,
	"time_local": fieldTime, "time_iso8601": fieldTime, "msec": fieldTime,
	"request": fieldRequest, "request_method": fieldMethod, "request_uri": fieldURI, "uri": fieldURI,
	"args": fieldQuery, "query_string": fieldQuery,
	"status": fieldStatus, "http_user_agent": fieldAgent,
	"http_x_forwarded_for": fieldForwarded, "proxy_add_x_forwarded_for": fieldForwarded,
	"http_forwarded": fieldForwarded, "http_x_real_ip": fieldForwarded,
	"http_cf_connecting_ip": fieldForwarded, "proxy_protocol_addr": fieldForwarded,
}

// step parses one variable of a pattern.
type step struct {
	field     field
	delimiter string // text between this variable and the next; "" if the variable extends to the end of the line
	keep      bool   // the delimiter is the beginning of the next value: $host$request_uri
}

// pattern is a compiled log_format. For example, `[$time_local] "$request" $status` has the prefix "[" and the steps
//
//	{fieldTime, `] "`}  {fieldRequest, `" `}  {fieldStatus, ""}
type pattern struct {
	name   string
	prefix string // text before the first variable
	steps  []step
}

// compile compiles a log_format in the syntax of Nginx's configuration, without the quotes around it. Variables that
// are enclosed in double quotes may contain escaped quotes.
func compile(name, format string) (*pattern, error) {
	format = directiveFormat(format)
	if !strings.Contains(format, "$") && strings.Contains(format, "%") {
		translated, err := translateApache(format)
		if err != nil {
			return nil, fmt.Errorf("log format %q: %w", name, err)
		}
		format = translated
	}
	format = strings.ReplaceAll(format, `\t`, "\t") // as in Nginx and Apache
	p := &pattern{name: name}
	text, rest, more := strings.Cut(format, "$")
	p.prefix = text
	have := map[field]bool{}
	for more {
		variable, after := cutVariable(rest)
		if variable == "" {
			return nil, fmt.Errorf("log format %q: no variable name after $ (found %.20q); "+
				"use the syntax of Nginx's log_format", name, rest)
		}
		f := variables[variable]
		if f == fieldURI { // the query may follow the path
			for _, query := range []string{"$is_args$args", "$is_args$query_string"} {
				after = strings.TrimPrefix(after, query)
			}
		}
		text, rest, more = strings.Cut(after, "$")
		next, _ := cutVariable(rest)
		keep := text == "" && more && f == fieldNone && variables[next] == fieldURI
		if keep {
			text = "/"
		}
		if text == "" && more {
			return nil, fmt.Errorf("log format %q: nothing between $%s and the next variable; "+
				"put a character between them that neither contains", name, variable)
		}
		have[f] = true
		p.steps = append(p.steps, step{f, text, keep})
	}
	if have[fieldForwarded] && !have[fieldAddress] {
		for i := range p.steps {
			if p.steps[i].field == fieldForwarded {
				p.steps[i].field = fieldAddress
			}
		}
		have[fieldAddress] = true
	}
	switch {
	case !have[fieldAddress]:
		return nil, fmt.Errorf("log format %q: no $remote_addr; repeated downloads are recognised by the address", name)
	case !have[fieldTime]:
		return nil, fmt.Errorf("log format %q: no $time_local, $time_iso8601 or $msec", name)
	case !have[fieldRequest] && !(have[fieldMethod] && have[fieldURI]):
		return nil, fmt.Errorf("log format %q: no $request, nor $request_method with $request_uri", name)
	case !have[fieldStatus]:
		return nil, fmt.Errorf("log format %q: no $status", name)
	}
	return p, nil
}

// directiveFormat returns the format in a whole directive that was copied from the configuration of Nginx or Apache,
// and any other text unchanged. For example, both of these contain $remote_addr "$request" and %h "%r":
//
//	log_format main escape=default '$remote_addr '
//	                               '"$request"';
//	LogFormat "%h \"%r\"" main
func directiveFormat(text string) string {
	rest := strings.TrimSpace(text)
	var separator bool
	switch {
	case strings.HasPrefix(rest, "log_format"):
		rest, separator = rest[len("log_format"):], true
	case len(rest) > 9 && strings.EqualFold(rest[:9], "LogFormat"):
		rest = rest[9:]
	default:
		return text
	}
	var format strings.Builder
	for {
		begin := strings.IndexAny(rest, `'"`)
		if begin < 0 {
			break
		}
		quote := rest[begin : begin+1]
		rest = rest[begin+1:]
		end := 0
		for end < len(rest) && (rest[end] != quote[0] || escaped([]byte(rest), end)) {
			end++
		}
		format.WriteString(strings.ReplaceAll(rest[:end], `\`+quote, quote))
		if rest = rest[min(end+1, len(rest)):]; !separator {
			break // the name of the format follows
		}
	}
	return format.String()
}

// cutVariable splits off the name of a variable, status or {status}, from the beginning of s.
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

// Parse parses a line.
func (p *pattern) Parse(line []byte, e *Entry) error {
	if len(line) < len(p.prefix) || string(line[:len(p.prefix)]) != p.prefix {
		return ErrFields
	}
	*e = Entry{}
	rest := line[len(p.prefix):]
	for i := range p.steps {
		s := &p.steps[i]
		end := indexDelimiter(rest, s.delimiter)
		if end < 0 {
			return ErrFields
		}
		if s.delimiter != "" && s.delimiter[0] == ' ' {
			end = s.extend(rest, end)
		}
		value := rest[:end]
		if rest = rest[end:]; !s.keep {
			rest = rest[len(s.delimiter):]
		}
		if s.field == fieldNone {
			continue
		}
		if err := e.set(s.field, value); err != nil {
			return err
		}
	}
	return nil
}

// extend returns the end of a value that contains blanks although one follows it: a list of addresses, a request that
// is not in quotes, or a time that is not in brackets, such as 2026-09-20 00:01:32 +0000.
func (s *step) extend(rest []byte, end int) int {
	switch s.field {
	case fieldAddress, fieldForwarded: // a list: 203.0.113.9, 198.51.100.7
		for end > 0 && rest[end-1] == ',' {
			more := indexDelimiter(rest[end+1:], s.delimiter)
			if more < 0 {
				break
			}
			end += 1 + more
		}
	case fieldRequest:
		if from := bytes.Index(rest, []byte(" HTTP/")) + 1; from >= end {
			if more := indexDelimiter(rest[from:], s.delimiter); more >= 0 {
				return from + more
			}
		}
	case fieldTime:
		longest := end
		for to, parts := end, 1; parts < maxTimeParts; parts++ {
			more := indexDelimiter(rest[to+1:], s.delimiter)
			if more < 0 || to+1+more > maxTime {
				break
			}
			to += 1 + more
			if _, ok := parseTime(rest[:to]); ok {
				longest = to
			}
		}
		return longest
	}
	return end
}

// A time has at most maxTime bytes, and at most maxTimeParts parts with blanks between them, as in the longest layout:
// Fri, 20 Nov 2026 00:01:32 GMT.
const maxTime, maxTimeParts = 40, 6

// set sets the part of the entry that f names.
func (e *Entry) set(f field, value []byte) error {
	switch f {
	case fieldAddress:
		return e.setAddress(value)
	case fieldTime:
		var ok bool
		if e.Time, ok = parseTime(value); !ok {
			return ErrTime
		}
	case fieldRequest:
		e.setRequest(value)
	case fieldMethod:
		e.Method = value
	case fieldURI:
		e.URI = value
	case fieldStatus:
		return e.setStatus(value)
	case fieldAgent:
		e.Agent = value
	case fieldForwarded:
		e.forwarded = value
	case fieldQuery:
		e.query = value
	}
	return nil
}

// indexDelimiter returns the index of the delimiter in b, len(b) for an empty delimiter, or -1. A delimiter that
// begins with a quote is not found where a backslash escapes the quote: in `a \"b\" c" 200` the delimiter `" ` is
// at index 9, after the c.
func indexDelimiter(b []byte, delimiter string) int {
	if delimiter == "" {
		return len(b)
	}
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], delimiter[0])
		if i < 0 || len(b)-from-i < len(delimiter) {
			return -1
		}
		i += from
		if string(b[i:i+len(delimiter)]) == delimiter && (delimiter[0] != '"' || !escaped(b, i)) {
			return i
		}
		from = i + 1
	}
}

// escaped reports whether an odd number of backslashes precedes b[i]. An even number is a sequence of escaped
// backslashes.
func escaped(b []byte, i int) bool {
	n := 0
	for i > n && b[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}
