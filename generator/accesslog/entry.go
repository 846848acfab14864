// Package accesslog reads the access logs of web servers and content delivery networks.
//
// A log is a sequence of lines; a line that can be read is an Entry: who asked, when, for what, and what the
// answer was. Four families of formats are read, told apart by what the first lines look like and never by a
// file's name (see Formats.Detect):
//
//   - patterns, written as Nginx's log_format: the combined format of Nginx and Apache, the access log of an S3
//     bucket, and what the site's owner has configured;
//   - the standard log of CloudFront, tab-separated, whose columns its #Fields line names;
//   - JSON lines, one flat object each.
//
// Parsing allocates nothing: an Entry points into the line it was read from and is good until the next line.
// Texts are as the log has them, escaped; Entry.AgentText undoes the escapes, so that one visitor has one agent
// in every format.
package accesslog

import (
	"bytes"
	"errors"
)

// Entry is one request, as the log tells of it. Its slices point into the line.
type Entry struct {
	Address []byte // of the client: IPv4, IPv6 or, where the server looks names up, a name
	Time    int64  // seconds since 1970 UTC, when the server wrote the line: the end of the request
	Method  []byte // "" when the request line was none
	Target  []byte // path and query as the client sent them; "" when the request line was none
	Status  int    // 0 when the log has none
	Agent   []byte // user agent, escaped as the log escapes; "-" or "" when there was none

	escape escape
}

// Parser reads the lines of one log.
type Parser interface {
	// Parse reads a line, without its line end, into e. It gives one of the package's errors for a line that
	// is no entry, and ErrComment for one that is not meant to be.
	Parse(line []byte, e *Entry) error
	// Name says which format it is, for reports.
	Name() string
}

// What can be wrong with a line. They are the reasons of the report, and compared with ==.
var (
	ErrEmpty   = errors.New("empty line")
	ErrFields  = errors.New("not in the log's format")
	ErrTime    = errors.New("no date and time that can be")
	ErrStatus  = errors.New("status is not a number")
	ErrAddress = errors.New("no address of a client")
	ErrJSON    = errors.New("not a JSON object")
	ErrLong    = errors.New("longer than 65,536 bytes")
	// ErrComment marks a line that carries no request by design: the head of a CloudFront log.
	ErrComment = errors.New("comment")
)

// setRequest splits a request line, METHOD target HTTP/x. What is not one (a TLS greeting sent to a plain
// port) leaves the entry without method and target: a good line about a bad request.
func (e *Entry) setRequest(request []byte) {
	e.Method, e.Target = nil, nil
	first := bytes.IndexByte(request, ' ')
	if first <= 0 {
		return
	}
	rest := request[first+1:]
	last := bytes.LastIndexByte(rest, ' ')
	if last < 0 {
		last = len(rest) // HTTP/0.9 has no version
	}
	e.Method, e.Target = request[:first], rest[:last]
}

// setStatus reads a status. "-" stands for none.
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

// setAddress checks that there is an address, and nothing that can be none.
func (e *Entry) setAddress(b []byte) error {
	if len(b) == 0 || len(b) > 255 || (len(b) == 1 && b[0] == '-') {
		return ErrAddress
	}
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return ErrAddress
		}
	}
	e.Address = b
	return nil
}
