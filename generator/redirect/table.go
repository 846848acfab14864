// Package redirect compiles the redirects of a site and its download API for the web servers that answer requests. A
// Table defines the answer to every request. Each Server translates a table into its own configuration and can emulate
// itself. Tests send the same requests to all servers and compare the replies with the table's answers:
//
//	table := &redirect.Table{Index: index, Rules: rules}
//	answer := table.Answer("/old", "")                  // 301 to /new
//	e, err := redirect.Emulate(s3.Server{}, table)
//	reply, err := e.Answer(site, "/old", "")            // what S3 answers
//	text, err := e.Difference(site, "/old", "", reply)  // "" if that is the same
package redirect

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Table holds everything that a server needs to answer requests, apart from the contents of the site's files.
type Table struct {
	Index *lookup.Index
	Rules *Rules // from rules.txt, from aliases and from the profile; nil for none
	Files Files  // the files of the site, which come before rules without "!"

	// Headers holds the headers of all responses, see Headers. Not all servers can send them.
	Headers []Header

	// FileHeaders holds the headers of files that a deploy uploads, besides the defaults: deploy.headers.
	FileHeaders objects.Rules

	// Name distinguishes the sites of one server, where they share a namespace: it is part of the names of Nginx's
	// variables. It consists of lower-case letters and digits, and is "" for the only site of a server.
	Name string
}

// Files holds the paths of the files of a site.
type Files struct {
	// Pages holds the paths of the files that a build writes: "/", "/docs/install/", "/robots.txt". A folder's
	// index.html has two paths, with and without the name.
	Pages map[string]bool
	// Languages holds the codes of the languages that have error pages of their own, sorted. For /de/, these are in
	// -/error/de/; for all other paths, in -/error/, except 404.html.
	Languages []string
	// Other reports whether there is another file at a path below the root of the site, written without a slash at its
	// start: one that someone has put there. nil for none.
	Other func(path string) bool
	// Read returns a file that a build writes, or a part of pages, by its path below the root of the site:
	// "-/error/405.html". Servers that do not read parts of pages from files compile them. nil if they are not known.
	Read func(path string) ([]byte, error)
}

// FilesOf returns the Files of a site with the given files; their paths are relative to the root of the site.
func FilesOf(files []string) Files {
	f := Files{Pages: make(map[string]bool, len(files))}
	for _, file := range files {
		if m := errorPageRE.FindStringSubmatch(file); m != nil {
			f.Languages = append(f.Languages, m[1])
		}
		if !strings.HasPrefix(file, "-/") { // parts of pages, which are not meant to be requested
			f.Pages["/"+strings.TrimSuffix(file, "index.html")] = true
			f.Pages["/"+file] = true
		}
	}
	slices.Sort(f.Languages)
	return f
}

// errorPageRE matches the page for status 404 in another language than the first.
var errorPageRE = regexp.MustCompile(`^-/error/([^/]+)/404\.html$`)

// LanguagePattern returns a regular expression for the codes in Languages; "" if there are none.
func (f Files) LanguagePattern() string {
	codes := make([]string, len(f.Languages))
	for i, code := range f.Languages {
		codes[i] = regexp.QuoteMeta(code)
	}
	return strings.Join(codes, "|")
}

// Page reports whether a build writes a file that the server shows at a path: that file, or the index.html of a folder.
func (f Files) Page(path string) bool {
	return f.Pages[path] || f.Pages[path+"/"] // a server adds the slash
}

// Has reports whether the server shows a file at a path, also one that someone has put there.
func (f Files) Has(path string) bool {
	file := strings.Trim(path, "/")
	return f.Page(path) || f.Other != nil && (f.Other(file) && !strings.HasSuffix(path, "/") ||
		f.Other(file+"/index.html"))
}

// Same reports whether two tables compile to the same files.
func (t *Table) Same(o *Table) bool {
	same := func(a, b *Rule) bool { return a.String() == b.String() && a.Pos == b.Pos }
	sameHeader := func(a, b objects.Rule) bool { return a.String() == b.String() }
	return t.Index == o.Index && t.Name == o.Name && slices.Equal(t.Headers, o.Headers) &&
		slices.EqualFunc(t.FileHeaders, o.FileHeaders, sameHeader) &&
		slices.EqualFunc(t.Rules.All(), o.Rules.All(), same) && maps.Equal(t.Files.Pages, o.Files.Pages) &&
		slices.Equal(t.Files.Languages, o.Files.Languages)
}

// Answer is the answer to a request.
type Answer struct {
	Status   int    // 0: serve the file at the requested path, or the 404 page if there is none
	Location string // where a redirect leads: a path of the site or a whole URL; "" for other answers
	// File is the decoded path of the file that is served instead of the requested one with status 200, 404 or 410. For
	// 404 and 410, it is "" if the site's own page is served.
	File string

	API       lookup.Answer // its Kind is NotOurs if the download API has no part in the answer
	Permalink string        // the API request that a permalink is short for; "" if the path is no permalink
	Rule      *Rule         // the rule that matched; nil for none
	// Behind is the rule that would match if the site had no file at the path, which comes before rules without "!". It
	// is nil if Rule is not.
	Behind *Rule
}

// Answer answers a request for a path (decoded) and a query (still encoded). It tries the download API first, then
// permalinks, then rules. If none of them matches, the status is 0 and the server looks for a file.
func (t *Table) Answer(path, rawQuery string) Answer {
	api := t.Index.Answer(path, rawQuery)
	if api.Kind != lookup.NotOurs && api.Kind != lookup.NoSuchID {
		return t.api(api)
	}
	path = CleanPath(path)
	if route, query, ok := t.Index.Spec().Permalink(path); ok {
		a := t.api(t.Index.Answer(string(route), query))
		a.Permalink = string(route) + "?" + query
		return a
	}
	if withoutRules(path) {
		return Answer{Status: api.Status, API: api}
	}
	o := t.Rules.Match(path, rawQuery)
	switch {
	case o.Rule == nil:
		return Answer{Status: api.Status, API: api}
	case !o.Rule.Force && t.Files.Has(path):
		return Answer{Status: api.Status, API: api, Behind: o.Rule}
	}
	a := Answer{Status: o.Rule.Status, Rule: o.Rule}
	switch {
	case o.Rule.Moved():
		a.Location = o.Target
	case hiddenFile(o.Target):
		a.Status = 404
	default:
		a.File = o.Target
	}
	return a
}

// withoutRules reports whether rules do not apply to a path: those of style sheets and scripts, of parts of pages and
// error pages, and of hidden files, which servers do not serve.
func withoutRules(path string) bool {
	return strings.HasPrefix(path, "/assets/") || strings.HasPrefix(path, "/-/") || path == "/404.html" ||
		path == "/400.html" || hiddenFile(path)
}

// hiddenFile reports whether a path has a segment that starts with a dot. Servers do not serve such files, except those
// in /.well-known/; what a rule captures could otherwise lead to them, or out of the site.
func hiddenFile(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, ".") && segment != ".well-known" {
			return true
		}
	}
	return false
}

// api converts an answer of the download API.
func (t *Table) api(api lookup.Answer) Answer {
	a := Answer{Status: api.Status, API: api}
	switch {
	case api.Kind == lookup.Object:
		a.File = RecordPath(api.Package)
	case api.Kind == lookup.Redirect && api.Query.Route == lookup.Download:
		a.Location = lookup.Location(api.Package)
	case api.Kind == lookup.Redirect:
		a.Location = api.Package.URL
	}
	return a
}
