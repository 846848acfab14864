package girder

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kind is what is wrong with a server or its answer.
type Kind string

// The kinds of failures.
const (
	Unreachable Kind = "unreachable" // no such host, connection refused or broken
	Untrusted   Kind = "untrusted"   // its certificate cannot be verified
	TimedOut    Kind = "timed out"
	Redirected  Kind = "redirected"    // to another host, from https to http, or in a circle
	Rejected    Kind = "rejected"      // 400: a parameter is wrong
	Denied      Kind = "denied"        // 401, 403
	NoSuchRoute Kind = "no such route" // 404, or Girder's 400 "No matching route"
	Busy        Kind = "busy"          // 429
	ServerError Kind = "server error"  // 5xx of Girder itself
	Gateway     Kind = "gateway"       // 5xx of the web server before Girder
	NoListing   Kind = "no listing"    // an answer that is no JSON array: a page, an object, another status
	CutOff      Kind = "cut off"
	TooLarge    Kind = "too large"
)

// Failure is a server that did not give a listing.
type Failure struct {
	Kind    Kind
	URL     string // that was asked for
	Problem string // what is wrong, and what was found
	Hint    string // what to check next, a sentence
	Tries   int
	Err     error // the error below, or nil

	passing    bool          // it may be over at the next try
	retryAfter time.Duration // the least pause the server asked for
}

// Error names the URL and the problem; the hint is not part of it.
func (f *Failure) Error() string {
	tries := ""
	if f.Tries > 1 {
		tries = fmt.Sprintf(" (%d tries)", f.Tries)
	}
	return fmt.Sprintf("fetch %s: %s%s", f.URL, f.Problem, tries)
}

// Unwrap is the error below.
func (f *Failure) Unwrap() error { return f.Err }

// redirectError is the error of a redirect that is not followed.
type redirectError struct{ to string }

func (e *redirectError) Error() string { return fmt.Sprintf("redirected to %.200q", e.to) }

// networkFailure explains why there is no answer, or only a part of one.
func networkFailure(err error) *Failure {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // which repeats the URL
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
		f.Hint = "Check that the source is a Girder API; if the catalogue has really grown so much, raise girder.max_size."
	case isRedirect:
		f.Kind, f.passing = Redirected, false
		f.Hint = "If the server has moved, give its new API base as the source."
	case isCertificate:
		f.Kind, f.passing = Untrusted, false
		f.Hint = "Check the host name in the source, the clock of this machine and its list of certificate authorities."
	case isDNS:
		f.Hint = "Check the host name in the source, and whether this machine can look up names."
	case errors.As(err, &timeout) && timeout.Timeout():
		f.Kind, f.Problem = TimedOut, "no whole answer within the time limit"
		f.Hint = "The server may be busy: try again later, or raise girder.timeout."
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Hint = "Check whether the server is running, and the port in the source."
	case isBrokenBody(err):
		f.Kind, f.Problem = CutOff, fmt.Sprintf("the answer was cut off or damaged (%v)", err)
		f.Hint = brokeOff
	}
	return f
}

// isBrokenBody reports whether err is that of a body that ends early, or whose compression makes no sense.
func isBrokenBody(err error) bool {
	_, isCorrupt := errors.AsType[flate.CorruptInputError](err)
	return isCorrupt || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum)
}

// answer is how Girder says what went wrong.
type answer struct {
	Message string `json:"message"`
	Type    string `json:"type"` // rest, validation, access, girder, internal
}

const (
	checkBase = "Check that the source is the base of a Girder API; it usually ends in /api/v1."
	brokeOff  = "The server or a proxy before it broke off: try again later, and look at its log."
)

// statusFailure explains an answer with another status than 200.
func statusFailure(resp *http.Response, body []byte) *Failure {
	var said answer
	isGirder := json.Unmarshal(body, &said) == nil && said.Message != ""
	status := resp.StatusCode
	f := &Failure{Kind: NoListing, Problem: fmt.Sprintf("the server answered %d (%s)", status, describe(body, said)),
		Hint: checkBase}
	switch {
	case strings.HasPrefix(said.Message, "No matching route"):
		f.Kind = NoSuchRoute
		f.Hint = "Check that the source is the base of the API (it usually ends in /api/v1), and that the server has the slicer_package_manager plugin."
	case status == http.StatusBadRequest && said.Type == "validation":
		f.Kind = Rejected
		f.Hint = "Check app: it is the _id of the application's folder in Girder, 24 hex digits."
	case status == http.StatusBadRequest:
		f.Kind = Rejected
		f.Hint = "Check app, and whether the server's slicer_package_manager plugin is one that sitegen knows (0.10)."
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.Kind = Denied
		f.Hint = "sitegen asks without signing in: check that the application's folder is public, and that no proxy asks for a password."
	case status == http.StatusNotFound || status == http.StatusGone:
		f.Kind = NoSuchRoute
	case status == http.StatusTooManyRequests:
		f.Kind, f.passing = Busy, true
		f.Hint = "Run sitegen less often, or ask the server's administrator for a higher limit."
	case status >= 500 && isGirder:
		f.Kind, f.passing = ServerError, true
		f.Hint = "Girder has a problem of its own: check app, try again later, and look at the server's log."
	case status >= 500:
		f.Kind, f.passing = Gateway, true
		f.Hint = "The web server before Girder answers in its place: Girder is down, starting, or takes too long; try again later."
	}
	f.retryAfter = retryAfter(resp.Header)
	if f.retryAfter > longestPause {
		f.Hint = fmt.Sprintf("The server asks to be left alone for %v. %s", f.retryAfter.Round(time.Second), f.Hint)
	}
	return f
}

// listingFailure explains an answer 200 that is no listing.
func listingFailure(body []byte, err error) *Failure {
	f := &Failure{Kind: NoListing, Problem: err.Error(), Err: err,
		Hint: checkBase}
	var said answer
	e, _ := errors.AsType[*ListingError](err)
	switch {
	case e != nil && e.CutOff:
		f.Kind, f.passing = CutOff, true
		f.Hint = brokeOff
	case isPage(body):
		f.Problem = fmt.Sprintf("a page instead of a listing (%s)", describe(body, said))
	case json.Unmarshal(body, &said) == nil && said.Message != "":
		f.Problem = fmt.Sprintf("an object instead of a listing (%s)", describe(body, said))
	}
	return f
}

// describe says what a body is, in a few words that are safe to print.
func describe(body []byte, said answer) string {
	switch {
	case said.Message != "":
		return fmt.Sprintf("%.200q", said.Message)
	case isPage(body):
		return fmt.Sprintf("an HTML page: %.60q", bytes.TrimSpace(body))
	case len(bytes.TrimSpace(body)) == 0:
		return "nothing else"
	}
	return fmt.Sprintf("found %.60q", body)
}

func isPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }

// retryAfter reads the pause that a server asks for, in seconds or until a date by the server's own clock.
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
