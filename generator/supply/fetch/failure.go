package fetch

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
)

// Kind classifies the failures of a server.
type Kind string

// The kinds of failures.
const (
	Unreachable Kind = "unreachable" // no such host, connection refused or broken
	Untrusted   Kind = "untrusted"   // the certificate cannot be verified
	Unprotected Kind = "unprotected" // credentials would be sent without encryption
	TimedOut    Kind = "timed out"
	Redirected  Kind = "redirected" // redirected to another host, from https to http, or in a loop
	Rejected    Kind = "rejected"   // 400, or an invalid address
	Denied      Kind = "denied"     // 401, 403
	NotFound    Kind = "not found"  // 404, 410
	Busy        Kind = "busy"       // 429
	ServerError Kind = "server error"
	Gateway     Kind = "gateway"    // 502, 503 or 504 from a proxy in front of the server
	NoListing   Kind = "no listing" // the answer is not a list of packages: a page, another status
	CutOff      Kind = "cut off"
	TooLarge    Kind = "too large"
)

// Settings named in hints.
const (
	timeoutSetting = "girder.timeout"
	maxSizeSetting = "girder.max_size"
)

// Failure is a document that could not be fetched.
type Failure struct {
	Kind    Kind
	URL     string // name of the document in messages
	Problem string // what is wrong, and what was found
	Hint    string // sentence with what to check next
	Tries   int
	Status  int    // HTTP status; 0 if there was no answer
	Body    []byte // body of the answer; nil if there was none
	Err     error  // the cause, or nil

	passing    bool          // temporary: the next try may succeed
	retryAfter time.Duration // minimum pause that the server asks for
}

// Error returns the document and the problem, without the hint.
func (f *Failure) Error() string {
	tries := ""
	if f.Tries > 1 {
		tries = fmt.Sprintf(" (%d tries)", f.Tries)
	}
	return fmt.Sprintf("fetch %s: %s%s", f.URL, f.Problem, tries)
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

func (f *Failure) faultKind() fault.Kind {
	if f.Kind == Unprotected {
		return fault.Usage
	}
	return fault.Source
}

// redirectError is the error of a redirect that is not followed.
type redirectError struct{ to string }

func (e *redirectError) Error() string { return fmt.Sprintf("redirected to %.200q", e.to) }

// networkFailure returns the failure for a missing or incomplete answer.
func networkFailure(err error) *Failure {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // Failure contains the URL already
	}
	f := &Failure{Kind: Unreachable, Problem: err.Error(), Err: err, passing: true,
		Hint: "Check the network of this machine, and whether the server answers in a browser."}
	var timeout net.Error
	_, isCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, isRedirect := errors.AsType[*redirectError](err)
	_, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, errTooLarge):
		f.Kind, f.Problem, f.passing = TooLarge, "the answer is "+err.Error(), false
		f.Hint = tooLargeHint
	case isRedirect:
		f.Kind, f.passing = Redirected, false
		f.Hint = "If the source has moved, configure its new address."
	case isCertificate:
		f.Kind, f.passing = Untrusted, false
		f.Hint = "Check the host name in the source, the clock of this machine and its list of certificate authorities."
	case isDNS:
		f.Hint = "Check the host name in the source, and whether this machine can look up names."
	case errors.As(err, &timeout) && timeout.Timeout():
		f.Kind, f.Problem = TimedOut, "no complete answer within the time limit"
		f.Hint = "The server may be busy: try again later, or raise " + timeoutSetting + "."
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Hint = "Check whether the server is running, and the port in the source."
	case isDamaged(err):
		f.Kind, f.Problem = CutOff, fmt.Sprintf("the answer was cut off or damaged (%v)", err)
		f.Hint = cutOffHint
	}
	return f
}

const (
	tooLargeHint = "Check that the source is a list of packages; if it really is that large, raise " + maxSizeSetting +
		"."
	cutOffHint = "The server or a proxy closed the connection early: try again later, and check its log."
)

// statusFailure returns the failure for an answer with a status other than 200.
func statusFailure(resp *http.Response, body []byte, signedIn bool) *Failure {
	status := resp.StatusCode
	f := &Failure{Kind: NoListing, Status: status, Body: body, retryAfter: retryAfter(resp.Header),
		Problem: fmt.Sprintf("the server answered %d (%s)", status, Describe(body)),
		Hint:    "Check the address of the source."}
	switch {
	case status == http.StatusBadRequest:
		f.Kind = Rejected
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.Kind = Denied
		f.Hint = "sitegen sent no credentials: make the source public, or configure a token or header for it."
		if signedIn {
			f.Hint = "Check that the token or header for the source is valid and has permission to read it."
		}
	case status == http.StatusNotFound || status == http.StatusGone:
		f.Kind = NotFound
	case status == http.StatusTooManyRequests:
		f.Kind, f.passing = Busy, true
		f.Hint = "Run sitegen less often, or ask the server's administrator for a higher limit."
	case status == http.StatusBadGateway || status == http.StatusServiceUnavailable ||
		status == http.StatusGatewayTimeout:
		f.Kind, f.passing = Gateway, true
		f.Hint = "The server is down, starting, or takes too long: try again later."
	case status >= 500:
		f.Kind, f.passing = ServerError, true
		f.Hint = "The server has an internal problem: try again later, and check its log."
	}
	return f
}

// contentFailure returns the failure for an answer with status 200 that Read rejects.
func contentFailure(body []byte, err error) *Failure {
	f := &Failure{Kind: NoListing, Status: http.StatusOK, Body: body, Problem: err.Error(), Err: err,
		Hint: "Check the address of the source."}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		f.Kind, f.passing = CutOff, true
		f.Hint = cutOffHint
	case IsPage(body):
		f.Problem = fmt.Sprintf("a page instead of a list of packages (%s)", Describe(body))
	}
	return f
}

// Describe describes a body in a few words that are safe to print.
func Describe(body []byte) string {
	switch {
	case IsPage(body):
		return fmt.Sprintf("an HTML page: %.60q", bytes.TrimSpace(body))
	case len(bytes.TrimSpace(body)) == 0:
		return "an empty answer"
	}
	return fmt.Sprintf("found %.60q", body)
}

// IsPage reports whether a body is an HTML page.
func IsPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }

// retryAfter parses the Retry-After header: a number of seconds, or a date according to the server's clock.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<30)) * time.Second
	}
	until, err := http.ParseTime(text)
	now, nowErr := http.ParseTime(h.Get("Date"))
	if err != nil || nowErr != nil {
		return 0
	}
	return max(until.Sub(now), 0)
}
