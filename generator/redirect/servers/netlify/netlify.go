// Package netlify compiles redirect tables into a _redirects file, which Netlify, Cloudflare Pages and GitLab Pages
// read. Each line is a source, a target and a status:
//
//	/latest/win /bitstream/5f4ab7d0e1ba0d8f3cb04d4d 302
//
// The file contains rules, aliases, permalinks and the redirects of packages' files. It cannot answer queries of the
// download API: a line can compare a parameter with one value (Netlify only), but not look it up in a catalogue.
//
// The three hosts read lines differently; see reader. The lines are such that each host answers as well as it can:
//
//   - Lines with an exact source come first, because Cloudflare Pages counts those after a pattern as patterns. This
//     does not change which line matches first; see redirect.Rules.Exact.
//   - Cloudflare Pages does not ignore a slash at the end of a path, so it gets a line for each form.
//   - On Cloudflare Pages, rules come before files, and it ignores lines with "!". So "!" is written only where a
//     rule hides a file, and the same line follows without it. A pattern that must not hide a file gets a comment at
//     its end, which makes Cloudflare Pages ignore it.
package netlify

import (
	"net/http"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Limits of the hosts, from their documentation.
const (
	MaxStatic  = 2000 // of Cloudflare Pages: lines with an exact source
	MaxDynamic = 100  // of Cloudflare Pages: lines with a pattern
	MaxLine    = 1000 // of Cloudflare Pages: characters of a line
	MaxLines   = 1000 // of GitLab Pages
	MaxBytes   = 64 << 10
)

// Server is any host that reads a _redirects file.
type Server struct{}

// Name implements redirect.Server.
func (Server) Name() string { return "netlify" }

// Describe implements redirect.Server.
func (Server) Describe() redirect.Description {
	return redirect.Description{
		Title:   "Netlify, Cloudflare Pages, GitLab Pages",
		Files:   "`_redirects` and `_headers`; copy them to the root of the site",
		Queries: "not answered",
		Limits: "none on Netlify; Cloudflare Pages reads at most 2,000 lines with exact paths and 100 with patterns, " +
			"GitLab Pages 1,000 lines and 64 KB",
		Headers: true,
	}
}

// Compile implements redirect.Server.
func (s Server) Compile(t *redirect.Table) *redirect.Compilation {
	f := newRedirects(t)
	f.write(t)
	f.Files = []output.File{redirect.File(s, fileName, f.body.Bytes()),
		redirect.File(s, "_headers", headers(t.Headers))}
	if f.static > MaxStatic || f.dynamic > MaxDynamic {
		f.Warn(nil, "netlify: Cloudflare Pages reads at most %d lines with exact paths and %d with patterns, and "+
			"ignores those after them; the file has %d and %d", MaxStatic, MaxDynamic, f.static, f.dynamic)
	}
	if f.lines > MaxLines {
		f.Warn(nil, "netlify: GitLab Pages reads at most %d lines and ignores those after them; the file has %d",
			MaxLines, f.lines)
	}
	if f.body.Len() > MaxBytes {
		f.Warn(nil, "netlify: GitLab Pages ignores a file of more than %d KB; this one has %d", MaxBytes>>10,
			f.body.Len()>>10)
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
			What: "permalinks and /bitstream/<id>: the query of the request is passed on",
			Covers: func(_ string, a redirect.Answer, got emulate.Reply) bool {
				return a.API.Kind == lookup.Redirect && got.Status == a.Status &&
					strings.HasPrefix(got.Location(), a.Location+"?")
			},
		},
	}
}
