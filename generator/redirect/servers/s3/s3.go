// Package s3 writes the redirect table for the website endpoint of an S3 bucket.
//
// S3 has two kinds of redirects. Routing rules, 50 at most, send paths with a prefix elsewhere, with any status: they
// serve what moves, such as /latest/win. Objects without bytes that have a redirect location, any number of them, are
// always answered with status 301: they serve what never changes, and what has no room among the rules, with a short
// time in caches then.
//
// S3 does not look at query strings. What it cannot answer is in the first line of objects.jsonl, in the Compilation,
// and on the page at /download and /find, which looks packages up in the browser.
package s3

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// The limits of S3 (S3 user guide, "Configuring advanced conditional redirects" and "Object metadata").
const (
	MaxRoutingRules = 50
	MaxKey          = 1024 // bytes
	MaxLocation     = 2048 // bytes
)

// Server is the website endpoint of an S3 bucket.
type Server struct{}

// Name implements redirect.Server.
func (Server) Name() string { return "s3" }

// Describe implements redirect.Server.
func (Server) Describe() redirect.Description {
	return redirect.Description{
		Title: "Amazon S3",
		Files: "`website.json`, the body of `put-bucket-website`; `objects.jsonl` and the files it names, the " +
			"objects to upload",
		Queries: "`/download` and `/find` show a page that looks the package up in the browser; the others are not " +
			"answered",
		Limits: "50 routing rules: patterns, and four permalinks for each system",
	}
}

// Compile implements redirect.Server.
func (s Server) Compile(t *redirect.Table) *redirect.Compilation {
	links := redirect.Links(t.Index)
	w := compile(t, links)
	c := &w.Compilation
	c.Omitted = omitted()
	rows, err := lookupRows(t.Index)
	if err != nil {
		c.Fail(nil, "%s", err)
	}
	html, err := page(t.Index, links)
	if err != nil {
		c.Fail(nil, "%s", err)
	}
	objects := w.objectLines()
	if c.Err() != nil {
		return c
	}
	c.Files = []output.File{
		redirect.File(s, "lookup.json", rows), redirect.File(s, "download.html", html),
		redirect.File(s, "objects.jsonl", objects), redirect.File(s, "website.json", w.website()),
	}
	return c
}

// omitted lists the requests that S3 answers differently from the table. The first line of objects.jsonl repeats it.
func omitted() []redirect.Omission {
	query := func(status int, routes ...lookup.Route) func(string, redirect.Answer, emulate.Reply) bool {
		return func(path string, a redirect.Answer, got emulate.Reply) bool {
			return slices.Contains(routes, lookup.Route(path)) && got.Status == status
		}
	}
	moved := func(got emulate.Reply) bool { return got.Location() != "" }
	return []redirect.Omission{
		{
			What: "/download?QUERY and /find?QUERY: S3 does not look at query strings, so it answers neither 400 " +
				"nor 404; " +
				"the page there looks the package up in the browser",
			Covers: query(http.StatusOK, lookup.Download, lookup.Find),
		},
		{What: "/findall?QUERY: S3 does not look at query strings", Covers: query(http.StatusNotFound, lookup.FindAll)},
		{What: "/?QUERY: S3 does not look at query strings and shows the download page",
			Covers: query(http.StatusOK, lookup.Home)},
		{
			What: "/bitstream/<id>: an object redirects with status 301; hexadecimal digits count in lower case only",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.API.Kind == lookup.Redirect && strings.HasPrefix(path, lookup.BitstreamPrefix) &&
					a.Permalink == "" &&
					(got.Location() == a.Location || path != lookup.Location(a.API.Package))
			},
		},
		{
			What: "permalinks: an object redirects with status 301, a description (.json) is redirected to, and the " +
				"newest version of a " +
				"series leads to the permalink of that version",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool {
				return a.Permalink != "" &&
					moved(got)
			},
		},
		{
			What: "links of retired servers: an object redirects with status 301",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool {
				return a.Rule != nil && a.Rule.Origin == redirect.Inherited && got.Location() == a.Location
			},
		},
		{
			What: "a folder without the slash at its end: S3 redirects with status 302",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.Status == 0 && got.Location() == path+"/"
			},
		},
		{
			What:   "patterns and permalinks of what is newest: S3 takes any characters where they begin alike",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool { return a.Location == "" && moved(got) },
		},
	}
}

// Object is a line of objects.jsonl: an object of no bytes.
type Object struct {
	Key          string `json:"key"`      // decoded
	Location     string `json:"location"` // x-amz-website-redirect-location
	CacheControl string `json:"cache_control"`
}

// The times in caches of a 301 that never changes, and of one that replaces a 302.
const (
	lasting = "public, max-age=86400"
	moving  = "public, max-age=300"
)

// routingRule is one entry of put-bucket-website, in the command line's spelling.
type routingRule struct {
	Condition condition `json:"Condition"`
	Redirect  target    `json:"Redirect"`
}

type condition struct {
	KeyPrefixEquals string `json:"KeyPrefixEquals"`
	// HTTPError is "404" for patterns: pages and exact rules come before them.
	HTTPError string `json:"HttpErrorCodeReturnedEquals,omitempty"`
}

type target struct {
	Protocol             string `json:"Protocol,omitempty"`
	HostName             string `json:"HostName,omitempty"`
	ReplaceKeyWith       string `json:"ReplaceKeyWith,omitempty"`
	ReplaceKeyPrefixWith string `json:"ReplaceKeyPrefixWith,omitempty"`
	HTTPRedirectCode     string `json:"HttpRedirectCode"`
}

// website collects what is compiled.
type website struct {
	redirect.Compilation
	rules   []routingRule
	objects map[string]Object
}

// compile goes through the table in the order in which routing rules are given away: permalinks of what is newest,
// patterns, and versions that are not whole, the newest first.
func compile(t *redirect.Table, links []redirect.Link) *website {
	w := &website{objects: map[string]Object{}}
	w.latest(links)
	w.exact(t)
	w.patterns(t)
	w.permalinks(t.Index.Spec(), links)
	for _, p := range t.Index.Packages() {
		w.object(lookup.Location(p), p.URL, lasting)
	}
	return w
}

// object adds a redirect from a path (decoded), unless there is one already, and reports whether it did.
func (w *website) object(path, location, cache string) bool {
	key := strings.TrimPrefix(path, "/")
	if _, ok := w.objects[key]; ok {
		return false
	}
	w.objects[key] = Object{key, location, cache}
	return true
}

// latest adds the permalinks of what is newest, longer paths first, because rules match by prefix.
func (w *website) latest(links []redirect.Link) {
	newest := slices.DeleteFunc(slices.Clone(links),
		func(l redirect.Link) bool { return l.Query.Finds != lookup.Newest })
	slices.SortFunc(newest, func(a, b redirect.Link) int { return strings.Compare(b.Path, a.Path) })
	for i, l := range newest {
		if len(w.rules)+2 > MaxRoutingRules {
			w.linkObjects(newest[i:])
			return
		}
		w.rules = append(w.rules,
			routingRule{condition{KeyPrefixEquals: l.Path[1:] + lookup.RecordSuffix},
				target{ReplaceKeyWith: redirect.RecordPath(l.Package)[1:], HTTPRedirectCode: "302"}},
			routingRule{condition{KeyPrefixEquals: l.Path[1:]},
				target{ReplaceKeyWith: lookup.Location(l.Package)[1:], HTTPRedirectCode: "302"}})
	}
}

// patterns adds the rules that end in an asterisk and have no placeholder before it.
func (w *website) patterns(t *redirect.Table) {
	n := 0
	var first *redirect.Rule // without room
	for _, r := range t.Rules.Patterns() {
		if why := inexpressible(r); why != "" {
			w.Warn(r, "%s", why)
			continue
		}
		if r.Force {
			w.Warn(r, "s3 shows pages before patterns, so this rule hides none")
		}
		n++
		prefix := strings.TrimPrefix(strings.TrimSuffix(r.Source, "*"), "/")
		w.rules = append(w.rules, routingRule{condition{prefix, "404"}, patternTarget(r)})
		if w.object(strings.TrimSuffix(prefix, "/"), r.Expand(func(string) string { return "" }), moving) &&
			r.Status != 301 {
			w.Warn(r, "s3 answers 301, not %d, where the asterisk stands for nothing, to be kept for five minutes",
				r.Status)
		}
		if len(w.rules) > MaxRoutingRules && first == nil {
			first = r
		}
	}
	if first != nil {
		w.Fail(first, "%d routing rules (%d of them patterns of rules.txt), S3's limit is %d; write patterns as "+
			"exact paths, or leave s3 out of servers",
			len(w.rules), n, MaxRoutingRules)
	}
}

// inexpressible returns why no routing rule can express a pattern; "" when one can.
func inexpressible(r *redirect.Rule) string {
	switch {
	case len(r.Conditions) > 0:
		return "s3 does not look at query strings; this rule is left out"
	case !r.Moved():
		return "s3 cannot answer a pattern with status 200, 404 or 410; this rule is left out"
	case len(r.Names()) != 1 || !strings.HasSuffix(r.Source, "/*"):
		return "s3 knows patterns with an asterisk at the end only; this rule is left out"
	case !r.Fixed() && (strings.Count(r.Target, ":"+redirect.Splat) != 1 ||
		!strings.HasSuffix(r.Target, ":"+redirect.Splat)):
		return "s3 can put an asterisk at the end of a target only; this rule is left out"
	case !r.Fixed() && patternTarget(r).ReplaceKeyPrefixWith == "":
		return "s3 cannot remove a prefix without a replacement; this rule is left out"
	case strings.ContainsAny(r.Target, "?#%") || portRE.MatchString(r.Target):
		return "s3 sends a pattern to a plain host and path only, without port, query, fragment or escapes; this " +
			"rule is left out"
	}
	return ""
}

var portRE = regexp.MustCompile(`^https?://[^/]*:`)

func patternTarget(r *redirect.Rule) target {
	to := target{HTTPRedirectCode: fmt.Sprint(r.Status)}
	key := r.Target
	if scheme, rest, ok := strings.Cut(r.Target, "://"); ok {
		to.Protocol = scheme
		to.HostName, key, _ = strings.Cut(rest, "/")
	}
	key = strings.TrimPrefix(key, "/")
	if prefix, ok := strings.CutSuffix(key, ":"+redirect.Splat); ok {
		to.ReplaceKeyPrefixWith = prefix
		return to
	}
	to.ReplaceKeyWith = key
	return to
}

// exact adds the other rules.
func (w *website) exact(t *redirect.Table) {
	for _, r := range t.Rules.All() {
		switch {
		case r.Pattern():
			continue
		case len(r.Conditions) > 0:
			w.Warn(r, "s3 does not look at query strings; this rule is left out")
			continue
		case r.Status == 200:
			w.Warn(r, "s3 cannot serve another page under this path; this rule is left out")
			continue
		case r.Status == 410:
			w.Warn(r, "s3 answers 404, not 410")
			continue
		case r.Status == 404:
			continue // nothing is there
		}
		cache := lasting
		if r.Status != 301 {
			cache = moving
			if r.Origin != redirect.Inherited {
				w.Warn(r, "s3 answers 301, not %d, to be kept for five minutes", r.Status)
			}
		}
		w.object(r.Source, r.Target, cache)
		w.object(strings.TrimSuffix(r.Source, "/")+"/index.html", r.Target, cache)
	}
}

// permalinks adds the other permalinks. Of those that lead to the newest version of a series, 5.12, the newest get the
// routing rules that are left: to the same permalink of that version.
func (w *website) permalinks(spec *lookup.Spec, links []redirect.Link) {
	links = slices.DeleteFunc(slices.Clone(links), func(l redirect.Link) bool { return l.Query.Finds == lookup.Newest })
	slices.SortStableFunc(links, func(a, b redirect.Link) int { return b.Package.Revision - a.Package.Revision })
	paths := make(map[string]bool, len(links))
	for _, l := range links {
		paths[l.Path] = true
	}
	var rest []redirect.Link
	for _, l := range links {
		whole := spec.VersionPath(l.Package.Version, l.Package.OS)
		if l.Query.Finds != lookup.ByVersion || !l.Moves || !paths[whole] || len(w.rules) >= MaxRoutingRules {
			rest = append(rest, l)
			continue
		}
		// What is left of the path, nothing or .json, stays.
		w.rules = append(w.rules, routingRule{condition{KeyPrefixEquals: l.Path[1:]},
			target{ReplaceKeyPrefixWith: whole[1:], HTTPRedirectCode: "302"}})
	}
	w.linkObjects(rest)
}

// linkObjects adds permalinks as objects.
func (w *website) linkObjects(links []redirect.Link) {
	for _, l := range links {
		cache := lasting
		if l.Moves {
			cache = moving
		}
		w.object(l.Path, lookup.Location(l.Package), cache)
		w.object(l.Path+lookup.RecordSuffix, redirect.RecordPath(l.Package), cache)
	}
}

// website writes the body of put-bucket-website. The first rule that matches counts, so their order is kept.
func (w *website) website() []byte {
	return indented(map[string]any{
		"IndexDocument": map[string]string{"Suffix": "index.html"},
		"ErrorDocument": map[string]string{"Key": "404.html"},
		"RoutingRules":  w.rules,
	})
}

// about is the first line of objects.jsonl.
type about struct {
	About       string   `json:"about"`
	NotAnswered []string `json:"not_answered"`
}

// objectLines writes objects.jsonl: what S3 does not answer, then the objects by key.
func (w *website) objectLines() []byte {
	head := about{
		About: output.Mark + ": do not edit. A line with a file is an object with its bytes; each other line is an " +
			"object of no bytes with a redirect location, which S3 answers with status 301.",
	}
	for _, o := range w.Omitted {
		head.NotAnswered = append(head.NotAnswered, o.What)
	}
	for _, f := range w.Findings {
		head.NotAnswered = append(head.NotAnswered, f.String())
	}
	b := line(head)
	for _, s := range served() {
		b = append(b, line(s)...)
	}
	for _, key := range slices.Sorted(maps.Keys(w.objects)) {
		o := w.objects[key]
		if len(o.Key) > MaxKey || len(o.Location) > MaxLocation {
			w.Fail(nil, "an S3 object: the key %.60q has %d bytes (limit %d), its location %d (limit %d)", o.Key,
				len(o.Key), MaxKey, len(o.Location), MaxLocation)
		}
		b = append(b, line(o)...)
	}
	return b
}

func line(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // strings into memory: cannot fail
	return b.Bytes()
}

func indented(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // strings into memory: cannot fail
	return b.Bytes()
}
