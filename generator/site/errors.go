package site

import (
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/language"
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
	l := b.locales[0]
	// add adds a page; key_about is the text below the title.
	add := func(path, key string, e ErrorPage) {
		e.Text = l.MustText("error."+key+"_about", nil)
		b.AddPage(errorPage(path, l.MustText("error."+key, nil), e))
	}
	add("400.html", "bad_request", ErrorPage{Status: 400})
	add("404.html", "no_page", ErrorPage{Status: 404, Nearest: version})
	add("-/error/405.html", "method", ErrorPage{Status: 405})
	add("-/error/412.html", "precondition", ErrorPage{Status: 412})
	add("-/error/414.html", "too_long", ErrorPage{Status: 414})
	add("-/error/416.html", "range", ErrorPage{Status: 416})
	add("-/error/500.html", "server", ErrorPage{Status: 500})
	add("-/error/503.html", "maintenance", ErrorPage{Status: 503})
	add("-/error/404-package.html", "no_package", ErrorPage{Status: 404, Nearest: version})
	add("-/error/404-bitstream.html", "no_file", ErrorPage{Status: 404})
	for _, p := range spec.Problems() {
		b.AddPage(errorPage("-/error/400-"+p.Param+".html",
			l.MustText("error.bad_parameter", language.Values{"parameter": p.Param}),
			ErrorPage{Status: 400, Text: problemText(l, p, spec.ModeNames()), Problem: &p,
				Values: values(spec, p.Param)}))
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
func problemText(l *locale, p lookup.Problem, modes []string) string {
	reason := l.Term(strings.TrimSuffix(p.Reason, "."))
	if p.Param == lookup.ManyModes {
		return l.MustText("error.choice", language.Values{"names": l.enumerate(modes)})
	}
	return l.MustText("error.parameter", language.Values{"parameter": p.Param, "reason": reason})
}
