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
	"slices"

	"github.com/Slicer/sitegen/generator/lookup"
)

// Table holds everything that a server needs to answer requests, apart from the files of the site.
type Table struct {
	Index *lookup.Index
	Rules *Rules // from rules.txt, from aliases and from the profile; nil for none

	// Name tells the sites of one server apart, where they share a namespace: it is part of the names of Nginx's
	// variables. It consists of lower-case letters and digits, and is "" for the only site of a server.
	Name string
}

// Same reports whether two tables compile to the same files.
func (t *Table) Same(o *Table) bool {
	same := func(a, b *Rule) bool { return a.String() == b.String() && a.Pos == b.Pos }
	return t.Index == o.Index && t.Name == o.Name && slices.EqualFunc(t.Rules.All(), o.Rules.All(), same)
}

// Answer is the answer to a request.
type Answer struct {
	Status   int    // 0: serve the file at the requested path, or the 404 page if there is none
	Location string // where a redirect leads: a path of the site or a whole URL; "" for other answers
	File     string // the path of the file that is served with status 200 instead of the requested one

	API       lookup.Answer // its Kind is NotOurs if the download API has no part in the answer
	Permalink string        // the API request that a permalink is short for; "" if the path is no permalink
	Rule      *Rule         // the rule that matched; nil for none
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
	o := t.Rules.Match(path, rawQuery)
	if o.Rule == nil {
		return Answer{Status: api.Status, API: api}
	}
	a := Answer{Status: o.Rule.Status, Rule: o.Rule}
	switch {
	case o.Rule.Moved():
		a.Location = o.Target
	case o.Rule.Status == 200:
		a.File = o.Target
	}
	return a
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
