package compare

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/replay"
	"github.com/Slicer/sitegen/generator/supply"
)

// seed is that of the random requests. They are the same in each comparison of the same packages.
const seed = 1

// Generate returns requests for everything that a site answers: its pages and files, its rules, its permalinks, random
// requests to the download API, and its packages. Style sheets, scripts and parts of pages are left out, since pages
// name them differently after each change.
func Generate(ctx context.Context, p *project.Project, random int) ([]replay.Request, error) {
	x, e, err := supply.Pages(ctx, p)
	if err != nil {
		return nil, err
	}
	if e.Err() != nil {
		p.Log.Warn("pages have errors, so requests may be missing: " + e.Err().Error())
	}
	table, err := p.Table(x, e.Aliases(), e.Paths())
	if err != nil {
		return nil, err
	}
	list := requests{seen: map[string]bool{}}
	records := map[string]bool{} // which come last
	for _, pkg := range x.Packages() {
		records[redirect.RecordPath(pkg)] = true
	}
	for _, path := range e.Paths() {
		if visible(path) && !records["/"+path] {
			list.add(redirect.EncodePath("/" + strings.TrimSuffix(path, "index.html")))
		}
	}
	for _, r := range table.Rules.All() {
		list.add(example(r))
	}
	for _, l := range redirect.Links(x) {
		list.add(l.Path)
		list.add(l.Path + lookup.RecordSuffix)
	}
	if len(x.Packages()) > 0 {
		for target := range x.RandomRequests(seed, random) {
			list.add(target)
		}
	}
	for _, pkg := range x.Packages() {
		list.add(lookup.BitstreamPrefix + pkg.ID)
		list.add(redirect.RecordPath(pkg))
	}
	return list.all, nil
}

// visible reports whether a file is requested by its path, and answered alike by two builds of the same site.
func visible(path string) bool {
	return !strings.HasPrefix(path, "-/") && !strings.HasPrefix(path, "assets/") && path != "404.html" &&
		path != "400.html"
}

var placeholderRE = regexp.MustCompile(`:[A-Za-z]\w*|\*`)

// example returns a request that a rule answers.
func example(r *redirect.Rule) string {
	target := redirect.EncodePath(placeholderRE.ReplaceAllString(r.Source, "1"))
	for i, c := range r.Conditions {
		separator := "&"
		if i == 0 {
			separator = "?"
		}
		value := c.Value
		if c.Placeholder != "" {
			value = "1"
		}
		target += separator + url.QueryEscape(c.Name) + "=" + url.QueryEscape(value)
	}
	return target
}

// requests collects different requests.
type requests struct {
	all  []replay.Request
	seen map[string]bool
}

func (l *requests) add(target string) {
	if !l.seen[target] {
		l.seen[target] = true
		l.all = append(l.all, replay.Request{Method: http.MethodGet, Target: target, Count: 1})
	}
}
