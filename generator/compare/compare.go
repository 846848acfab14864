// Package compare sends the same requests to two web servers and reports every difference between their answers: for
// moving a site from one server to another, and for upgrades.
//
// The answers are compared by what they mean. The hosts of the two servers are the same site, so an absolute URL of one
// of them equals its path; JSON is compared value by value; headers that belong to a connection or a cache are ignored.
// Of HTML pages, only the links to packages are compared by default, because programs read them, and everything else
// on a page may look different after a move. For example, for the same request
//
//	OLD  301, Location: https://download.example.org/bitstream/66, Date: …
//	NEW  302, Location: /bitstream/66, Cache-Control: no-cache, Date: …
//
// differ in the status (301 -> 302) and in one header (cache-control: none -> no-cache).
//
// Differences that are known can be allowed, each with a reason: see Allowance. The others are grouped by their
// probable cause, so that five thousand differences of one cause are one Group.
package compare

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/logsource"
	"github.com/Slicer/sitegen/generator/parallel"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/replay"
)

// Options are the inputs of a comparison besides its project.
type Options struct {
	Old, New string    // addresses of the servers
	Connect  [2]string // where connections to Old and New lead, see replay.Options; "" for their hosts
	Requests []string  // names of lists and logs, as sitegen stats takes them; none: requests are generated
	Random   int       // number of random requests to the download API among the generated ones
	Limit    int       // maximum number of requests; 0: no limit
	Parallel int       // requests at a time, to each server
	Server   replay.Options
	Ignored  []string // names of headers that are ignored as well
	Hosts    []string // other hosts of the same site
	HTML     Pages
	Allow    string // path of a file of known differences; "" for none
	Stdin    io.Reader
}

// Run compares two servers. Its error is of kind fault.Unreachable if a server does not answer.
func Run(ctx context.Context, p *project.Project, o Options) (*Report, error) {
	o.Hosts = append(slices.Clone(o.Hosts), hostOf(p.Config.BaseURL))
	c, err := newComparison(o, serverNames())
	if err != nil {
		return nil, err
	}
	var leftOut replay.LeftOut
	var requests []replay.Request
	if len(o.Requests) > 0 {
		requests, leftOut, err = read(ctx, p, o)
	} else {
		requests, err = Generate(ctx, p, o.Random)
	}
	if err != nil {
		return nil, err
	}
	if o.Limit > 0 && len(requests) > o.Limit {
		requests = requests[:o.Limit]
	}
	if err := c.reach(ctx); err != nil {
		return nil, err
	}
	begin := p.Now()
	task := p.Terminal.Start("comparing", int64(len(requests)), "requests")
	defer task.End()
	r, err := c.run(ctx, requests, func() { task.Add(1) })
	if err != nil {
		return nil, err
	}
	r.LeftOut, r.Seconds = leftOut, p.Now().Sub(begin).Seconds()
	return r, nil
}

// read reads the requests of lists and logs.
func read(ctx context.Context, p *project.Project, o Options) ([]replay.Request, replay.LeftOut, error) {
	none := replay.LeftOut{}
	formats, err := p.LogFormats()
	if err != nil {
		return nil, none, err
	}
	names, err := accesslog.Expand(o.Requests)
	if err != nil {
		return nil, none, fault.Wrap(fault.Usage, err, "")
	}
	buckets := &logsource.Buckets{}
	if names, err = buckets.Expand(ctx, names); err != nil {
		return nil, none, err
	}
	list := replay.NewList(formats)
	task := p.Terminal.Start("reading", 0, progressUnit)
	defer task.End()
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, none, err
		}
		if err := readFile(ctx, list, buckets, name, o.Stdin); err != nil {
			return nil, none, err
		}
		task.Add(1)
	}
	requests := list.Requests()
	if len(requests) == 0 {
		err := fmt.Errorf("no requests in %s", strings.Join(names, ", "))
		hint := "A line is a path or a URL, or one of an access log."
		if first := list.LeftOut.First; first != "" {
			hint = "The first line that cannot be used is " + first + ". " + hint
		}
		return nil, none, fault.Wrap(fault.Usage, err, hint)
	}
	return requests, list.LeftOut, nil
}

// progressUnit is the unit of the progress line while lists and logs are read.
const progressUnit = "files"

// readFile reads a list or a log: a file, standard input, or an object of a bucket.
func readFile(ctx context.Context, list *replay.List, buckets *logsource.Buckets, name string, stdin io.Reader) error {
	if name == accesslog.Stdin {
		return fault.Wrap(fault.Usage, list.Read("standard input", stdin), "")
	}
	if version, _ := buckets.Stat(name); version != "" {
		object, err := buckets.Open(ctx, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		defer object.Close()
		return fault.Wrap(fault.Source, list.Read(name, object), "")
	}
	f, err := os.Open(name)
	if err != nil {
		return fault.Wrap(fault.Usage, fmt.Errorf("read the requests: %w", err), "")
	}
	defer f.Close()
	return fault.Wrap(fault.Usage, list.Read(name, f), "")
}

// comparison is a comparison of two servers.
type comparison struct {
	servers  [2]*replay.Server
	parallel int
	differ   differ
	allowed  []*Allowance
	names    [2]string       // of the servers in messages
	silent   [2]atomic.Int64 // requests in a row that a server did not answer
}

// The servers of a comparison.
const (
	oldServer = iota
	newServer
)

// serverNames returns the names of the two servers in messages.
func serverNames() [2]string { return [2]string{"OLD", "NEW"} }

func newComparison(o Options, names [2]string) (*comparison, error) {
	c := &comparison{names: names, parallel: o.Parallel,
		differ: differ{ignored: map[string]bool{}, html: o.HTML, own: own{}}}
	for i, address := range []string{o.Old, o.New} {
		server := o.Server
		server.Connect = o.Connect[i]
		s, err := replay.NewServer(address, server)
		if err != nil {
			return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s %w (found %.200q)", c.names[i], err, address),
				"The address of a server is, for instance, https://download.example.org or http://127.0.0.1:8080.")
		}
		c.servers[i] = s
		c.differ.own[s.Host()] = true
	}
	for _, host := range o.Hosts {
		c.differ.own[strings.ToLower(host)] = true
	}
	for _, name := range append(defaultIgnored(), o.Ignored...) {
		c.differ.ignored[strings.ToLower(name)] = true
	}
	if o.Allow != "" {
		text, err := os.ReadFile(o.Allow)
		if err != nil {
			return nil, fault.Wrap(fault.Usage, fmt.Errorf("read the known differences: %w", err), "")
		}
		if c.allowed, err = ParseAllowances(o.Allow, text); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// reach checks that both servers answer.
func (c *comparison) reach(ctx context.Context) error {
	for i, s := range c.servers {
		if _, err := s.Ask(ctx, replay.Request{Method: http.MethodHead, Target: "/"}); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return c.unreachable(i, replay.Reason(err))
		}
	}
	return nil
}

func (c *comparison) unreachable(i int, reason string) error {
	return fault.Wrap(fault.Unreachable, fmt.Errorf("%s (%s) does not answer: %s", c.names[i], c.servers[i], reason),
		"Check the address, and whether the server runs.")
}

// maxSilent is the number of requests in a row without an answer after which a server counts as unreachable.
const maxSilent = 20

// result holds the differences in the answers to a request.
type result struct {
	differences []Difference
	busy, cut   bool // a server refused to answer because of the load; a body was too long to compare all of it
}

// run sends the requests to both servers. done is called after each request.
func (c *comparison) run(ctx context.Context, requests []replay.Request, done func()) (*Report, error) {
	results := make([]result, len(requests))
	err := parallel.For(ctx, c.parallel, len(requests), func(i int) (err error) {
		results[i], err = c.ask(ctx, requests[i])
		done()
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.report(requests, results), nil
}

// ask sends a request to both servers at the same time, and compares the replies.
func (c *comparison) ask(ctx context.Context, r replay.Request) (result, error) {
	var replies [2]*replay.Reply
	var errs [2]error
	_ = parallel.For(ctx, 2, 2, func(i int) error { // its error is that of ctx
		replies[i], errs[i] = c.servers[i].Ask(ctx, r)
		return nil
	})
	if ctx.Err() != nil {
		return result{}, ctx.Err()
	}
	var out result
	for i, err := range errs {
		if err == nil {
			c.silent[i].Store(0)
			status := replies[i].Status
			out.busy = out.busy || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
			out.cut = out.cut || replies[i].Cut
			continue
		}
		reason := replay.Reason(err)
		if c.silent[i].Add(1) == maxSilent {
			return out, c.unreachable(i, reason)
		}
		d := Difference{Kind: Unanswered, Old: "answered", New: "answered"}
		if i == oldServer {
			d.Old = reason
		} else {
			d.New = reason
		}
		out.differences = append(out.differences, d)
	}
	if out.differences == nil {
		out.differences = c.differ.compare(r.Method, replies[oldServer], replies[newServer])
	}
	return out, nil
}
