// Package replay collects requests from lists and access logs, and sends them to web servers, politely: with a limited
// number of requests at a time and per second, and without anything private that a log contains.
//
//	list := replay.NewList(formats)
//	err := list.Read("access.log", file)          // each different request once, with how often the log has it
//	server, err := replay.NewServer("https://download.example.org", replay.Options{})
//	for _, r := range list.Requests() {
//		reply, err := server.Ask(ctx, r)            // redirects are not followed
//	}
package replay

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/accesslog"
)

// Request is a request to send.
type Request struct {
	Method string // GET or HEAD
	Target string // path and query, as they are sent: /find?os=win
	Count  int64  // how often the lists and logs have it
}

// String returns the request as a line of a list: "/find?os=win", or "HEAD /find?os=win".
func (r Request) String() string {
	if r.Method == http.MethodGet {
		return r.Target
	}
	return r.Method + " " + r.Target
}

// maxRequests is the number of different requests that a List holds. A log with more of them, which only a scan
// produces, must not exhaust the memory.
const maxRequests = 1 << 20

// List holds different requests, and the numbers of lines that were left out.
type List struct {
	LeftOut LeftOut

	parser   *accesslog.Parser
	requests map[string]*Request // by String
	order    []*Request
}

// LeftOut counts the lines that are not among the requests of a List, by reason.
type LeftOut struct {
	Methods     int64  `json:"methods"`     // other methods than GET and HEAD
	Credentials int64  `json:"credentials"` // the query contains a token or password, which must not be sent
	Invalid     int64  `json:"invalid"`     // neither a request nor a line of a known log format
	Excess      int64  `json:"excess"`      // further requests of a log with more than a million different ones
	First       string `json:"first"`       // the first invalid line: "access.log:12: …"
}

// NewList returns an empty List. The formats are those of the logs to read.
func NewList(formats *accesslog.Formats) *List {
	return &List{parser: formats.NewParser(), requests: map[string]*Request{}}
}

// Requests returns the requests, the most frequent first, and equally frequent ones in the order in which they were
// read.
func (l *List) Requests() []Request {
	list := make([]Request, len(l.order))
	for i, r := range l.order {
		list[i] = *r
	}
	slices.SortStableFunc(list, func(a, b Request) int { return cmp.Compare(b.Count, a.Count) })
	return list
}

// Read adds the requests of a list or a log, which may be compressed. A line of a list is a path or a URL, of which
// only path and query count, and may begin with GET or HEAD. Empty lines and lines that begin with # are comments.
// Any other line is one of a log. Lists and logs are recognised line by line.
func (l *List) Read(name string, r io.Reader) error {
	text, _, err := accesslog.Decompress(r)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer text.Close()
	lines := accesslog.NewLines(text, 0)
	for n := 1; ; n++ {
		line, err := lines.Next()
		switch {
		case errors.Is(err, io.EOF):
			l.line(name, n, lines.Unfinished())
			return nil
		case errors.Is(err, accesslog.ErrLong):
			l.invalid(name, n, err, line)
		case err != nil:
			return fmt.Errorf("read %s: %w", name, err)
		default:
			l.line(name, n, line)
		}
	}
}

// line adds the request of a line.
func (l *List) line(name string, n int, line []byte) {
	if n == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	method, target, ok := listed(line)
	if !ok {
		var e accesslog.Entry
		switch err := l.parser.Parse(line, &e); {
		case errors.Is(err, accesslog.ErrComment):
			return
		case err != nil:
			l.invalid(name, n, err, line)
			return
		}
		method, target = string(e.Method), string(e.Target())
	}
	if method != http.MethodGet && method != http.MethodHead {
		l.LeftOut.Methods++
		return
	}
	target, err := cleanTarget(target)
	switch {
	case err != nil:
		l.invalid(name, n, err, line)
	case hasCredentials(target):
		l.LeftOut.Credentials++
	default:
		l.Add(Request{method, target, 1})
	}
}

// Add adds a request, or its Count if the list has it.
func (l *List) Add(r Request) {
	key := r.String()
	if known, ok := l.requests[key]; ok {
		known.Count += r.Count
		return
	}
	if len(l.order) == maxRequests {
		l.LeftOut.Excess++
		return
	}
	l.requests[key] = &r
	l.order = append(l.order, &r)
}

func (l *List) invalid(name string, n int, err error, line []byte) {
	if l.LeftOut.Invalid++; l.LeftOut.First == "" {
		l.LeftOut.First = fmt.Sprintf("%s:%d: %v (found %.60q)", name, n, err, line)
	}
}

// listed parses a line of a list. No line of a log has this form, since it also has an address and a time.
func listed(line []byte) (method, target string, ok bool) {
	words := strings.Fields(string(line))
	method = http.MethodGet
	if len(words) == 2 && (words[0] == http.MethodGet || words[0] == http.MethodHead) {
		method, words = words[0], words[1:]
	}
	if len(words) != 1 || !strings.HasPrefix(words[0], "/") && !isURL(words[0]) {
		return "", "", false
	}
	return method, words[0], true
}

func isURL(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

var errTarget = errors.New("the target of the request is not a path")

// cleanTarget returns path and query of a target, without the fragment. Bytes that are not ASCII are percent-encoded,
// as browsers do.
func cleanTarget(text string) (string, error) {
	if isURL(text) {
		_, text, _ = strings.Cut(text, "://")
		if i := strings.IndexAny(text, "/?#"); i < 0 {
			text = "/"
		} else if text = text[i:]; text[0] != '/' {
			text = "/" + text
		}
	}
	text, _, _ = strings.Cut(text, "#")
	if !strings.HasPrefix(text, "/") {
		return "", errTarget
	}
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c <= ' ' || c == 0x7f:
			return "", errTarget
		case c > 0x7f:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// secrets are the names of query parameters that hold credentials, in lower case. Names that end in one of them, after
// a hyphen or an underscore, do so, too: X-Amz-Signature, access_token.
var secrets = []string{
	"token", "apikey", "key", "password", "passwd", "pwd", "secret", "signature", "sig", "auth", "authorization",
	"credential", "jwt", "session", "sessionid", "sid",
}

// hasCredentials reports whether the query of a target has a parameter with credentials.
func hasCredentials(target string) bool {
	_, query, _ := strings.Cut(target, "?")
	for part := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(part, "=")
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
		name = strings.ToLower(name)
		if slices.ContainsFunc(secrets, func(s string) bool {
			return name == s || strings.HasSuffix(name, "_"+s) || strings.HasSuffix(name, "-"+s)
		}) {
			return true
		}
	}
	return false
}
