package girder

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/Slicer/sitegen/generator/fault"
)

// Defaults of a Client. The server takes seconds to list everything, and has been seen to take minutes.
const (
	DefaultTimeout   = 3 * time.Minute
	DefaultMaxSize   = 64 << 20 // bytes: a hundred times what is listed today
	DefaultUserAgent = "sitegen (+https://github.com/Slicer/sitegen)"

	// longestPause is how long a server may ask to be left alone before the run gives up.
	longestPause = 2 * time.Minute
)

// Client asks a Girder server. Base and App must be set; the zero value of every other field will do.
type Client struct {
	Base      string        // of the API, for instance https://slicer-packages.kitware.com/api/v1
	App       string        // id of the application's folder
	HTTP      *http.Client  // nil: http.DefaultClient; redirects are followed on the same host only
	UserAgent string        // "": DefaultUserAgent
	Timeout   time.Duration // for one try, from the connection to the last byte; 0: DefaultTimeout
	MaxSize   int64         // bytes of the listing, decompressed; 0: DefaultMaxSize
	Retries   int           // further tries after the first
	Log       *slog.Logger  // told of every further try; nil: nobody is

	// Sleep waits between tries and gives the error of ctx when that ends first; nil: it really waits.
	Sleep func(ctx context.Context, pause time.Duration) error
}

// Fetch gets the whole listing in one request. It tries again after what may pass: an answer 429 or 5xx, no
// connection, or a body that breaks off; not after what somebody has to look at first. It waits in between,
// a second and then twice as long each time, or as long as the server asks for. Its error wraps a *Failure, or that of ctx.
func (c *Client) Fetch(ctx context.Context) ([]Item, error) {
	pauses := &backoff.ExponentialBackOff{
		InitialInterval: time.Second, RandomizationFactor: 0.25, Multiplier: 2, MaxInterval: time.Minute,
	}
	for try := 1; ; try++ {
		records, failure := c.try(ctx)
		if failure == nil {
			return records, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("fetch the listing: %w", ctx.Err())
		}
		failure.Tries = try
		pause := max(pauses.NextBackOff(), failure.retryAfter)
		if !failure.passing || try > c.Retries || pause > longestPause {
			return nil, fault.Wrap(fault.Source, failure, failure.Hint)
		}
		if err := c.wait(ctx, failure, pause); err != nil {
			return nil, fmt.Errorf("fetch the listing: %w", err)
		}
	}
}

// wait lets the pause after a failure pass.
func (c *Client) wait(ctx context.Context, failure *Failure, pause time.Duration) error {
	if c.Log != nil {
		c.Log.Warn("ask girder again", "after", failure.Problem, "try", failure.Tries+1, "pause", pause.Round(time.Millisecond))
	}
	if c.Sleep != nil {
		return c.Sleep(ctx, pause)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// try asks once.
func (c *Client) try(ctx context.Context) ([]Item, *Failure) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, DefaultTimeout))
	defer cancel()
	address := c.Base + "/app/" + url.PathEscape(c.App) + "/package?limit=0"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &Failure{Kind: Rejected, URL: address, Problem: err.Error(), Hint: "Check the source.", Err: err}
	}
	// With text/html in Accept, Girder answers with JSON dressed up as a page.
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", cmp.Or(c.UserAgent, DefaultUserAgent))

	records, failure := c.ask(req)
	if failure != nil {
		failure.URL = address
	}
	return records, failure
}

func (c *Client) ask(req *http.Request) ([]Item, *Failure) {
	client := *cmp.Or(c.HTTP, http.DefaultClient)
	client.CheckRedirect = checkRedirect
	resp, err := client.Do(req)
	if err != nil {
		return nil, networkFailure(err)
	}
	defer resp.Body.Close()
	body, err := readAll(resp.Body, cmp.Or(c.MaxSize, DefaultMaxSize))
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, statusFailure(resp, body)
	case err != nil:
		return nil, networkFailure(err)
	}
	records, err := decodeListing(body)
	if err != nil {
		return nil, listingFailure(body, err)
	}
	return records, nil
}

// checkRedirect follows a redirect that stays on the host and does not leave https. Another host may be
// right, but it is for the site's owner to say so: the catalogue comes from there.
func checkRedirect(req *http.Request, via []*http.Request) error {
	from, to := via[len(via)-1].URL, req.URL
	if to.Hostname() != from.Hostname() || from.Scheme == "https" && to.Scheme != "https" || len(via) == 10 {
		return &redirectError{to: to.Redacted()}
	}
	return nil
}
