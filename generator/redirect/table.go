// Package redirect compiles what the site redirects, the download API above all, for the servers that answer it. A
// Table holds the answers to all requests; each Server translates it into its own configuration. All servers are asked
// the same questions, and their answers are compared with the table's:
//
//	table := &redirect.Table{Index: index, Rules: rules}
//	answer := table.Answer("/old", "")                  // 301 to /new
//	e, err := redirect.Emulate(s3.Server{}, table)
//	reply, err := e.Answer(site, "/old", "")            // what S3 answers
//	text, err := e.Difference(site, "/old", "", reply)  // "" when that is the same
package redirect

import (
	"slices"

	"github.com/Slicer/sitegen/generator/lookup"
)

// Table is all that a server needs to know besides the files of the site.
type Table struct {
	Index *lookup.Index
	Rules *Rules // of rules.txt, aliases, and those of the profile; nil for none
}

// Same reports whether two tables compile to the same files.
func (t *Table) Same(o *Table) bool {
	return t.Index == o.Index && slices.EqualFunc(t.Rules.All(), o.Rules.All(), func(a, b *Rule) bool {
		return a.String() == b.String() && a.Pos == b.Pos
	})
}

// Answer is what a request gets.
type Answer struct {
	Status   int    // 0: the file of that path, or the 404 page where there is none
	Location string // of a redirect; relative to the site's root, or a whole URL
	File     string // the path of the file that is served with status 200 instead of the one requested

	API       lookup.Answer // its Kind is NotOurs where the download API has no part in the answer
	Permalink string        // the request that a permalink stands for, "" when it is none
	Rule      *Rule         // the rule that matched, nil when none did
}

// Answer answers a request for a path (decoded) and query string (still encoded): the download API first,
// then permalinks, then rules, then files.
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

// api turns an answer of the download API into a status and where it leads.
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
