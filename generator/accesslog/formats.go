package accesslog

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
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
	fixed      []*columns // formats that always have the same columns
	others     []*pattern // further formats, each of one program
}

// others are formats of programs and delivery networks, as patterns.
var others = []struct{ name, format string }{
	{"Nginx Proxy Manager", `[$time_local] $cache $upstream_status $status - $request_method $scheme $host ` +
		`"$request_uri" [Client $remote_addr] [Length $length] [Gzip $gzip] [Sent-to $server] "$http_user_agent" "`},
	{"Nginx Proxy Manager", `[$time_local] $status - $request_method $scheme $host "$request_uri" ` +
		`[Client $remote_addr] [Length $length] [Gzip $gzip] "$http_user_agent" "`},
	{"KeyCDN", `$msec|$pop|$remote_addr|$status|$bytes|$user|$zone|$host|$cache|"$request"|[$time_local]|` +
		`"$http_referer"|"$http_user_agent"|`},
	{"uWSGI", `[pid: $pid] $remote_addr ($user) {$vars} [$time_local] $request_method $request_uri => $size ` +
		`(HTTP/$version $status)`},
	{"Gcore", `"$remote_addr" "$field" "$remote_user" "[$time_local]" "$request" "$status" "$body_bytes_sent" ` +
		`"$http_referer" "$http_user_agent" "`},
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
	for _, o := range others {
		p, err := compile(o.name, o.format)
		f.others, errs = append(f.others, p), append(errs, err)
	}
	p, err := compile("combined", combined)
	f.combined, f.fixed = p, fixedColumns(f.keys)
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
	journal bool          // in a log of journalctl -o export, in which empty lines are between the entries
	payload []byte        // unescaped text of a line that is wrapped in JSON
	held    [streams]held // lines that come in parts, by stream
	dropped int64         // number of parts of lines whose last part was missing
	names   []string      // of the formats recognised so far
	last    string        // the latest of them
}

// NewParser returns a parser for a log.
func (f *Formats) NewParser() *Parser { return &Parser{formats: f, json: jsonLines{keys: f.keys}} }

// Name returns the names of the formats of the lines so far, for reports: "combined, JSON lines".
func (p *Parser) Name() string { return strings.Join(p.names, ", ") }

// State returns the last #Fields line, and the parts of incomplete lines, "" if there are neither.
func (p *Parser) State() string {
	state := p.columns.text
	for i, h := range p.held {
		if h.parts > 0 {
			state += fmt.Sprintf("\n%d %d %s", i, h.parts, base64.StdEncoding.EncodeToString(h.text))
		}
	}
	return state
}

// Restore sets the state that an earlier parser of the same log has returned.
func (p *Parser) Restore(state string) {
	columns, parts, _ := strings.Cut(state, "\n")
	p.columns.set(columns, p.formats.keys)
	p.held = [streams]held{}
	for part := range strings.Lines(parts) {
		var i int
		var h held
		var text string
		if n, _ := fmt.Sscan(part, &i, &h.parts, &text); n == 3 && i > noStream && i < streams && h.parts > 0 {
			h.text, _ = base64.StdEncoding.DecodeString(text) // text is what State has encoded
			p.held[i] = h
		}
	}
}

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
		if p.formats.TrustedProxies == 0 && !e.list {
			e.forwarded = nil // the client may have invented it
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
	if len(line) == 0 && !p.journal {
		return "", ErrEmpty
	}
	if len(line) == 0 {
		return "", ErrComment
	}
	switch line[0] {
	case '@':
		if text, ok := bytes.CutPrefix(line, []byte("@cee:")); ok { // JSON in a line of syslog
			return p.parse(skipBlanks(text), e, depth+1)
		}
	case 'M', '_':
		// journalctl -o export: a line for each field
		if text, ok := bytes.CutPrefix(line, []byte("MESSAGE=")); ok && depth < maxWraps {
			return p.parse(text, e, depth+1)
		}
		if isJournalField(line) {
			p.journal = true
			return "", ErrComment
		}
	case '-':
		if bytes.HasPrefix(line, []byte("-- ")) { // of journalctl: -- Boot 6a46 --
			return "", ErrComment
		}
	case 'd':
		if text, ok := bytes.CutPrefix(line, []byte("data: {")); ok { // journalctl -o json-sse
			p.journal = true
			return p.parseJSON(line[len(line)-len(text)-1:], e, depth)
		}
	case '\x1e': // journalctl -o json-seq
		if len(line) > 1 && line[1] == '{' {
			return p.parseJSON(line[1:], e, depth)
		}
	case '\x1b':
		if depth < maxWraps {
			return p.parse(colors.ReplaceAll(line, nil), e, depth+1)
		}
	case '#':
		if names, ok := bytes.CutPrefix(line, []byte("#Fields:")); ok {
			p.columns.set(string(names), p.formats.keys)
		}
		return "", ErrComment
	case '{', ' ', '\t':
		text := skipBlanks(line)
		if len(text) == 0 {
			return "", ErrEmpty
		}
		if text[0] == '{' {
			return p.parseJSON(text, e, depth)
		}
		if inner, ok := bytes.CutPrefix(text, []byte("MESSAGE=")); ok && depth < maxWraps { // journalctl -o verbose
			return p.parse(inner, e, depth+1)
		}
		if isJournalField(text) {
			return "", ErrComment
		}
	case '[', ']', ',': // of a list of JSON objects, one in each line
		text := skipBlanks(line[1:])
		if len(text) == 0 || len(text) == 1 && text[0] == ',' {
			return "", ErrComment
		}
		if text[0] == '{' {
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
		if isPlainCombined(line, e.Address) && !startsLikeAddress(e.Agent) {
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
	if parseHAProxy(line, e) == nil {
		return "HAProxy", nil
	}
	if text, ok := messageColumn(line); ok && depth < maxWraps {
		return p.parse(text, e, depth+1)
	}
	if len(line) > 8 && line[3] == ' ' && line[8] == '-' && verboseHead.Match(line) {
		return "", ErrComment
	}
	if depth < maxWraps {
		if w, ok := unwrap(line); ok {
			if w.stream != noStream {
				if w.partial || p.held[w.stream].parts > 0 {
					w.text = p.join(w.stream, w.text)
				}
				if w.partial {
					return "", ErrComment // Held counts it until the last part is read
				}
				p.held[w.stream] = held{}
			}
			name, reason := p.parse(w.text, e, depth+1)
			if reason == ErrNoTime && w.at != 0 {
				e.Time, reason = w.at, nil
			}
			if !w.guess || reason == nil || reason == ErrComment {
				return name, reason
			}
		}
	}
	name, reason := parseCommon(line, e, p.formats.TrustedProxies)
	if reason == nil || reason == ErrComment {
		return name, reason
	}
	closest(reason)
	for _, c := range p.formats.others {
		if c.Parse(line, e) == nil {
			return c.name, nil
		}
	}
	for _, c := range p.formats.fixed {
		if c.Parse(line, e) == nil {
			return c.format, nil
		}
	}
	if name, reason := p.json.parseLabels(line, e); reason == nil || reason == ErrNoTime {
		return name, reason
	}
	if names := columnNames(line, p.formats.keys); names != "" {
		p.columns.set(names, p.formats.keys)
		return "", ErrComment
	}
	if isMessageHeader(line, p.formats.keys) {
		return "", ErrComment
	}
	if errorLog.Match(line) {
		return "", ErrMessage
	}
	return "", err
}

// parseJSON parses a JSON object. If it is not a request itself, it may contain the line of one.
func (p *Parser) parseJSON(text []byte, e *Entry, depth int) (name string, err error) {
	err = p.json.Parse(text, e)
	if err != ErrFields && err != ErrMessage || p.json.message == nil || depth >= maxWraps {
		return p.json.Name(), err
	}
	isRequest := err == ErrFields // with a message besides
	isLog := p.json.hasLog()
	at, clocked := p.json.clocked()
	parse := func(line []byte) (name string, err error) {
		if name, err = p.parse(line, e, depth+1); err == ErrNoTime && clocked {
			e.Time, err = at, nil
		}
		return name, err
	}
	var inner []byte
	if depth == 0 {
		inner, p.payload = p.payload[:0], nil
	}
	inner = append(inner, p.json.message...)
	if depth == 0 {
		p.payload = inner
	}
	inner = unescapeJSON(inner)
	text = bytes.TrimRight(inner, "\r\n")
	if depth > 0 {
		return parse(text)
	}
	// Docker splits lines of more than 16 KB; only the last part has a line ending. Other programs remove the line
	// endings of whole lines. A text that can be parsed is therefore a whole line.
	if name, err = parse(text); err == nil || err == ErrComment {
		p.drop(dockerStream)
		return name, err
	}
	if isRequest && (!isLog || p.held[dockerStream].parts == 0) {
		return "", ErrFields
	}
	if !isLog { // only Docker splits lines
		return name, err
	}
	last := len(text) < len(inner) || len(text) == 0
	if p.held[dockerStream].parts > 0 {
		line := p.join(dockerStream, text)
		if name, err := parse(line); err == nil {
			p.held[dockerStream] = held{}
			return name, nil
		}
		if last {
			p.held[dockerStream].parts-- // this line returns the error itself
			p.drop(dockerStream)
		}
	} else if !last {
		p.join(dockerStream, text)
	}
	if !last {
		return "", ErrComment // Held counts it until more parts are read
	}
	return name, err
}

// maxJoined is the maximum length of a line that is joined from parts (bytes).
const maxJoined = 4 * maxLine

// The streams of a container whose lines may come in parts. Docker's are not distinguished.
const (
	noStream = iota
	stdoutStream
	stderrStream
	dockerStream
	streams
)

// held is the beginning of a line that comes in parts.
type held struct {
	text  []byte
	parts int64
}

// join adds a part of a line to those before it, keeps the line so far, and returns it.
func (p *Parser) join(stream int, part []byte) []byte {
	h := &p.held[stream]
	if len(h.text)+len(part) > maxJoined {
		p.drop(stream)
	}
	h.text = append(h.text, part...)
	h.parts++
	return h.text
}

// drop discards the parts of a line whose last part is missing.
func (p *Parser) drop(stream int) {
	p.dropped += p.held[stream].parts
	p.held[stream] = held{}
}

// Dropped returns the number of lines read so far that are parts of a line whose last part is missing.
func (p *Parser) Dropped() int64 { return p.dropped }

// Held returns the number of lines read so far that are parts of a line that is still being joined, and its beginning.
func (p *Parser) Held() (n int64, begin []byte) {
	for _, h := range p.held {
		if n += h.parts; h.parts > 0 {
			begin = h.text
		}
	}
	return n, begin
}

// isJournalField reports whether a line is a field of journalctl -o export: __CURSOR=s=1.
func isJournalField(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte("="))
	return ok && len(bytes.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")) == 0
}

var (
	// colors matches what programs write to a terminal to color a text: docker compose logs, stern.
	colors = regexp.MustCompile(`\x1b\[[\d;]*m`)
	// verboseHead matches the line before the fields of an entry in journalctl -o verbose.
	verboseHead = regexp.MustCompile(`^\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* \S+ \[s=\w+;i=`)
)

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
