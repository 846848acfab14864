package edge

import (
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// visits counts what visitors have done.
type visits struct {
	requests, pages, files, wrong atomic.Int64
}

// visitor asks one edge location, again and again.
type visitor struct {
	c      *cloud
	at     *location
	random *rand.Rand
	asks   []string // requests of all sites
	index  int      // of the oldest try that may have answered the last request
	visits *visits
	ctx    context.Context
}

// visit starts visitors, half of them at each edge location, who ask for everything that is known. stop stops them and
// returns what they have done.
func (c *cloud) visit(n int, known *site) (stop func() *visits) {
	c.t.Helper()
	for c.far.floor() < c.timeline.floor() { // before the first deploy has arrived there, it answers 503
		time.Sleep(time.Millisecond)
	}
	asks := slices.Sorted(maps.Keys(known.answers))
	ctx, cancel := context.WithCancel(c.t.Context())
	var done sync.WaitGroup
	total := &visits{}
	for i := range n {
		v := &visitor{c: c, at: c.near, random: rand.New(rand.NewPCG(uint64(i), 5)), asks: asks, visits: total, ctx: ctx}
		if i%2 == 1 {
			v.at = c.far
		}
		done.Go(func() {
			for ctx.Err() == nil {
				v.once()
				time.Sleep(time.Millisecond)
			}
		})
	}
	return func() *visits {
		cancel()
		done.Wait()
		return total
	}
}

// once asks for something, and for all assets and links of the page that is the answer.
func (v *visitor) once() {
	q := v.asks[v.random.IntN(len(v.asks))]
	s := v.ask(q)
	if s == nil || len(s.styles[q]) == 0 {
		return
	}
	v.visits.pages.Add(1)
	for _, asset := range s.styles[q] {
		v.load(s, q, asset)
	}
	for _, i := range v.random.Perm(len(s.links[q]))[:min(len(s.links[q]), 20)] {
		v.ask(s.links[q][i])
	}
}

// get sends a request. ok is false if the visitors were stopped.
func (v *visitor) get(q string) (got answer, body string, ok bool) {
	req, err := http.NewRequestWithContext(v.ctx, "GET", v.at.url+q, nil)
	if err != nil {
		v.c.t.Error(err)
		return got, "", false
	}
	req.Host = host
	res, err := client.Do(req)
	if err != nil {
		if v.ctx.Err() == nil {
			v.wrong("%s: %v", q, err)
		}
		return got, "", false
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		if v.ctx.Err() == nil {
			v.wrong("%s: %v", q, err)
		}
		return got, "", false
	}
	v.visits.requests.Add(1)
	return newAnswer(res, string(data)), string(data), true
}

// ask sends a request, checks the answer, and returns the site that it is from, or nil.
func (v *visitor) ask(q string) *site {
	from := max(v.index, v.at.floor())
	got, body, ok := v.get(q)
	if !ok {
		return nil
	}
	i, ok := v.c.timeline.match(q, got, from)
	if !ok {
		v.wrong("%s: the answer is of none of the sites%s: %v\n%.300s", q, v.c.timeline.describe(from), got, body)
		return nil
	}
	v.index = i
	return v.c.timeline.site(i)
}

// load loads an asset of a page of a site, which may no longer be live.
func (v *visitor) load(s *site, page, asset string) {
	got, body, ok := v.get(asset)
	if !ok {
		return
	}
	v.visits.files.Add(1)
	if got.Status == 200 && body == string(s.assets[asset]) && strings.Contains(got.Caches, "immutable") {
		return
	}
	v.wrong("%s of %s needs %s: %v", page, s.name, asset, got)
}

// wrong reports a wrong answer; of many, only the first.
func (v *visitor) wrong(format string, args ...any) {
	if v.visits.wrong.Add(1) <= 5 {
		v.c.t.Errorf("a visitor got a wrong answer: "+format, args...)
	}
}
