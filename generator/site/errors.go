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
// be invalid, and one for each kind of file that may not exist. Errors at the addresses of pages have pages in all
// languages: for /de/, they are in -/error/de/. The download API has one language.
func addErrors(b *Build) {
	spec := b.Index.Spec()
	version := ""
	for _, m := range spec.Modes() {
		if m.Finds == lookup.ByVersion {
			version = m.Name
		}
	}
	// add adds a page; key_about is the text below the title.
	add := func(l *locale, path, key string, e ErrorPage) {
		e.Text = l.MustText("error."+key+"_about", nil)
		b.addError(l, path, l.MustText("error."+key, nil), e)
	}
	for n, l := range b.locales {
		folder, notFound := "-/error/", "404.html"
		if n > 0 {
			folder += l.Code + "/"
			notFound = folder + notFound
		}
		add(l, notFound, "no_page", ErrorPage{Status: 404, Nearest: version})
		add(l, folder+"405.html", "method", ErrorPage{Status: 405})
		add(l, folder+"412.html", "precondition", ErrorPage{Status: 412})
		add(l, folder+"416.html", "range", ErrorPage{Status: 416})
		add(l, folder+"500.html", "server", ErrorPage{Status: 500})
		add(l, folder+"503.html", "maintenance", ErrorPage{Status: 503})
	}
	l := b.locales[0]
	add(l, "400.html", "bad_request", ErrorPage{Status: 400})
	add(l, "-/error/414.html", "too_long", ErrorPage{Status: 414})
	add(l, "-/error/404-package.html", "no_package", ErrorPage{Status: 404, Nearest: version})
	add(l, "-/error/404-bitstream.html", "no_file", ErrorPage{Status: 404})
	for _, p := range spec.Problems() {
		b.addError(l, "-/error/400-"+p.Param+".html",
			l.MustText("error.bad_parameter", language.Values{"parameter": p.Param}),
			ErrorPage{Status: 400, Text: problemText(l, p, spec.ModeNames()), Problem: &p,
				Values: values(spec, p.Param)})
	}
}

// addError adds an error page in a language.
func (b *Build) addError(l *locale, path, title string, e ErrorPage) {
	b.AddPage(Page{Path: path, Lang: l.Code, Layout: "error.html", Title: title, Data: e, NoIndex: true})
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

// problemText returns a problem as a sentence.
func problemText(l *locale, p lookup.Problem, modes []string) string {
	reason := l.Term(strings.TrimSuffix(p.Reason, "."))
	if p.Param == lookup.ManyModes {
		return l.MustText("error.choice", language.Values{"names": l.enumerate(modes)})
	}
	return l.MustText("error.parameter", language.Values{"parameter": p.Param, "reason": reason})
}
