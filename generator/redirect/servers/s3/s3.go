// Package s3 compiles redirect tables for the website endpoint of an S3 bucket.
//
// S3 has two kinds of redirects:
//
//   - A routing rule redirects all paths with a prefix, with any status. A bucket has at most 50 of them. They are used
//     for paths that lead to another package later, such as /latest/win, and for patterns.
//   - An empty object with a redirect location redirects one path, always with status 301. A bucket can have any number
//     of them. They are used for paths that always lead to the same place, such as /bitstream/<id>, and for paths for
//     which no routing rule is left; clients may cache the latter for five minutes only.
//
// S3 ignores query strings. The page at /download and /find therefore finds the package in the browser. The first line
// of objects.jsonl and Compilation.Omitted list the requests that S3 cannot answer.
//
// sitegen writes the files in this order: lookup.json, download.html, objects.jsonl and website.json. Upload them in
// the same order: the routing rules in website.json redirect to objects, which must exist before.
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

// Limits of S3, from the S3 user guide, "Configuring advanced conditional redirects" and "Object metadata".
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
		Queries: "`/download` and `/find` show a page that finds the package in the browser; " +
			"other queries are not answered",
		Limits: "50 routing rules, for patterns and for four permalinks of each system",
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
			What: "/download?QUERY and /find?QUERY: status 200 with a page that finds the package in the browser, " +
				"because S3 ignores query strings",
			Covers: query(http.StatusOK, lookup.Download, lookup.Find),
		},
		{
			What:   "/findall?QUERY: status 404, because S3 ignores query strings",
			Covers: query(http.StatusNotFound, lookup.FindAll),
		},
		{
			What:   "/?QUERY: the download page without a query, because S3 ignores query strings",
			Covers: query(http.StatusOK, lookup.Home),
		},
		{
			What: "/bitstream/<id>: status 301; status 404 if hexadecimal digits are in upper case",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.API.Kind == lookup.Redirect && strings.HasPrefix(path, lookup.BitstreamPrefix) &&
					a.Permalink == "" &&
					(got.Location() == a.Location || path != lookup.Location(a.API.Package))
			},
		},
		{
			What: "permalinks: status 301 unless a routing rule answers; a permalink with .json redirects to the " +
				"JSON file; a permalink of a version series, such as 5.12, redirects to that of its newest version",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool {
				return a.Permalink != "" && moved(got)
			},
		},
		{
			What: "links of retired servers: status 301",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool {
				return a.Rule != nil && a.Rule.Origin == redirect.Inherited && got.Location() == a.Location
			},
		},
		{
			What: "a folder without the slash at its end: the redirect has status 302",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.Status == 0 && got.Location() == path+"/"
			},
		},
		{
			What: "rules: the query of a request is not passed on to the target",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool {
				before, _, _ := strings.Cut(a.Location, "?")
				return a.Rule != nil && a.Rule.PassesQuery() && redirect.SameURL(before, got.Location())
			},
		},
		{
			What: "patterns and permalinks of the newest packages: S3 compares only the start of the path, and " +
				"redirects whatever follows it",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool { return a.Location == "" && moved(got) },
		},
		{
			What: "other methods than GET and HEAD: an error page of S3",
			// Emulators answer only requests with GET.
			Covers: func(string, redirect.Answer, emulate.Reply) bool { return false },
		},
	}
}

// Object is a line of objects.jsonl for an empty object that redirects.
type Object struct {
	Key          string `json:"key"`      // decoded
	Location     string `json:"location"` // x-amz-website-redirect-location
	CacheControl string `json:"cache_control"`
}

// Values of Cache-Control for objects.
const (
	lasting = "public, max-age=86400" // for a redirect that never changes
	moving  = "public, max-age=300"   // for anything that the next build may change
)

// routingRule is a routing rule in the JSON format of the AWS command put-bucket-website.
type routingRule struct {
	Condition condition `json:"Condition"`
	Redirect  target    `json:"Redirect"`
}

type condition struct {
	KeyPrefixEquals string `json:"KeyPrefixEquals,omitempty"` // "" for any key
	// HTTPError is "404" for patterns, which apply only if no object exists. So pages and exact rules come before them.
	HTTPError string `json:"HttpErrorCodeReturnedEquals,omitempty"`
}

type target struct {
	Protocol             string `json:"Protocol,omitempty"`
	HostName             string `json:"HostName,omitempty"`
	ReplaceKeyWith       string `json:"ReplaceKeyWith,omitempty"`
	ReplaceKeyPrefixWith string `json:"ReplaceKeyPrefixWith,omitempty"`
	HTTPRedirectCode     string `json:"HttpRedirectCode"`
}

// website is a Compilation whose files are being written.
type website struct {
	redirect.Compilation
	rules   []routingRule
	objects map[string]Object // by key
}

// compile adds the routing rules and objects of a table. The routing rules are used for the permalinks of the newest
// packages first, then for patterns, and then for permalinks of version series, starting with the newest.
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

// object adds an object that redirects from a decoded path. If there is already one at that path, object changes
// nothing and returns false.
func (w *website) object(path, location, cache string) bool {
	key := strings.TrimPrefix(path, "/")
	if _, ok := w.objects[key]; ok {
		return false
	}
	w.objects[key] = Object{key, location, cache}
	return true
}

// latest adds the permalinks of the newest packages. S3 uses the first routing rule with a prefix of the path, so
// longer paths come first: /latest/win/nightly before /latest/win.
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

// patterns adds the rules with an asterisk at the end and without other placeholders. They apply if there is no object.
func (w *website) patterns(t *redirect.Table) {
	n := 0
	var first *redirect.Rule // the first one that exceeds the limit
	patterns := t.Rules.Patterns()
	for i, r := range patterns {
		if r.Status == 404 && r.Target == "" && i == len(patterns)-1 {
			continue // S3 answers 404 anyway
		}
		if why := inexpressible(r); why != "" {
			w.Warn(r, "%s", why)
			continue
		}
		if r.Force {
			w.Warn(r, "s3 serves files before patterns, so this rule does not hide any file")
		}
		n++
		prefix := strings.TrimPrefix(strings.TrimSuffix(r.Source, "*"), "/")
		w.rules = append(w.rules, routingRule{condition{prefix, "404"}, patternTarget(r)})
		folder, ok := strings.CutSuffix(prefix, "/")
		if ok && !t.Files.Page("/"+folder) &&
			w.object(folder, r.Expand(func(string) string { return "" }), moving) && r.Status != 301 {
			w.Warn(r, "s3 answers 301, not %d, if the asterisk matches nothing; clients may cache it for five minutes",
				r.Status)
		}
		if len(w.rules) > MaxRoutingRules && first == nil {
			first = r
		}
	}
	if first != nil {
		w.Fail(first, "%d routing rules (%d of them patterns of rules.txt), S3's limit is %d; write patterns as "+
			"exact paths, or remove s3 from servers", len(w.rules), n, MaxRoutingRules)
	}
}

// inexpressible returns why a pattern cannot be written as a routing rule, or "" if it can.
func inexpressible(r *redirect.Rule) string {
	switch {
	case len(r.Conditions) > 0:
		return "s3 ignores query strings; this rule is left out"
	case !r.Moved():
		return "s3 cannot answer a pattern with status 200, 404 or 410; this rule is left out"
	case len(r.Names()) != 1 || strings.Count(r.Source, "*") != 1 || !strings.HasSuffix(r.Source, "*"):
		return "s3 supports only patterns with an asterisk at the end; this rule is left out"
	case !r.Fixed() && (strings.Count(r.Target, ":"+redirect.Splat) != 1 ||
		!strings.HasSuffix(r.Target, ":"+redirect.Splat)):
		return "s3 supports :splat only at the end of a target; this rule is left out"
	case !r.Fixed() && patternTarget(r).ReplaceKeyPrefixWith == "":
		return "s3 cannot remove a prefix without a replacement; this rule is left out"
	case strings.ContainsAny(r.Target, "?#%") || portRE.MatchString(r.Target):
		return "s3 does not support a port, query, fragment or escape in the target of a pattern; this rule is left out"
	}
	return ""
}

var portRE = regexp.MustCompile(`^https?://[^/]*:`)

// patternTarget returns the target of a pattern's routing rule. For the target /d/:splat, S3 replaces the prefix of the
// path by d/; for the target /d, it replaces the whole path.
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

// exact adds the rules for exact paths.
func (w *website) exact(t *redirect.Table) {
	for _, source := range t.Rules.Sources() {
		list := t.Rules.Exact(source)
		for _, r := range list {
			if len(r.Conditions) > 0 && !r.Written().Pattern() { // patterns says so about the others
				w.Warn(r, "s3 ignores query strings; this rule is left out")
			}
		}
		if r := list[len(list)-1]; len(r.Conditions) == 0 && (r.Force || !t.Files.Page(source)) {
			w.exactRule(r)
		}
	}
}

// exactRule adds a rule for an exact path.
func (w *website) exactRule(r *redirect.Rule) {
	at := r.Written()
	switch {
	case r.Status == 200:
		w.Warn(at, "s3 cannot serve another page at this path; this rule is left out")
	case r.Status == 410:
		w.Warn(at, "s3 answers 404, not 410")
	case r.Status == 404 && r.Target != "":
		w.Warn(at, "s3 answers 404 with /404.html, not with %s", r.Target)
	case r.Status == 404: // S3 answers 404 anyway
	default:
		cache := lasting
		if r.Status != 301 {
			cache = moving
			if r.Origin != redirect.Inherited {
				w.Warn(at, "s3 answers 301, not %d; clients may cache it for five minutes", r.Status)
			}
		}
		to := r.Expand(func(name string) string { return ":" + name })
		w.object(r.Source, to, cache)
		w.object(strings.TrimSuffix(r.Source, "/")+"/index.html", to, cache)
	}
}

// permalinks adds all other permalinks. The remaining routing rules are used for permalinks of version series, the
// newest first: /releases/5.12/win redirects to /releases/5.12.4/win. All others become objects.
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
		// S3 keeps the rest of the path, which is empty or .json.
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

// website returns website.json. S3 uses the first routing rule that matches, so their order matters.
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

// objectLines returns objects.jsonl: a line that lists what S3 does not answer, then the objects sorted by key.
func (w *website) objectLines() []byte {
	head := about{
		About: output.Mark + ": do not edit. Each line is an object to upload: the given file, or, without a file, " +
			"an empty object with a redirect location, which S3 answers with status 301.",
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
			w.Fail(nil, "an S3 object is too large: its key %.60q has %d bytes (limit %d), its location %d (limit %d)",
				o.Key, len(o.Key), MaxKey, len(o.Location), MaxLocation)
		}
		b = append(b, line(o)...)
	}
	return b
}

// line returns v as JSON on one line.
func line(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // encoding strings into a buffer cannot fail
	return b.Bytes()
}

// indented returns v as indented JSON.
func indented(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // encoding strings into a buffer cannot fail
	return b.Bytes()
}
