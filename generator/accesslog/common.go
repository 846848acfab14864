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
		_, bucket := cutToken(before)
		return "S3 server access log", e.parseS3(bytes.TrimRight(bucket, " "), rest)
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
	var only []byte // the value in quotes, if there is one
	for {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			break
		}
		if rest = rest[i+1:]; len(rest) == 0 { // OpenLiteSpeed puts whole lines in quotes
			break
		}
		end := indexDelimiter(rest, `"`)
		if end < 0 {
			return "", ErrFields
		}
		value := rest[:end]
		rest = rest[end+1:]
		if quoted > 0 && isForwarded(value) {
			if proxies > 0 {
				e.forwarded = value
			}
			continue
		}
		if quoted++; quoted == 2 || quoted == 1 && bytes.HasPrefix(value, []byte("Mozilla/")) {
			name, e.Agent = "combined", value
			quoted = 2
		}
		only = value
	}
	if quoted == 1 && agentForm.Match(only) && !bytes.Contains(only, []byte("://")) { // Nexus logs no referrer
		name, e.Agent = "combined", only
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
	if e.setRequest(request); bytes.ContainsAny(e.Method, ".\"") {
		return ErrFields // a host
	}
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
		end := -1
		if e.Address != nil { // the agent, in which Envoy does not escape quotes
			end = indexDelimiter(rest, `" "`)
		}
		if end < 0 {
			end = indexDelimiter(rest, `"`)
		}
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

// isPlainCombined reports whether the text before the time is that of the combined format without a user: an address
// and two hyphens. In other lines, the address may be elsewhere, see setCommonAddress.
func isPlainCombined(line, address []byte) bool {
	return line[0] >= '0' && line[0] <= '9' && bytes.HasPrefix(line, address) &&
		bytes.HasPrefix(line[len(address):], []byte(" - - ["))
}

// setCommonAddress sets the address from the text before the time. Usually, this is the address, the identity and the
// user. There may be the name of the virtual host, a second address or a list of addresses that a proxy has forwarded,
// also in quotes or parentheses:
//
//	203.0.113.9 - - [                       example.org:443 203.0.113.9 - - [
//	203.0.113.9 10.0.0.1 - - [              10.0.0.1 203.0.113.9, 198.51.100.7 - - [
//	"203.0.113.9, 10.0.0.1" - - [           web-1 nginx 203.0.113.9 - - [
//
// Of several addresses, lists with a public one are preferred, then public ones, then the first one. An address with a
// port before one without is that of the virtual host. A host name is only the visitor if there is no address: servers
// may resolve addresses.
func (e *Entry) setCommonAddress(before []byte) error {
	var first, found []byte
	tokens, foundAt, port := 0, 0, false
	foundRank := -1
	for rest := before; ; tokens++ {
		rest = bytes.TrimLeft(rest, ` "'()`)
		if len(rest) == 0 {
			break
		}
		var token []byte
		token, rest = cutList(rest)
		token = bytes.TrimRight(token, `"'(),`)
		if tokens == 0 {
			first = token
		}
		if !isAddressList(token) {
			continue
		}
		rank := addressRank(token)
		clean, _ := trimPort(token)
		if found == nil || rank > foundRank || rank == foundRank && port && foundAt == 0 && tokens == 1 &&
			len(clean) == len(token) {
			found, foundAt, foundRank, port = token, tokens, rank, len(clean) < len(token)
		}
	}
	switch {
	case found != nil:
		return e.setAddress(found)
	case tokens > 4 || len(first) == 0 || first[0] == '[': // further words belong to an unknown format
		return ErrFields
	case tokens < 3 && first[0] != '-': // the name of the virtual host, without identity and user
		return ErrFields
	case tokens == 4 && bytes.IndexByte(first, ':') > 0:
		return ErrAddress // after the virtual host
	case len(bytes.Trim(first, "0123456789-:./")) == 0 && len(first) > 1:
		return ErrFields // a day or a time, of a program around the line
	}
	return e.setAddress(first)
}

// addressRank returns how likely a list of addresses contains that of the visitor: 2 for a list of several with a
// public one, 1 for a public address, 0 for others.
func addressRank(list []byte) int {
	count, public := 0, 0
	for part := range bytes.SplitSeq(list, []byte(",")) {
		part, _ = trimPort(bytes.TrimSpace(part))
		count++
		a, err := netip.ParseAddr(string(part))
		if err == nil && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			public = 1
		}
	}
	if public > 0 && count > 1 {
		return 2
	}
	return public
}

// parseS3 parses the rest of a line of S3's server access log, after the name of the bucket and the time. S3 does not
// escape quotes: an agent ends at the last quote of the line, because no later field is quoted. Lines without an
// address are about S3's own work, such as the expiry of an object.
func (e *Entry) parseS3(bucket, rest []byte) error {
	address, rest := cutToken(rest)
	for range 2 { // requester, request
		_, rest = cutToken(rest)
	}
	operation, rest := cutToken(rest)
	switch {
	case !isOperation(operation):
		return ErrFields
	case string(address) == "-":
		return ErrComment
	}
	if err := e.setAddress(address); err != nil {
		return err
	}
	quote := bytes.IndexByte(rest, '"')
	if quote < 0 {
		return ErrComment // an operation without an HTTP request
	}
	key, _ := cutToken(rest)
	request, rest, ok := cutRequest(rest[quote+1:])
	if !ok {
		return ErrFields
	}
	e.setRequest(request)
	// A path-style request has the bucket before the key: GET /bucket/key.
	if n := len(bucket) + 1; bytes.HasPrefix(operation, []byte("REST.")) && len(e.URI) > n+1 &&
		bytes.Equal(e.URI[1:n], bucket) && bytes.HasPrefix(e.URI[n+1:], key) {
		e.URI = e.URI[n:]
	}
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
		if end < 1 && rest[len(rest)-1] == '"' {
			end = len(rest) - 1
		}
		if end < 1 {
			return ErrFields
		}
		e.Agent = rest[1:end]
	}
	return nil
}

// isOperation reports whether a text begins like the name of an operation of S3: WEBSITE.GET.OBJECT, S3.EXPIRE.OBJECT.
func isOperation(b []byte) bool {
	for i, c := range b {
		if c == '.' {
			return i > 0
		}
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return false
}

// cutRequest cuts the request from b, which begins after its opening quote. The closing quote is the first one that is
// not escaped and comes before a status: S3 does not escape quotes in requests. A request with quotes ends with the
// version of HTTP. Text in quotes that other text in quotes follows is not the request but, for example, the host.
func cutRequest(b []byte) (request, rest []byte, ok bool) {
	first := -1
	for from := 0; ; {
		i := indexDelimiter(b[from:], `" `)
		if i < 0 {
			break
		}
		i += from
		status, _ := cutToken(b[i+2:])
		if first < 0 && isStatus(status) {
			return b[:i], b[i+2:], true
		}
		isVersioned := versioned(b[:i])
		if isVersioned && isStatus(status) {
			return b[:i], b[i+2:], true
		}
		if first < 0 {
			if len(b) > i+2 && b[i+2] == '"' && !isVersioned {
				return cutRequest(b[i+3:])
			}
			first = i
		}
		if isVersioned {
			break // the status is invalid
		}
		from = i + 1
	}
	if first < 0 {
		return nil, nil, false
	}
	return b[:first], b[first+2:], true
}

// isStatus reports whether a text is a status code, or the hyphen that some servers write if there is none.
func isStatus(b []byte) bool {
	return string(b) == "-" || len(b) == 3 && b[0] <= '9' && b[0] >= '0'
}

// versioned reports whether a text ends with a version of HTTP: GET / HTTP/1.1.
func versioned(b []byte) bool {
	i := bytes.LastIndex(b[max(0, len(b)-len("HTTP/1.1")):], []byte("HTTP/"))
	return i >= 0 && b[len(b)-1] != '/'
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
	rest := line[cap(line)-cap(agent)+len(agent):] // agent is a part of line: "-" may be found elsewhere, too
	if len(rest) > 0 {
		rest = rest[1:] // the quote
	}
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
		if isForwarded(rest[:end]) {
			return rest[:end]
		}
	}
}
