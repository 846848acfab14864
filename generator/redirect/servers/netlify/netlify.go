// Package netlify compiles redirect tables into a _redirects file, which Netlify, Cloudflare Pages and GitLab Pages
// read. Each line is a source, a target and a status:
//
//	/latest/win /bitstream/5f4ab7d0e1ba0d8f3cb04d4d 302
//
// The file contains rules, aliases, permalinks and the redirects of packages' files. It cannot answer queries of the
// download API: a line can compare a parameter with one value (Netlify only), but not look it up in a catalogue.
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

// Limits of Cloudflare Pages, from its documentation, "Redirects". They are the lowest limits that any of the three
// hosts publishes.
const (
	MaxStatic  = 2000 // lines with an exact source
	MaxDynamic = 100  // lines with a pattern
	MaxLine    = 1000 // characters of a line
)

// Server is any host that reads a _redirects file.
type Server struct{}

// Name implements redirect.Server.
func (Server) Name() string { return "netlify" }

// Describe implements redirect.Server.
func (Server) Describe() redirect.Description {
	return redirect.Description{
		Title:   "Netlify, Cloudflare Pages, GitLab Pages",
		Files:   "`_redirects`; copy it to the root of the site",
		Queries: "not answered",
		Limits:  "none on Netlify; Cloudflare Pages reads at most 2,000 exact rules and 100 patterns",
	}
}

// Compile implements redirect.Server.
func (s Server) Compile(t *redirect.Table) *redirect.Compilation {
	f := &redirects{}
	f.write(t)
	f.Files = []output.File{redirect.File(s, fileName, f.body.Bytes())}
	if f.static > MaxStatic || f.dynamic > MaxDynamic {
		f.Warn(nil, "netlify: %d exact rules and %d patterns; Netlify reads all of them, but Cloudflare Pages "+
			"silently ignores all but the first %d and %d", f.static, f.dynamic, MaxStatic, MaxDynamic)
	}
	f.Omitted = omitted()
	return &f.Compilation
}

// fileName is the name under which hosts look for the file.
const fileName = "_redirects"

// omitted lists the requests that the file cannot answer as the table does.
func omitted() []redirect.Omission {
	return []redirect.Omission{
		{
			What: "/download?QUERY, /find?QUERY, /findall?QUERY and /?QUERY: not answered; the format cannot look " +
				"up a query in a catalogue",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				status := http.StatusNotFound
				if path == string(lookup.Home) {
					status = http.StatusOK
				}
				return slices.Contains(lookup.Routes(), lookup.Route(path)) && got.Status == status
			},
		},
		{
			What: "/bitstream/<id>: status 404 if hexadecimal digits are in upper case",
			Covers: func(path string, a redirect.Answer, got emulate.Reply) bool {
				return a.API.Kind == lookup.Redirect && a.Permalink == "" && path != lookup.Location(a.API.Package) &&
					got.Status == http.StatusNotFound
			},
		},
		{
			What: "other methods than GET and HEAD: answered by the host, since the format has no rules for methods",
			// Emulators answer only requests with GET.
			Covers: func(string, redirect.Answer, emulate.Reply) bool { return false },
		},
	}
}

// redirects is a Compilation whose file is being written.
type redirects struct {
	redirect.Compilation
	body            bytes.Buffer
	static, dynamic int // number of lines with an exact source and with a pattern
}

// write writes exact sources before patterns, because Netlify uses the first line that matches.
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

// section starts a part of the file.
func (f *redirects) section(title string) { fmt.Fprintf(&f.body, "\n# %s\n", title) }

// line writes a line and adds 1 to n, one of the counts.
func (f *redirects) line(n *int, source, target string, status int) {
	*n++
	fmt.Fprintf(&f.body, "%s %s %d\n", source, target, status)
}

// rule writes a rule, with a "!" after the status. Without it, a page at the same path would come first; on all other
// servers, rules come before pages.
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
		f.Warn(r, "netlify: only Netlify supports conditions on the query; Cloudflare Pages and GitLab Pages do not")
	}
	*n++
	text := fmt.Sprintf("%s %s %d!", source, target, status)
	if len(text) > MaxLine {
		f.Warn(r, "netlify: the line has %d characters; Cloudflare Pages allows %d", len(text), MaxLine)
	}
	f.body.WriteString(text + "\n")
}

// encodeSource percent-encodes a source, except its placeholders and asterisk.
func encodeSource(source string) string {
	segments := strings.Split(source, "/")
	for i, s := range segments {
		if s != "*" && !strings.HasPrefix(s, ":") {
			segments[i] = url.PathEscape(s)
		}
	}
	return strings.Join(segments, "/")
}
