package site

import (
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// ErrorPage is the content of an error page.
type ErrorPage struct {
	Status  int             // HTTP status of the response
	Text    string          // one sentence that says what is wrong
	Problem *lookup.Problem // the invalid parameter; nil if the error is about something else

	Values  []Value // values of the parameter; nil if it has no list of values
	Nearest string  // for a missing page or package: name of the parameter that selects by version
}

// Value is a valid value of a parameter.
type Value struct {
	Value   string // macosx
	Title   string // macOS; "" for none
	Aliases string // words that people write instead, separated by spaces: darwin macos
}

// addErrors adds the error pages that a server sends: a general page for each status, one for each parameter that can
// be invalid, and one for each kind of file that may not exist.
func addErrors(b *Build) {
	spec := b.Index.Spec()
	version := ""
	for _, m := range spec.Modes() {
		if m.Finds == lookup.ByVersion {
			version = m.Name
		}
	}
	b.AddPage(errorPage("400.html", "Bad request", ErrorPage{Status: 400,
		Text: "The server does not understand this request."}))
	b.AddPage(errorPage("404.html", "Page not found", ErrorPage{Status: 404,
		Text: "There is no page at this address.", Nearest: version}))
	b.AddPage(errorPage("-/error/405.html", "Method not allowed", ErrorPage{Status: 405,
		Text: "This address can only be read: use GET or HEAD, without a body."}))
	b.AddPage(errorPage("-/error/412.html", "Precondition failed", ErrorPage{Status: 412,
		Text: "The file at this address is not the one that the request expects. It has probably been replaced."}))
	b.AddPage(errorPage("-/error/414.html", "Address too long", ErrorPage{Status: 414,
		Text: "The address is too long for this server."}))
	b.AddPage(errorPage("-/error/416.html", "Range not satisfiable", ErrorPage{Status: 416,
		Text: "The request asks for a part of the file that does not exist. The file may be complete already."}))
	b.AddPage(errorPage("-/error/500.html", "Server error", ErrorPage{Status: 500,
		Text: "The server could not answer this request. Please try again in a few minutes."}))
	b.AddPage(errorPage("-/error/404-package.html", "No such package", ErrorPage{Status: 404,
		Text: "No package matches the parameters of this address.", Nearest: version}))
	b.AddPage(errorPage("-/error/404-bitstream.html", "No such file", ErrorPage{Status: 404,
		Text: "No package has this number: it never existed, or it was a preview build that is no longer kept."}))
	for _, p := range spec.Problems() {
		b.AddPage(errorPage("-/error/400-"+p.Param+".html", "Bad request: "+p.Param, ErrorPage{Status: 400,
			Text: problemText(p), Problem: &p, Values: values(spec, p.Param)}))
	}
}

// values returns the values of a parameter that has a list of them.
func values(spec *lookup.Spec, name string) (list []Value) {
	p := spec.Parameter(name)
	if p == nil || p.Kind != lookup.Choice {
		return nil
	}
	for _, value := range p.Values {
		v := Value{Value: value}
		switch p.Role {
		case lookup.OSRole:
			s := spec.System(catalog.OS(value))
			v.Title, v.Aliases = s.Title, strings.Join(append(slices.Clone(s.Aliases), strings.ToLower(s.Title)), " ")
		case lookup.ArchRole:
			for _, a := range spec.Arches {
				if string(a.ID) == value {
					v.Title, v.Aliases = a.Title, strings.Join(a.Aliases, " ")
				}
			}
		}
		list = append(list, v)
	}
	return list
}

func errorPage(path, title string, e ErrorPage) Page {
	return Page{Path: path, Layout: "error.html", Title: title, Data: e, NoIndex: true}
}

// problemText returns a problem as a sentence.
func problemText(p lookup.Problem) string {
	subject := "The parameter " + p.Param + " "
	if p.Param == lookup.ManyModes {
		subject = "The choice of a package "
	}
	return subject + strings.TrimSuffix(p.Reason, ".") + "."
}
