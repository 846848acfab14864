package accesslog

import "bytes"

// unwrap returns the line of the web server in a line that another program has written around it, and the time that
// this program has added (Unix time, 0 if it has no year or zone). For example, each of these lines ends with a line in
// the combined format:
//
//	<190>Sep 20 00:01:32 web nginx: 203.0.113.9 - - […                      syslog (RFC 3164)
//	<190>1 2026-09-20T00:01:32Z web nginx 12 - - 203.0.113.9 - - […         syslog (RFC 5424)
//	2026-09-20T00:01:32.5+00:00 web nginx[12]: 203.0.113.9 - - […           rsyslog, journalctl -o short-iso
//	Sun 2026-09-20 00:01:32 UTC web nginx[12]: 203.0.113.9 - - […           journalctl -o short-full
//	2026-09-20T00:01:32.5Z stdout F 203.0.113.9 - - […                      CRI: containerd, CRI-O
//	2026-09-20T00:01:32.5Z 203.0.113.9 - - […                               kubectl logs --timestamps
//	[pod/web-1/nginx] 203.0.113.9 - - […                                    kubectl logs --prefix
//	web-1  | 203.0.113.9 - - […                                             docker compose logs
func unwrap(line []byte) (text []byte, at int64, ok bool) {
	rest := line
	if rest[0] == '<' {
		end := bytes.IndexByte(rest, '>')
		if end < 2 || end > 4 {
			return nil, 0, false
		}
		rest = rest[end+1:]
		if version, after, _ := bytes.Cut(rest, []byte(" ")); string(version) == "1" {
			return unwrapStructured(after)
		}
	}
	if bytes.HasPrefix(rest, []byte("[pod/")) {
		_, text, ok := bytes.Cut(rest, []byte("] "))
		return text, 0, ok && len(text) > 0
	}
	if i := bytes.Index(rest[:min(len(rest), 100)], []byte(" | ")); i > 0 && bytes.IndexByte(rest[:i], '"') < 0 {
		name := bytes.TrimRight(rest[:i], " ")
		if bytes.IndexByte(name, ' ') < 0 {
			return rest[i+3:], 0, len(rest) > i+3
		}
	}
	stamped := rest
	if len(rest) > 28 && rest[3] == ' ' && rest[8] == '-' { // the day of the week
		stamped = rest[4:]
	}
	switch {
	case len(rest) > 20 && parseMonth(rest[:3]) > 0 && rest[3] == ' ' && rest[9] == ':' && rest[12] == ':':
		return unwrapTag(rest[15:], 0)
	case len(stamped) > 22 && stamped[4] == '-' && stamped[7] == '-',
		len(stamped) > 22 && stamped[4] == '/' && stamped[7] == '/':
		end := bytes.IndexAny(stamped[19:], " \t")
		if end < 0 {
			return nil, 0, false
		}
		at, valid := parseTime(stamped[:19+end])
		if !valid {
			return nil, 0, false
		}
		rest = stamped[19+end:]
		rest = bytes.TrimPrefix(rest, []byte(" UTC"))
		if len(rest) == 0 {
			return nil, 0, false
		}
		if bytes.HasPrefix(rest, []byte(" stdout ")) || bytes.HasPrefix(rest, []byte(" stderr ")) {
			_, text, ok := bytes.Cut(rest[8:], []byte(" "))
			return text, at, ok && len(text) > 0
		}
		if rest[0] == '\t' { // Fluentd, and Caddy's log for consoles: the object is in the last column
			i := bytes.Index(rest, []byte("\t{"))
			return rest[max(i, 0)+1:], at, i >= 0
		}
		if text, _, ok := unwrapTag(rest, at); ok {
			return text, at, true
		}
		return rest[1:], at, len(rest) > 1
	}
	return nil, 0, false
}

// unwrapTag returns the text after the name of the host, which may be missing, and the name of the program, which ends
// with a colon.
func unwrapTag(b []byte, at int64) ([]byte, int64, bool) {
	b = bytes.TrimLeft(b, " ")
	for range 2 {
		token, rest := cutToken(b)
		if n := len(token); n > 1 && token[n-1] == ':' && len(rest) > 0 {
			return rest, at, true
		}
		b = rest
	}
	return nil, 0, false
}

// unwrapStructured returns the message of a line of RFC 5424, after the version: time, host, program, process, message
// id and structured data come before it.
func unwrapStructured(b []byte) (text []byte, at int64, ok bool) {
	stamp, rest := cutToken(b)
	at, _ = parseTime(stamp)
	for range 4 {
		_, rest = cutToken(rest)
	}
	if len(rest) == 0 {
		return nil, 0, false
	}
	if rest[0] == '[' {
		i := bytes.Index(rest, []byte("] "))
		if i < 0 {
			return nil, 0, false
		}
		rest = rest[i+2:]
	} else {
		_, rest = cutToken(rest)
	}
	rest = bytes.TrimPrefix(rest, byteOrderMark)
	return rest, at, len(rest) > 0
}
