// Package accesslog reads the access logs of web servers and content delivery networks.
//
// A log is a sequence of lines, one request each. A Parser turns a line into an Entry. For example, this line in
// Nginx's combined format
//
//	203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET /bitstream/6a46 HTTP/1.1" 302 0 "-" "curl/7.88.1"
//
// becomes
//
//	Entry{Address: "203.0.113.9", Time: 1789862492, Method: "GET", URI: "/bitstream/6a46", Status: 302,
//		Agent: "curl/7.88.1"}
//
// Formats.NewParser returns a Parser, which recognises the format of each line, never from the name of the file:
//
//   - patterns, written like Nginx's log_format or Apache's LogFormat, that the site configures;
//   - the combined format of Nginx and Apache and its relatives, among them the server access log of S3 (common.go);
//   - W3C's extended log format, whose columns are named by a #Fields line: CloudFront and IIS (columns.go);
//   - CSV, and formats that always have the same columns, such as that of Squid (columns.go);
//   - the logs of Amazon's load balancers (elb.go) and of HAProxy (haproxy.go);
//   - JSON Lines (jsonlines.go);
//   - all of these within lines of syslog, journald, Docker and Kubernetes (wrap.go).
//
// To read a log, decompress it and parse line by line:
//
//	text, _, err := accesslog.Decompress(file)
//	parser := formats.NewParser()
//	lines := accesslog.NewLines(text, 0)
//	for {
//		line, err := lines.Next()
//		// …
//		err = parser.Parse(line, &entry)
//	}
//
// Parsing does not allocate, except for wrapped JSON: an Entry points into the line it was parsed from and is valid
// until the next call of Lines.Next. Field values are kept as the log escapes them. Entry.AgentText undoes the
// escaping, so that a visitor has the same user agent in every format.
package accesslog

import (
	"bytes"
	"errors"
)

// Entry is one request of a log. Its slices point into the line.
type Entry struct {
	Address []byte // client address: IPv4, IPv6 or, if the server resolves addresses, a host name
	Time    int64  // time of the log line, at the end of the request (Unix time, seconds)
	Method  []byte // "" if the request line is malformed
	URI     []byte // path, and the query unless the log has it apart (see Target); "" if the request line is malformed
	Status  int    // 0 if the log has none
	Agent   []byte // user agent, escaped as in the log; "-" or "" if the client sent none

	escape    escape
	list      bool   // Address is a list, see resolveClient
	query     []byte // where the log has it apart from the path; "-" or "" if there is none
	encoded   bool   // the log has encoded URI and query once more, as CloudFront does
	forwarded []byte // list of addresses that trusted proxies have forwarded, nil if there is none
}

// Reasons why a line is invalid. Reports print them. Parsers return them unwrapped, so they can be compared
// with ==.
var (
	ErrEmpty   = errors.New("empty line")
	ErrFields  = errors.New("line does not match the log format")
	ErrTime    = errors.New("invalid date or time")
	ErrStatus  = errors.New("status is not a three-digit number")
	ErrNoTime  = errors.New("no time")
	ErrMessage = errors.New("a message of a program, not a request")
	ErrAddress = errors.New("missing or invalid client address")
	ErrJSON    = errors.New("not a JSON object")
	ErrLong    = errors.New("line longer than 65,536 bytes")
	// ErrIncomplete is the reason for lines that Dropped and Held count; Parse does not return it.
	ErrIncomplete = errors.New("part of a line whose last part is missing")
	// ErrComment marks a line that is not a request by design, such as the header of a CloudFront log.
	ErrComment = errors.New("comment")
)

// Target returns the path and the query of the request as the client sent them. CloudFront and IIS write them apart,
// and CloudFront encodes the percent signs: its columns /a%2520b and x=1 become /a%20b?x=1.
func (e *Entry) Target() []byte {
	target := Unescape(e.URI)
	if len(e.query) > 0 && string(e.query) != "-" && string(e.query) != "null" && bytes.IndexByte(target, '?') < 0 {
		target = append(append(bytes.Clone(target), '?'), bytes.TrimPrefix(Unescape(e.query), []byte("?"))...)
	}
	if e.encoded {
		target = bytes.ReplaceAll(target, []byte("%25"), []byte("%"))
	}
	return target
}

// setRequest splits a request line such as "GET /index.html HTTP/1.1". If it is malformed, for example because a
// client started a TLS handshake on a plain HTTP port, method and URI stay empty: the log line itself is valid.
func (e *Entry) setRequest(request []byte) {
	e.Method, e.URI = nil, nil
	first := bytes.IndexByte(request, ' ')
	if first <= 0 {
		return
	}
	rest := request[first+1:]
	last := bytes.LastIndexByte(rest, ' ')
	if last < 0 {
		last = len(rest) // HTTP/0.9 has no version
	}
	e.Method, e.URI = request[:first], rest[:last]
}

// defaultMethod is the method in logs that do not contain it.
var defaultMethod = []byte("GET")

// setStatus parses a status code; "-" means that there is none.
func (e *Entry) setStatus(b []byte) error {
	e.Status = 0
	if len(b) == 1 && b[0] == '-' {
		return nil
	}
	if len(b) != 3 {
		return ErrStatus
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return ErrStatus
		}
		e.Status = e.Status*10 + int(c-'0')
	}
	return nil
}
