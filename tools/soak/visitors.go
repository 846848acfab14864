package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// answer is what the site answers.
type answer struct {
	status   int
	location string
	body     []byte
}

// hit is what sitegen stats counts once.
type hit struct{ day, address, agent, id string }

// visitors send requests from many addresses of this machine, and count the downloads as sitegen stats must.
type visitors struct {
	*truth
	url    string
	report *report

	mu       sync.Mutex
	hits     map[hit]bool
	packages map[string]*catalog.Package // of all hits
}

func agents() []string {
	return []string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "curl/8.5.0", "Wget/1.21.4",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 " +
			"Safari/537.36",
	}
}

// run sends requests until the context is done: most follow a link to a download, as people do.
func (v *visitors) run(ctx context.Context, pause func(context.Context)) {
	for ctx.Err() == nil {
		address := fmt.Sprintf("127.0.%d.%d", rand.IntN(16), 2+rand.IntN(250))
		agent := agents()[rand.IntN(len(agents()))]
		v.visit(ctx, address, agent)
		if rand.IntN(10) == 0 {
			v.visit(ctx, address, agent)
		}
		pause(ctx)
	}
}

// visit follows a link of the download API to a package, or sends another request.
func (v *visitors) visit(ctx context.Context, address, agent string) {
	right := v.now()
	packages := right[rand.IntN(len(right))].table.Index.Packages()
	p := packages[rand.IntN(len(packages))]
	target := lookup.Location(p)
	switch rand.IntN(4) {
	case 0:
		_, err := v.get(ctx, address, agent, "/")
		v.failed(ctx, "/", err)
	case 1:
		query := fmt.Sprintf("/download?os=%s&arch=%s&revision=%d&stability=any", p.OS, p.Arch, p.Revision)
		a, err := v.get(ctx, address, agent, query)
		v.failed(ctx, query, err)
		if err == nil && strings.HasPrefix(a.location, lookup.BitstreamPrefix) {
			target = a.location
		}
	}
	_, err := v.get(ctx, address, agent, target)
	v.failed(ctx, target, err)
}

func (v *visitors) failed(ctx context.Context, target string, err error) {
	if err != nil && ctx.Err() == nil {
		v.report.fault("no answer to %s: %v", target, err)
	}
}

// get sends a GET request from an address, and counts it if it is a download. A request is not canceled: otherwise,
// nobody could know whether Nginx has logged it.
func (v *visitors) get(ctx context.Context, address, agent, target string) (*answer, error) {
	if err := awayFromMidnight(ctx); err != nil {
		return nil, err
	}
	day := time.Now().UTC().Format(time.DateOnly)
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, v.url+target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", agent)
	v.report.count("requests")
	res, err := from(address).Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{res.StatusCode, res.Header.Get("Location"), body}
	path, _, _ := strings.Cut(target, "?")
	if id, ok := strings.CutPrefix(path, lookup.BitstreamPrefix); ok && a.status == http.StatusFound {
		return a, v.download(hit{day, address, agent, id})
	}
	return a, nil
}

// download counts a download.
func (v *visitors) download(h hit) error {
	p := v.known(h.id)
	if p == nil {
		return fmt.Errorf("%s: a download of an unknown package", h.id)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.hits[h], v.packages[h.id] = true, p
	v.report.count("downloads, also repeated ones")
	return nil
}

// counted returns the number of downloads of each kind.
func (v *visitors) counted() (total int, kinds map[kind]int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	kinds = map[kind]int{}
	for h := range v.hits {
		kinds[kindOf(h.day, v.packages[h.id])]++
	}
	return len(v.hits), kinds
}

// from returns a client that sends from an address of this machine, with a new connection for each request, so that
// the worker of Nginx with the newest configuration answers.
func from(address string) *http.Client {
	const patience = 20 * time.Second
	dialer := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{Timeout: patience,
		Transport:     &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// awayFromMidnight waits while it is nearly midnight (UTC): the log would have the one day or the other.
func awayFromMidnight(ctx context.Context) error {
	const near = 2 * time.Second
	for now := time.Now().UTC(); ; now = time.Now().UTC() {
		midnight := now.Truncate(24 * time.Hour)
		if now.Sub(midnight) > near && midnight.Add(24*time.Hour).Sub(now) > near {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(near):
		}
	}
}
