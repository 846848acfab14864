package place

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
)

// GitHubAPI is the API of github.com. That of a GitHub Enterprise Server has another base URL.
const GitHubAPI = "https://api.github.com"

const (
	apiVersion = "2022-11-28"
	attempts   = 4                // of each request
	maxWait    = 30 * time.Second // for a rate limit; a longer one ends the run
	maxReply   = 4 << 20          // bytes; a hundred assets have 200 KB
	timeout    = 2 * time.Minute  // for the first byte of an answer

	tryAgain = "Run the command again later. https://www.githubstatus.com/ lists known problems."
)

// pause returns the time to wait after an attempt.
func pause(attempt int) time.Duration { return time.Second << (attempt - 1) }

// client sends requests to the API of GitHub. The token is in no error.
type client struct {
	name, api, token string
	http             *http.Client
	sleep            func(context.Context, time.Duration) error
}

func newClient(a Address, o Options) client {
	c := client{name: a.With("").String(), api: strings.TrimSuffix(o.API, "/"), token: o.Token, http: o.Client,
		sleep: o.Sleep}
	if c.sleep == nil {
		c.sleep = sleep
	}
	if c.http == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = timeout
		c.http = &http.Client{Transport: t, CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) >= 5 || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
				return errors.New("redirected too often, or to an unencrypted address")
			}
			return nil
		}}
	}
	return c
}

// sleep waits, or returns the error of a context that is done.
func sleep(ctx context.Context, pause time.Duration) error {
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// safe returns an error if a URL in an answer would send the token unencrypted, unlike those before.
func (c *client) safe(to string) error {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.Scheme != "https" && strings.HasPrefix(c.api, "https:") {
		return fault.Wrap(fault.Remote, fmt.Errorf("%s: the answer has an invalid address for uploads", c.name),
			tryAgain)
	}
	return nil
}

// replyError is the error of an answer.
type replyError struct {
	status int
	text   string // of the server, without the token
	taken  bool   // there is something with this name already
	wait   time.Duration
}

func (e *replyError) Error() string { return e.text }

// Is makes an answer with status 404 an fs.ErrNotExist.
func (e *replyError) Is(target error) bool {
	return e.status == http.StatusNotFound && target == fs.ErrNotExist
}

// isTaken reports whether a request failed because there is something with this name already.
func isTaken(err error) bool {
	e, ok := errors.AsType[*replyError](err)
	return ok && e.taken
}

// passes reports whether a request that failed may succeed later: after errors of the network and of the server.
func passes(err error) bool {
	if e, ok := errors.AsType[*replyError](err); ok {
		return e.status >= 500 || e.wait > 0 && e.wait <= maxWait
	}
	return fault.KindOf(err) == fault.Remote
}

// try sends a request, several times if necessary.
func (c *client) try(ctx context.Context, method, url string, body []byte, accept string) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
		if err != nil {
			return nil, c.failed(err)
		}
		req.Header.Set("Accept", accept)
		reply, err := c.send(req)
		if err == nil {
			return reply, nil
		}
		if attempt == attempts || !passes(err) || ctx.Err() != nil {
			return nil, err
		}
		wait := pause(attempt)
		if e, ok := errors.AsType[*replyError](err); ok && e.wait > 0 {
			wait = e.wait
		}
		if err := c.sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// send sends a request once. An answer with an error status is an error.
func (c *client) send(req *http.Request) (*http.Response, error) {
	req.Header.Set("X-GitHub-Api-Version", apiVersion)
	req.Header.Set("User-Agent", "sitegen")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	reply, err := c.http.Do(req)
	if err != nil {
		return nil, c.failed(err)
	}
	if reply.StatusCode < 300 {
		return reply, nil
	}
	defer reply.Body.Close()
	return nil, c.explain(reply)
}

// failed returns the error of a request without an answer.
func (c *client) failed(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if isCut(err) {
		err = errCut
	}
	return fault.Wrap(fault.Remote, fmt.Errorf("%s: %s", c.name, c.redact(err.Error())),
		"Check the network connection and the proxy. "+tryAgain)
}

// errCut is the error of a request whose connection ended before the answer.
var errCut = errors.New("the connection was closed before there was an answer")

// isCut reports whether a connection was closed. Which of these errors net/http returns depends on whether its reader
// or its writer notices first.
func isCut(err error) bool {
	for _, cut := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, cut) {
			return true
		}
	}
	return false
}

// redact replaces the token in a text of a server or library.
func (c *client) redact(text string) string {
	if c.token == "" {
		return text
	}
	return strings.ReplaceAll(text, c.token, "(token)")
}

// explain returns the error of an answer.
func (c *client) explain(reply *http.Response) error {
	var body struct {
		Message string `json:"message"`
		Errors  []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	// Another answer than JSON, of a proxy for instance, is described by its status.
	_ = json.NewDecoder(io.LimitReader(reply.Body, maxReply)).Decode(&body)
	e := &replyError{status: reply.StatusCode}
	text := body.Message
	for _, more := range body.Errors {
		e.taken = e.taken || more.Code == "already_exists"
		text += " " + strings.TrimSpace(more.Message+" "+more.Code)
	}
	if strings.TrimSpace(text) == "" {
		text = http.StatusText(reply.StatusCode)
	}
	e.text = fmt.Sprintf("%s: %.300s (status %d)", c.name, c.redact(strings.TrimSpace(text)), reply.StatusCode)
	return fault.Wrap(fault.Remote, e, c.hint(e, reply.Header))
}

// hint returns what to do about an answer, and sets e.wait if it is about a rate limit.
func (c *client) hint(e *replyError, h http.Header) string {
	limited := e.status == http.StatusForbidden || e.status == http.StatusTooManyRequests
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil && limited {
		e.wait = max(time.Duration(seconds)*time.Second, time.Second)
		return fmt.Sprintf("GitHub limits the number of requests. Run the command again in %s.", e.wait)
	}
	if reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil && limited &&
		h.Get("X-RateLimit-Remaining") == "0" {
		return "GitHub limits the number of requests. Run the command again after " +
			time.Unix(reset, 0).UTC().Format(time.DateTime+" UTC") + "."
	}
	switch e.status {
	case http.StatusUnauthorized:
		return "The token is invalid or expired. Check GITHUB_TOKEN or SITEGEN_GITHUB_TOKEN."
	case http.StatusForbidden:
		return "The token needs the permission Contents: read and write on the repository."
	case http.StatusNotFound:
		return "Check the names of the owner, the repository and the tag, and that the token can see them."
	}
	return tryAgain
}
