// Package fetch gets a list of packages, from a server or from a file.
//
// Many failures of servers are temporary: they restart, answer 502 for a minute, or drop the connection in the middle
// of an answer. Get retries these, and waits longer each time. It fails immediately if somebody has to correct
// something: a wrong address, a certificate, a login page. The error is a *Failure with a problem and a hint, written
// for the reader of a nightly job's log. With Request.Explain, a source can make both more specific: what a status
// means for this server, and which setting to check.
package fetch

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/Slicer/sitegen/generator/fault"
)

// Defaults of Options. Girder usually takes seconds for a listing, sometimes minutes.
const (
	DefaultTimeout   = 3 * time.Minute
	DefaultMaxSize   = 64 << 20 // bytes: a hundred times the listing of 700 packages
	DefaultUserAgent = "sitegen (+https://github.com/Slicer/sitegen)"
)

// Concurrency is the number of requests that a source may send at a time, and of connections that a client keeps open.
const Concurrency = 8

// longestPause is the longest pause between retries that a server can ask for. If it asks for more, Get fails.
const longestPause = 2 * time.Minute

// Options configures a Client. The zero value is valid.
type Options struct {
	HTTP      *http.Client  // nil: a default client; CheckRedirect is replaced
	UserAgent string        // "": DefaultUserAgent
	Timeout   time.Duration // limit of one attempt, from the connection to the last byte; 0: DefaultTimeout
	MaxSize   int64         // maximum size of an answer or file, decompressed (bytes); 0: DefaultMaxSize
	Retries   int           // attempts after the first
	Log       *slog.Logger  // gets a message for every retry; nil: none

	// Header is sent with every request, for a source that requires a login: Authorization, or Girder-Token. It is a
	// secret: it is sent only to the host of the request, over https or within this machine, and no message contains
	// it.
	Header http.Header

	// Received is called with the number of bytes of each part of an answer that arrives, concurrently if there are
	// several requests; nil: not called.
	Received func(n int)

	// Sleep waits between attempts, and returns the error of ctx if ctx is done first. Tests replace it; nil: a timer.
	Sleep func(ctx context.Context, pause time.Duration) error
}

// Client fetches documents. It is safe for concurrent use.
type Client struct {
	o    Options
	http http.Client
}

// New returns a client.
func New(o Options) *Client {
	o.UserAgent = cmp.Or(o.UserAgent, DefaultUserAgent)
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.MaxSize = cmp.Or(o.MaxSize, DefaultMaxSize)
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Received == nil {
		o.Received = func(int) {}
	}
	c := &Client{o: o}
	if o.HTTP != nil {
		c.http = *o.HTTP
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = Concurrency
		c.http.Transport = transport
	}
	c.http.CheckRedirect = c.checkRedirect
	return c
}

// SignsIn reports whether the client sends a header with credentials.
func (c *Client) SignsIn() bool { return len(c.o.Header) > 0 }

// Request describes one document to get.
type Request struct {
	URL    string
	Name   string // name for messages; "": URL
	Accept string // the Accept header; "": */*

	// Read interprets the decompressed body of an answer 200. If its error wraps io.ErrUnexpectedEOF, the body ended
	// too early and the request is retried; any other error is final.
	Read func(body []byte) error

	// Explain, if not nil, makes a failure more specific.
	Explain func(*Failure)
}

// Get fetches one document. It retries after an answer 429 or 5xx, a failed connection, or a truncated body. Its error
// wraps a *Failure or the error of ctx.
func (c *Client) Get(ctx context.Context, r Request) error {
	name := cmp.Or(r.Name, r.URL)
	pauses := &backoff.ExponentialBackOff{
		InitialInterval: time.Second, RandomizationFactor: 0.25, Multiplier: 2, MaxInterval: time.Minute,
	}
	for try := 1; ; try++ {
		failure := c.try(ctx, r)
		if failure == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("fetch %s: %w", name, ctx.Err())
		}
		failure.URL, failure.Tries = name, try
		if r.Explain != nil {
			r.Explain(failure)
		}
		pause := max(pauses.NextBackOff(), failure.retryAfter)
		if !failure.passing || try > c.o.Retries || pause > longestPause {
			if failure.retryAfter > longestPause {
				failure.Hint = fmt.Sprintf("The server asks for a pause of %v. %s",
					failure.retryAfter.Round(time.Second), failure.Hint)
			}
			return fault.Wrap(failure.faultKind(), failure, failure.Hint)
		}
		if c.o.Log != nil {
			c.o.Log.Info("retry the source", "after", failure.Problem, "try", try+1, "pause",
				pause.Round(time.Millisecond))
		}
		if err := c.o.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("fetch %s: %w", name, err)
		}
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// try makes one attempt.
func (c *Client) try(ctx context.Context, r Request) *Failure {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
	if err != nil {
		return &Failure{Kind: Rejected, Problem: err.Error(), Hint: "Check the source.", Err: err}
	}
	if c.SignsIn() && !confidential(req.URL) {
		return &Failure{Kind: Unprotected,
			Problem: "the credentials for the source must not be sent without encryption",
			Hint:    "Use the https address of the source, or remove the token or header from the configuration."}
	}
	maps.Copy(req.Header, c.o.Header)
	req.Header.Set("Accept", cmp.Or(r.Accept, "*/*"))
	req.Header.Set("User-Agent", c.o.UserAgent)

	resp, err := c.http.Do(req)
	if err != nil {
		return networkFailure(err)
	}
	defer resp.Body.Close()
	body, err := readAll(&meter{resp.Body, c.o.Received}, c.o.MaxSize)
	switch {
	case resp.StatusCode != http.StatusOK:
		return statusFailure(resp, body, c.SignsIn())
	case err != nil:
		return networkFailure(err)
	}
	if body, err = unpack(body, c.o.MaxSize); err != nil {
		return networkFailure(err)
	}
	if err := r.Read(body); err != nil {
		return contentFailure(body, err)
	}
	return nil
}

// meter reports the bytes that are read.
type meter struct {
	io.Reader
	received func(n int)
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.received(n)
	return n, err
}

// confidential reports whether a secret may be sent to u: only over https or within this machine.
func confidential(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || strings.EqualFold(u.Hostname(), "localhost") || ip != nil && ip.IsLoopback()
}

// checkRedirect allows redirects that stay on the same host and do not change from https to http. If the source has
// moved to another host, the owner of the site must configure it, because the catalogue comes from there. Another port
// on the same host is a different server, so it does not receive the credentials.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	first, from, to := via[0].URL, via[len(via)-1].URL, req.URL
	if !strings.EqualFold(to.Hostname(), from.Hostname()) || from.Scheme == "https" && to.Scheme != "https" ||
		len(via) == 10 {
		return &redirectError{to: to.Redacted()}
	}
	if to.Scheme != first.Scheme || to.Host != first.Host {
		for key := range c.o.Header {
			req.Header.Del(key)
		}
	}
	return nil
}
