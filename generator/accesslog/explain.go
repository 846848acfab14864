package accesslog

import (
	"bytes"
	"fmt"
	"strings"
)

// maxShown is the length of a line that Explain shows (bytes).
const maxShown = 300

// Explain describes a line that is in no known format, for a message: the line, the format that is nearest to it and
// what differs, and a pattern for --log-line that would parse it, if one can be found.
func (f *Formats) Explain(line []byte) string {
	line = bytes.TrimPrefix(line, byteOrderMark)
	var b strings.Builder
	fmt.Fprintf(&b, "the first such line: %s; ", printable(line[:min(len(line), maxShown)]))
	if text := skipBlanks(line); len(text) > 0 && text[0] == '{' {
		b.WriteString("the nearest format is JSON lines: " + f.explainJSON(text))
		return b.String()
	}
	var e Entry
	_, rest, err := cutTime(line, &e)
	switch {
	case err == ErrTime:
		b.WriteString("the nearest format is combined: the date or time is invalid")
	case err != nil:
		b.WriteString("the nearest format is combined: there is no time in brackets, as in " +
			"[20/Sep/2026:00:01:32 +0000]")
	case bytes.IndexByte(rest, '"') < 0:
		b.WriteString(`the nearest format is combined: there is no request in quotes, as in "GET / HTTP/1.1"`)
	default:
		b.WriteString("the nearest format is combined: the address before the time or the status after the " +
			"request is " +
			"missing or invalid")
	}
	if proposal := propose(line); proposal != "" {
		fmt.Fprintf(&b, "; try --log-line '%s'", proposal)
	} else {
		b.WriteString("; if this is an access log, describe its lines with --log-line; see Log formats in " +
			"docs/stats.md")
	}
	return b.String()
}

// explainJSON returns what is missing in a JSON object.
func (f *Formats) explainJSON(text []byte) string {
	j := jsonLines{keys: f.keys}
	var e Entry
	err := j.Parse(text, &e)
	if err == ErrJSON {
		return "the line is not a JSON object"
	}
	var missing []string
	for _, m := range []struct {
		field field
		name  string
	}{{fieldAddress, "address"}, {fieldTime, "time"}, {fieldStatus, "status"}, {fieldURI, "path"}} {
		if j.values[m.field].rank == 0 && (m.field != fieldURI || j.values[fieldRequest].rank == 0) {
			missing = append(missing, m.name)
		}
	}
	if len(missing) == 0 && err != nil {
		return err.Error()
	}
	return "no known key has the " + strings.Join(missing, ", ") +
		"; name the keys in stats.json_fields of sitegen.yaml"
}

// propose returns a pattern that parses the line, "" if none is found. It recognises addresses, times, requests and
// status codes by their form. For example, it proposes
//
//	[$time_iso8601] "$request" $status $remote_addr
//
// for the line [2026-09-20T00:01:32+00:00] "GET / HTTP/1.1" 200 203.0.113.9
func propose(line []byte) string {
	var b strings.Builder
	have := map[field]bool{}
	quoted := 0
	for rest := line; len(rest) > 0; {
		token, quote := cutWord(rest)
		value := bytes.Trim(token, `"[]|,;`)
		_, isTime := parseTime(value)
		name := "${field}"
		request := bytes.HasSuffix(value[:max(0, len(value)-3)], []byte(" HTTP/")) ||
			bytes.HasSuffix(value[:max(0, len(value)-1)], []byte(" HTTP/"))
		switch {
		case string(token) == "-":
		case isTime && len(value) > 8 && !have[fieldTime]:
			name = "$time_local"
			have[fieldTime] = true
		case isAddressList(value) && !have[fieldAddress]:
			name = "$remote_addr"
			have[fieldAddress] = true
		case request && !have[fieldRequest]:
			name = "$request"
			have[fieldRequest] = true
		case have[fieldRequest] && len(value) == 3 && !quote && value[0] >= '1' && value[0] <= '5' &&
			!have[fieldStatus]:
			name = "$status"
			have[fieldStatus] = true
		case quote && have[fieldRequest]:
			if quoted++; bytes.IndexByte(value, '/') > 0 && !bytes.Contains(value, []byte("://")) && !have[fieldAgent] {
				name = "$http_user_agent"
				have[fieldAgent] = true
			}
		}
		i := bytes.Index(token, value)
		b.WriteString(string(token[:i]) + name + string(token[i+len(value):]))
		rest = rest[len(token):]
		n := len(rest) - len(bytes.TrimLeft(rest, " \t"))
		b.Write(rest[:n])
		rest = rest[n:]
	}
	text := b.String()
	p, err := compile("proposal", text)
	var e Entry
	if err != nil || p.Parse(line, &e) != nil || strings.ContainsAny(text, "'\n") {
		return ""
	}
	return text
}

// cutWord returns the text up to the next blank outside of quotes and brackets, and whether it is in quotes.
func cutWord(b []byte) (word []byte, quoted bool) {
	closing := byte(0)
	for i, c := range b {
		switch {
		case closing != 0 && c == closing && !escaped(b, i):
			closing = 0
		case closing != 0:
		case c == '"':
			closing, quoted = '"', true
		case c == '[':
			closing = ']'
		case c == ' ' || c == '\t':
			return b[:i], quoted
		}
	}
	return b, quoted
}

// printable returns a line with special characters escaped.
func printable(line []byte) string {
	text := fmt.Sprintf("%q", line)
	return strings.ReplaceAll(text[1:len(text)-1], `\"`, `"`)
}
