// Package netlify writes the redirect table as a _redirects file, which Netlify, Cloudflare Pages and GitLab
// Pages read.
//
// The format has rules, aliases, permalinks and bitstreams. Of query strings it can compare one value with
// one text (Netlify only), which is far from the download API: what it cannot say is listed in its header.
package netlify

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// The limits of Cloudflare Pages, the tightest of the three that are published (platforms.md section 4).
const (
	MaxStatic  = 2000
	MaxDynamic = 100
	MaxLine    = 1000 // characters
)

// Target is the _redirects file.
type Target struct{}

// Name implements redirect.Target.
func (Target) Name() string { return "netlify" }

// Compile implements redirect.Target.
func (Target) Compile(t *redirect.Table) ([]output.File, error) {
	f := write(t)
	return []output.File{{Root: output.Redirects, Group: output.Maps, Path: "netlify/_redirects", Data: f.body.Bytes()}}, nil
}

// Check implements redirect.Checker.
func (Target) Check(t *redirect.Table) []redirect.Finding {
	f := write(t)
	var findings []redirect.Finding
	if f.static > MaxStatic || f.dynamic > MaxDynamic {
		findings = append(findings, redirect.Finding{Message: fmt.Sprintf(
			"netlify: %d exact rules and %d patterns; Netlify takes them all, Cloudflare Pages %d and %d and drops the rest without a word", f.static, f.dynamic, MaxStatic, MaxDynamic)})
	}
	return append(findings, f.findings...)
}

// Explain implements redirect.Explainer.
func (Target) Explain(t *redirect.Table, path, rawQuery string, a redirect.Answer) string {
	if a.Rule != nil {
		for _, f := range write(t).findings {
			if f.Pos == a.Rule.Pos {
				return f.Message
			}
		}
		return ""
	}
	query := a.API.Kind != lookup.NotOurs && a.API.Kind != lookup.NoSuchID && !strings.HasPrefix(path, lookup.BitstreamPrefix) && (path != "/" || rawQuery != "")
	if a.Permalink == "" && query {
		return "no answer: the format cannot compare query strings with a catalogue"
	}
	return ""
}

type redirects struct {
	body            bytes.Buffer
	static, dynamic int
	findings        []redirect.Finding
}

// write writes exact rules before patterns: Netlify takes the first that matches, whatever its kind.
func write(t *redirect.Table) *redirects {
	f := &redirects{}
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
	return f
}

func (f *redirects) section(title string) { fmt.Fprintf(&f.body, "\n# %s\n", title) }

func (f *redirects) line(n *int, source, target string, status int) {
	*n++
	fmt.Fprintf(&f.body, "%s %s %d\n", source, target, status)
}

// rule writes a rule. "!" says that the rule comes before a page, as it does everywhere else.
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
		f.findings = append(f.findings, redirect.Finding{Pos: r.Pos, Message: "netlify answers 404, not 410"})
		target, status = "/404.html", 404
	case 404:
		target = "/404.html"
	}
	if len(r.Conditions) > 0 {
		f.findings = append(f.findings, redirect.Finding{Pos: r.Pos, Message: "of the readers of _redirects only Netlify knows conditions on the query"})
	}
	*n++
	text := fmt.Sprintf("%s %s %d!", source, target, status)
	if len(text) > MaxLine {
		f.findings = append(f.findings, redirect.Finding{Pos: r.Pos, Message: fmt.Sprintf("netlify: a line of %d characters; Cloudflare Pages takes %d", len(text), MaxLine)})
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
