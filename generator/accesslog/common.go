package accesslog

import (
	"bytes"
	"net/netip"
)

// This file parses the formats that descend from the common log format:
//
//	common      203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET / HTTP/1.1" 200 5
//	combined    203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/7.88.1"
//	vhost       example.org:443 203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/7.88.1"
//	lighttpd    203.0.113.9 example.org - [20/Sep/2026:00:01:32 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/7.88.1"
//	forwarded   203.0.113.9, 10.0.0.1 - - [20/Sep/2026:00:01:32 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/7.88.1"
//	S3          79a5 bucket [20/Sep/2026:00:01:32 +0000] 203.0.113.9 - 63DA REST.GET.OBJECT k "GET /k HTTP/1.1" 200 …
//
// They all have the time in brackets and the request in quotes, followed by the status. That is enough to find the
// other parts. The combined format itself is parsed by a pattern, which takes half the time.

// parseCommon parses a line and returns the name of its format.
func parseCommon(line []byte, e *Entry, proxies int) (name string, err error) {
	*e = Entry{}
	before, rest, err := cutTime(line, e)
	if err != nil {
		return "", err
	}
	rest = bytes.TrimLeft(rest, " ")
	if len(before) == 0 && len(rest) > 0 && rest[0] == '"' {
		return "Envoy", e.parseEnvoy(rest[1:])
	}
	if bytes.Count(before, []byte(" ")) == 2 && len(rest) > 0 && rest[0] != '"' { // owner and bucket, then the time
		return "S3 server access log", e.parseS3(rest)
	}
	if err := e.setCommonAddress(before); err != nil {
		return "", err
	}
	quote := bytes.IndexByte(rest, '"') // custom formats may have a host before the request
	if quote < 0 {
		return "", ErrFields
	}
	request, rest, ok := cutRequest(rest[quote+1:])
	if !ok {
		return "", ErrFields
	}
	e.setRequest(request)
	status, rest := cutToken(rest)
	if err := e.setStatus(status); err != nil {
		return "", err
	}
	name = "common"
	quoted := 0
	for {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
		end := indexDelimiter(rest, `"`)
		if end < 0 {
			return "", ErrFields
		}
		value := rest[:end]
		rest = rest[end+1:]
		if quoted > 0 && (isAddressList(value) || forwardedFor(value) != nil) {
			if proxies > 0 {
				e.forwarded = value
			}
			continue
		}
		if quoted++; quoted == 2 {
			name, e.Agent = "combined", value
		}
	}
	return name, nil
}

// parseEnvoy parses the rest of a line in the default format of Envoy and Istio, after the time and the quote:
//
//	[2026-09-20T00:01:32.655Z] "GET / HTTP/1.1" 200 - 0 5 12 11 "203.0.113.9" "curl/7.88.1" "8a2f…" "example.org" …
//
// The first quoted list of addresses is X-Forwarded-For, and the user agent follows it.
func (e *Entry) parseEnvoy(rest []byte) error {
	request, rest, ok := cutRequest(rest)
	if !ok {
		return ErrFields
	}
	e.setRequest(request)
	status, rest := cutToken(rest)
	if string(status) == "0" { // the client has gone
		status = []byte("-")
	}
	if err := e.setStatus(status); err != nil {
		return err
	}
	for {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			return ErrAddress
		}
		rest = rest[i+1:]
		end := indexDelimiter(rest, `"`)
		if end < 0 {
			return ErrFields
		}
		value := rest[:end]
		rest = rest[end+1:]
		switch {
		case e.Address != nil:
			e.Agent = value
			return nil
		case isAddressList(value):
			if err := e.setAddress(value); err != nil {
				return err
			}
		}
	}
}

// cutTime finds the time in brackets, and returns the text before and after it.
func cutTime(line []byte, e *Entry) (before, after []byte, err error) {
	err = ErrFields
	for from := 0; ; {
		i := bytes.IndexByte(line[from:], '[')
		if i < 0 {
			return nil, nil, err
		}
		i += from
		end := bytes.IndexByte(line[i:], ']')
		if end < 0 {
			return nil, nil, err
		}
		value := line[i+1 : i+end]
		var ok bool
		if e.Time, ok = parseTime(value); ok {
			return line[:i], line[i+end+1:], nil
		}
		if len(value) > 12 && value[2] == '/' && value[6] == '/' {
			err = ErrTime
		}
		from = i + 1
	}
}

// setCommonAddress sets the address from the text before the time: address, identity and user, perhaps with the name of
// the virtual host before the address.
func (e *Entry) setCommonAddress(before []byte) error {
	first, rest := cutList(before)
	if len(first) == 0 {
		return ErrFields
	}
	second, rest := cutList(rest)
	third, rest := cutToken(rest)
	fourth, _ := cutToken(rest)
	address := first
	if isAddressList(second) && (len(fourth) > 0 || !isAddressList(first)) && len(third) > 0 {
		address = second // after the virtual host
	} else if !isAddressList(first) {
		// A server that resolves addresses logs host names. Names that contain other characters are no hosts, and
		// further words belong to an unknown format.
		if len(fourth) > 0 && bytes.IndexByte(first, ':') > 0 {
			address = second
		} else if len(fourth) > 0 {
			return ErrFields
		}
	}
	return e.setAddress(address)
}

// parseS3 parses the rest of a line of S3's server access log, after the time. S3 does not escape quotes: an agent ends
// at the last quote of the line, because no later field is quoted. Lines without an address are about S3's own work,
// such as the expiry of an object.
func (e *Entry) parseS3(rest []byte) error {
	address, rest := cutToken(rest)
	if string(address) == "-" {
		return ErrComment
	}
	if err := e.setAddress(address); err != nil {
		return err
	}
	for range 3 { // requester, request, operation
		_, rest = cutToken(rest)
	}
	quote := bytes.IndexByte(rest, '"')
	if quote < 0 {
		return ErrComment // an operation without an HTTP request
	}
	request, rest, ok := cutRequest(rest[quote+1:])
	if !ok {
		return ErrFields
	}
	e.setRequest(request)
	status, rest := cutToken(rest)
	if err := e.setStatus(status); err != nil {
		return err
	}
	for range 5 { // error, bytes, size, total time, turn-around time
		_, rest = cutToken(rest)
	}
	if len(rest) == 0 {
		return ErrFields
	}
	if rest[0] != '"' {
		_, rest = cutToken(rest)
	} else {
		end := bytes.Index(rest[1:], []byte(`" "`)) // the agent follows
		if bare := bytes.Index(rest[1:], []byte(`" - `)); end < 0 || bare >= 0 && bare < end {
			end = bare
		}
		if end < 0 {
			return ErrFields
		}
		rest = rest[end+3:]
	}
	if len(rest) == 0 {
		return ErrFields
	}
	if rest[0] == '"' {
		end := bytes.LastIndex(rest, []byte(`" `))
		if end < 1 {
			return ErrFields
		}
		e.Agent = rest[1:end]
	}
	return nil
}

// cutRequest cuts the request from b, which begins after its opening quote. The closing quote is the first one that is
// not escaped and comes before a status: S3 does not escape quotes in requests.
func cutRequest(b []byte) (request, rest []byte, ok bool) {
	for from := 0; ; {
		i := indexDelimiter(b[from:], `" `)
		if i < 0 {
			return nil, nil, false
		}
		i += from
		status, _ := cutToken(b[i+2:])
		if string(status) == "-" || len(status) == 3 && status[0] <= '9' && status[0] >= '0' {
			return b[:i], b[i+2:], true
		}
		if bytes.IndexByte(b[i+2:], '"') < 0 {
			return b[:i], b[i+2:], true // no other quote: the status is invalid
		}
		from = i + 1
	}
}

// cutToken cuts the text up to the next blank.
func cutToken(b []byte) (token, rest []byte) {
	i := bytes.IndexByte(b, ' ')
	if i < 0 {
		return b, nil
	}
	return b[:i], b[i+1:]
}

// cutList cuts the text up to the next blank that does not follow a comma: "a, b c" has the list "a, b".
func cutList(b []byte) (list, rest []byte) {
	for i, c := range b {
		if c == ' ' && (i == 0 || b[i-1] != ',') {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

// startsLikeAddress reports whether a user agent is rather an address, of a log that has a field before the agent.
func startsLikeAddress(b []byte) bool {
	return len(b) > 0 && b[0] >= '0' && b[0] <= '9' && isAddressList(b)
}

// isAddressList reports whether b is one or more addresses, separated by commas. Some of them may be unknown.
func isAddressList(b []byte) bool {
	if len(b) == 0 || len(b) > 1000 {
		return false
	}
	valid := false
	for part := range bytes.SplitSeq(b, []byte(",")) {
		part, ok := trimPort(bytes.TrimSpace(part))
		if !ok {
			return false
		}
		if string(part) == "unknown" {
			continue
		}
		if _, err := netip.ParseAddr(string(part)); err != nil {
			return false
		}
		valid = true
	}
	return valid
}

// forwardedAfter returns the list of addresses in quotes that follows the user agent of a line in the combined format,
// if proxies are trusted, nil if there is none. Nginx's example configuration logs X-Forwarded-For there.
func forwardedAfter(line, agent []byte, proxies int) []byte {
	if proxies == 0 || len(agent) == 0 {
		return nil
	}
	rest := line[bytes.LastIndex(line, agent)+len(agent):]
	for {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			return nil
		}
		rest = rest[i+1:]
		end := indexDelimiter(rest, `"`)
		if end < 0 {
			return nil
		}
		if isAddressList(rest[:end]) || forwardedFor(rest[:end]) != nil {
			return rest[:end]
		}
	}
}
