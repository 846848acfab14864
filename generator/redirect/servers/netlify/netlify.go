// Package netlify writes the redirect table as a _redirects file, which Netlify, Cloudflare Pages and GitLab
// Pages read.
//
// The format has rules, aliases, permalinks and bitstreams. Of query strings it can compare one value with
// one text (Netlify only), which is far from the download API.
package netlify

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// The limits of Cloudflare Pages, the tightest of the three that are published (Cloudflare Pages documentation,
// "Redirects").
const (
	MaxStatic  = 2000
	MaxDynamic = 100
	MaxLine    = 1000 // characters
)

// Server is a host that reads a _redirects file.
type Server struct{}

// Name implements redirect.Server.
func (Server) Name() string { return "netlify" }

// Describe implements redirect.Server.
func (Server) Describe() redirect.Description {
	return redirect.Description{
		Title:   "Netlify, Cloudflare Pages, GitLab Pages",
		Files:   "`_redirects`, to be copied to the root of the site",
		Queries: "not answered",
		Limits:  "none of Netlify's; Cloudflare Pages reads 2,000 exact rules and 100 patterns",
	}
}

// Compile implements redirect.Server.
func (s Server) Compile(t *redirect.Table) *redirect.Compilation {
	f := &redirects{}
	f.write(t)
	f.Files = []output.File{redirect.File(s, fileName, f.body.Bytes())}
	if f.static > MaxStatic || f.dynamic > MaxDynamic {
		f.Warn(nil, "netlify: %d exact rules and %d patterns; Netlify takes them all, Cloudflare Pages %d and %d and "+
			"drops the rest without a word",
			f.static, f.dynamic, MaxStatic, MaxDynamic)
	}
	f.Omitted = omitted()
	return &f.Compilation
}

// fileName is the name that the readers of the format look for.
const fileName = "_redirects"

// omitted lists the requests that the format cannot express.
func omitted() []redirect.Omission {
	return []redirect.Omission{
		{
			What: "/download?QUERY, /find?QUERY, /findall?QUERY and /?QUERY: the format cannot compare query strings " +
				"with a catalogue",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				status := http.StatusNotFound
				if path == string(lookup.Home) {
					status = http.StatusOK
				}
				return slices.Contains(lookup.Routes(), lookup.Route(path)) && got.Status == status
			},
		},
		{
			What: "/bitstream/<id>: hexadecimal digits count in lower case only",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.API.Kind == lookup.Redirect && a.Permalink == "" && path != lookup.Location(a.API.Package) &&
					got.Status == http.StatusNotFound
			},
		},
	}
}

// redirects is the file while it is written.
type redirects struct {
	redirect.Compilation
	body            bytes.Buffer
	static, dynamic int
}

// write writes exact rules before patterns: Netlify takes the first that matches, whatever its kind.
func (f *redirects) write(t *redirect.Table) {
	f.body.WriteString(`# ` + output.Mark + `: do not edit, the next build overwrites it.
#
# This format cannot answer /download?QUERY, /find?QUERY, /findall?QUERY and /?QUERY.
`)
	f.section("Rules, aliases and links of retired servers")
	for _, r := range t.Rules.All() {
		if !r.Pattern() {
			f.rule(r)
		}
	}
	f.section("Permalinks")
	for _, l := range redirect.Links(t.Index) {
		f.line(&f.static, l.Path, lookup.Location(l.Package), 302)
		f.line(&f.static, l.Path+".json", redirect.RecordPath(l.Package), 200)
	}
	f.section("Files of packages")
	for _, p := range t.Index.Packages() {
		f.line(&f.static, lookup.Location(p), p.URL, 302)
	}
	f.section("Patterns")
	for _, r := range t.Rules.Patterns() {
		f.rule(r)
	}
}

func (f *redirects) section(title string) { fmt.Fprintf(&f.body, "\n# %s\n", title) }

func (f *redirects) line(n *int, source, target string, status int) {
	*n++
	fmt.Fprintf(&f.body, "%s %s %d\n", source, target, status)
}

// rule writes a rule. "!" makes the rule win over a page with the same path, as rules do on all other servers.
func (f *redirects) rule(r *redirect.Rule) {
	n := &f.static
	if r.Pattern() {
		n = &f.dynamic
	}
	source := encodeSource(r.Source)
	for _, c := range r.Conditions {
		value := c.Value
		if c.Placeholder != "" {
			value = ":" + c.Placeholder
		}
		source += " " + c.Name + "=" + value
	}
	target, status := r.Target, r.Status
	switch status {
	case 410:
		f.Warn(r, "netlify answers 404, not 410")
		target, status = "/404.html", 404
	case 404:
		target = "/404.html"
	}
	if len(r.Conditions) > 0 {
		f.Warn(r, "of the readers of _redirects only Netlify knows conditions on the query")
	}
	*n++
	text := fmt.Sprintf("%s %s %d!", source, target, status)
	if len(text) > MaxLine {
		f.Warn(r, "netlify: a line of %d characters; Cloudflare Pages takes %d", len(text), MaxLine)
	}
	f.body.WriteString(text + "\n")
}

// encodeSource encodes a source but for the signs of a pattern.
func encodeSource(source string) string {
	segments := strings.Split(source, "/")
	for i, s := range segments {
		if s != "*" && !strings.HasPrefix(s, ":") {
			segments[i] = url.PathEscape(s)
		}
	}
	return strings.Join(segments, "/")
}
