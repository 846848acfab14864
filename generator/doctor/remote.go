package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/deploy"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/supply"
)

// tolerance is the difference between two clocks that is no fault: a Date header counts in seconds, and an answer may
// come from a cache that is not quite up to date. AWS refuses requests after 5 minutes.
const tolerance = time.Minute

// patience is the time limit of one request.
const patience = 20 * time.Second

// address returns the URL at which the web server answers.
func (x *examination) address() string {
	return strings.TrimSuffix(cmp.Or(x.options.Address, x.project.Config.BaseURL), "/")
}

// clock compares the clock with the Date header of the source or, if that is a file, of the web server.
func (x *examination) clock() {
	server := x.address()
	if u, err := url.Parse(x.project.Config.Source); err == nil && strings.HasPrefix(u.Scheme, "http") {
		server = x.project.Config.Source
	}
	start := x.project.Now()
	res, err := x.request(http.MethodHead, server)
	if err != nil {
		x.skip("no answer from %s to compare with: %s", server, oneLine(err))
		return
	}
	now := start.Add(x.project.Now().Sub(start) / 2) // the header was written half way
	date, err := http.ParseTime(res.header.Get("Date"))
	if err != nil {
		x.skip("%s sends no date to compare with", server)
		return
	}
	if off := now.Sub(date); off.Abs() > tolerance {
		direction := "ahead of"
		if off < 0 {
			direction = "behind"
		}
		x.problem("Correct the clock: timedatectl, or the service chrony or systemd-timesyncd.",
			"the clock of this machine is %s %s that of %s", off.Abs().Round(time.Second), direction, server)
		return
	}
	x.ok("within %s of the clock of %s", tolerance, server)
}

// answer is the answer of a server, without its body.
type answer struct {
	status int
	header http.Header
	to     string // path that it redirects to; "" for none
}

// request sends a request without following redirects.
func (x *examination) request(method, address string) (a answer, err error) {
	req, err := http.NewRequestWithContext(x.ctx, method, address, nil)
	if err != nil {
		return a, err
	}
	if u, err := url.Parse(x.project.Config.BaseURL); err == nil && x.options.Address != "" &&
		strings.HasPrefix(address, x.address()) {
		req.Host = u.Host // the site's name, as Nginx chooses the server block by it
	}
	client := *x.options.Client
	client.Timeout = patience
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	if to, err := res.Location(); err == nil {
		a.to = to.Path
	}
	a.status, a.header = res.StatusCode, res.Header
	return a, nil
}

// source reads the source as a build would, and asks the gate.
func (x *examination) source() {
	cat, err := supply.Check(x.ctx, x.project)
	if err != nil {
		x.failed(err, "Check the source.")
		return
	}
	x.ok("%s: a build would publish %d packages and hold back %d", x.project.Config.Source, len(cat.Packages),
		len(cat.Held))
	for _, w := range cat.Warnings {
		x.warn("", "%s", w)
	}
}

// answers compares where the web server leads the visitors of each system with the packages of the last build.
func (x *examination) answers() {
	p := x.project
	if p.Config.Deploy.Target == config.S3Website && p.Config.Deploy.Bucket != "" {
		x.skip("an S3 website answers queries with a script in the browser")
		return
	}
	cat, err := supply.Stored(x.ctx, p)
	if err != nil {
		x.skip("no packages are stored to compare with")
		return
	}
	index := cat.Index(p)
	next := "Reload the web server (nginx -t && nginx -s reload), or deploy; or name the server of this site with " +
		"--address."
	asked := 0
	for _, pf := range index.Platforms() {
		for _, s := range []catalog.Stability{catalog.Release, catalog.Nightly} {
			query := url.Values{"os": {string(pf.OS)}, "arch": {string(pf.Arch)}, "stability": {string(s)}}.Encode()
			want := index.Answer("/download", query)
			if want.Package == nil {
				continue
			}
			asked++
			address := x.address() + "/download?" + query
			res, err := x.request(http.MethodGet, address)
			if err == nil {
				err = compare(res, lookup.Location(want.Package))
			}
			if _, differs := errors.AsType[*differenceError](err); err != nil && !differs {
				x.problem("Check that the web server runs, its address and its certificate; or name another address "+
					"with --address.", "%s", oneLine(err))
				return
			}
			if err != nil {
				x.problem(next, "%s: %v", address, err)
				return // the others would say the same
			}
		}
	}
	x.ok("%s answers %d queries as the last build wants", x.address(), asked)
}

// differenceError is the error of an answer that is not the expected one.
type differenceError struct{ got, want string }

func (e *differenceError) Error() string { return fmt.Sprintf("answers %s, not %s", e.got, e.want) }

// compare returns an error unless an answer redirects to a path.
func compare(a answer, want string) error {
	if a.status == http.StatusFound && a.to == want {
		return nil
	}
	got := fmt.Sprintf("status %d", a.status)
	if a.to != "" {
		got += " to " + a.to
	}
	return &differenceError{got, "status 302 to " + want}
}

// aws checks what a deploy needs, if a bucket is configured.
func (x *examination) aws() {
	if x.project.Config.Deploy.Bucket == "" {
		x.skip("no bucket is configured (deploy.bucket)")
		return
	}
	list, err := deploy.Requirements(x.ctx, x.project)
	if list == nil && err != nil {
		x.failed(err, "")
	}
	as := map[deploy.Status]Status{
		deploy.OK: OK, deploy.Missing: Problem, deploy.NotTried: NotChecked, deploy.CheckThis: NotChecked,
	}
	for _, r := range list {
		x.add(as[r.Status], r.Next, "%s: %s", r.Name, r.Detail)
	}
}
