package accesslog

import "bytes"

// wrapped is a line of the web server in a line of another program.
type wrapped struct {
	text    []byte
	at      int64 // time that the program has added (Unix time, 0 if it has no year or zone)
	stream  int   // stdoutStream or stderrStream if the line may come in parts, otherwise noStream
	partial bool  // the text is not the last part of its line
	guess   bool  // the text may also be a part of a line that is not wrapped
}

// unwrap returns the line of the web server in a line that another program has written around it. For example, each of
// these lines ends with a line in the combined format:
//
//	<190>Sep 20 00:01:32 web nginx: 203.0.113.9 - - […                      syslog (RFC 3164)
//	<190>1 2026-09-20T00:01:32Z web nginx 12 - - 203.0.113.9 - - […         syslog (RFC 5424), also after its length
//	2026-09-20T00:01:32.5+00:00 web nginx[12]: 203.0.113.9 - - […           rsyslog, journalctl -o short-iso
//	Sun 2026-09-20 00:01:32 UTC web nginx[12]: 203.0.113.9 - - […           journalctl -o short-full
//	1789862492.123456 web nginx[12]: 203.0.113.9 - - […                     journalctl -o short-unix
//	2026-09-20T00:01:32.5Z stdout F 203.0.113.9 - - […                      CRI: containerd, CRI-O
//	2026-09-20T00:01:32.5Z 203.0.113.9 - - […                               kubectl logs --timestamps
//	[pod/web-1/nginx] 203.0.113.9 - - […                                    kubectl logs --prefix
//	web-1  | 203.0.113.9 - - […                                             docker compose logs
//	2026-09-20T00:01:32Z {job="nginx"} 203.0.113.9 - - […                   logcli (Loki)
//	web.access: [1789862492.5, {"remote":"203.0.113.9",…}]                  Fluent Bit's output "file"
//	771156178332 (tab) web (tab) nginx (tab) 203.0.113.9 - - […             the last column of a table: Papertrail
func unwrap(line []byte) (w wrapped, ok bool) {
	rest := line
	if i := bytes.IndexByte(rest[:min(len(rest), 7)], '<'); i > 1 && rest[i-1] == ' ' { // the length of the line
		rest = rest[i:]
	}
	if len(rest) > 25 && (rest[0] == '1' || rest[0] == '2') && rest[4] == ' ' && parseMonth(rest[5:8]) > 0 { // the year
		rest = rest[5:]
	}
	if rest[0] == '<' {
		end := bytes.IndexByte(rest, '>')
		if end < 2 || end > 4 {
			return wrapped{}, false
		}
		rest = rest[end+1:]
		if version, after, _ := bytes.Cut(rest, []byte(" ")); string(version) == "1" {
			return unwrapStructured(after)
		}
	}
	if bytes.HasPrefix(rest, []byte("[pod/")) {
		_, text, ok := bytes.Cut(rest, []byte("] "))
		return wrapped{text: text}, ok && len(text) > 0
	}
	if i := bytes.Index(rest[:min(len(rest), 100)], []byte(" | ")); i > 0 && bytes.IndexByte(rest[:i], '"') < 0 {
		name := bytes.TrimRight(rest[:i], " ")
		if bytes.IndexByte(name, ' ') < 0 {
			return wrapped{text: rest[i+3:]}, len(rest) > i+3
		}
	}
	stamped := rest
	if len(rest) > 28 && rest[3] == ' ' && rest[8] == '-' { // the day of the week
		stamped = rest[4:]
	}
	switch {
	case len(rest) > 20 && parseMonth(rest[:3]) > 0 && rest[3] == ' ' && rest[9] == ':' && rest[12] == ':':
		rest = rest[15:]
		if rest[0] == '.' { // journalctl -o short-precise
			_, rest = cutToken(rest)
		}
		return unwrapTag(rest, 0)
	case len(rest) > 18 && rest[10] == '.' && rest[17] == ' ':
		at, _ := parseEpoch(rest[:10])
		return unwrapTag(rest[17:], at)
	case len(stamped) > 22 && stamped[4] == '-' && stamped[7] == '-',
		len(stamped) > 22 && stamped[4] == '/' && stamped[7] == '/':
		end := bytes.IndexAny(stamped[19:], " \t")
		if end < 0 {
			return wrapped{}, false
		}
		at, valid := parseTime(stamped[:19+end])
		if !valid {
			return wrapped{}, false
		}
		rest = stamped[19+end:]
		rest = bytes.TrimPrefix(rest, []byte(" UTC"))
		if len(rest) == 0 {
			return wrapped{}, false
		}
		if bytes.HasPrefix(rest, []byte(" stdout ")) || bytes.HasPrefix(rest, []byte(" stderr ")) {
			flags, text, ok := bytes.Cut(rest[8:], []byte(" ")) // F, or P for a part; tags may follow a colon
			w := wrapped{text: text, at: at, stream: stdoutStream, partial: bytes.HasPrefix(flags, []byte("P"))}
			if rest[4] == 'e' {
				w.stream = stderrStream
			}
			return w, ok && len(text) > 0
		}
		if rest[0] == '\t' { // Fluentd, and Caddy's log for consoles: the object is in the last column
			if i := bytes.Index(rest, []byte("\t{")); i >= 0 {
				return wrapped{text: rest[i+1:], at: at}, true
			}
			return lastColumn(rest, at)
		}
		if text, ok := afterLabels(rest[1:]); ok {
			return wrapped{text: text, at: at}, true
		}
		if w, ok := unwrapTag(rest, at); ok {
			return w, true
		}
		return wrapped{text: rest[1:], at: at}, len(rest) > 1
	}
	if i := bytes.Index(rest[:min(len(rest), 200)], []byte(": [")); i > 0 && rest[len(rest)-1] == ']' {
		object := rest[i+3 : len(rest)-1]
		stamp, text, ok := bytes.Cut(object, []byte(", {"))
		if after, found := bytes.CutPrefix(stamp, []byte("[")); found { // with metadata: [[1789862492.5, {}], {…}]
			stamp = after
			_, text, ok = bytes.Cut(object, []byte("], {"))
		}
		if at, valid := parseEpoch(stamp); ok && valid {
			return wrapped{text: rest[len(rest)-1-len(text)-1 : len(rest)-1], at: at}, true
		}
	}
	return lastColumn(rest, 0)
}

// afterLabels returns the text after the labels of a stream, with which it begins: {job="nginx", host="a"}.
func afterLabels(b []byte) (text []byte, ok bool) {
	if len(b) < 3 || b[0] != '{' || b[1] != '}' && !isLetter(b[1]) {
		return nil, false
	}
	end := bytes.Index(b, []byte("} "))
	if end < 0 {
		return nil, false
	}
	return b[end+2:], len(b) > end+2
}

// lastColumn returns the last column of a table, whose other columns are words.
func lastColumn(b []byte, at int64) (wrapped, bool) {
	if bytes.IndexByte(b, '\t') < 0 { // several times faster than LastIndexByte
		return wrapped{}, false
	}
	i := bytes.LastIndexByte(b, '\t')
	if i == len(b)-1 || bytes.ContainsAny(b[:i], `"[{`) {
		return wrapped{}, false
	}
	return wrapped{text: b[i+1:], at: at, guess: true}, true
}

// unwrapTag returns the text after the name of the host, which may be missing, and the name of the program, which ends
// with a colon.
func unwrapTag(b []byte, at int64) (wrapped, bool) {
	b = bytes.TrimLeft(b, " ")
	for range 2 {
		token, rest := cutToken(b)
		if n := len(token); n > 1 && token[n-1] == ':' && len(rest) > 0 {
			return wrapped{text: rest, at: at}, true
		}
		b = rest
	}
	return wrapped{}, false
}

// unwrapStructured returns the message of a line of RFC 5424, after the version: time, host, program, process, message
// id and structured data come before it.
func unwrapStructured(b []byte) (wrapped, bool) {
	stamp, rest := cutToken(b)
	at, _ := parseTime(stamp)
	for range 4 {
		_, rest = cutToken(rest)
	}
	if len(rest) == 0 {
		return wrapped{}, false
	}
	if rest[0] == '[' {
		i := bytes.Index(rest, []byte("] "))
		if i < 0 {
			return wrapped{}, false
		}
		rest = rest[i+2:]
	} else {
		_, rest = cutToken(rest)
	}
	rest = bytes.TrimPrefix(rest, byteOrderMark)
	return wrapped{text: rest, at: at}, len(rest) > 0
}
