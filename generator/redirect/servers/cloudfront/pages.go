package cloudfront

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
)

// Keys of the texts of pages: the prefix, a hash of all texts with that prefix, and the name. So a request reads a text
// without looking up its hash first, and the value of a key never changes.
const (
	pageNodes = "p" // error pages and pages for queries
	cellNodes = "c" // templates of cells
)

// pages stores the pages that the build renders for servers, which are the same as Nginx shows, and returns the hash in
// their keys. If the pages are not known, such answers have no text. Names are those of the files in public/-/error/
// and public/-/home/.
//
// The page for a query starts with the titles of the systems and of each platform, with tabs between. Then there is a
// separator <> before each piece of the page. All but the first piece start with the number of the cell that comes
// before it, as one character.
func (s *store) pages(t *redirect.Table) string {
	spec, read := t.Index.Spec(), reader(t)
	texts := map[string]string{"404": read("404.html")}
	names := []string{"405", "404-package", "404-bitstream"}
	for _, p := range spec.Problems() {
		names = append(names, "400-"+p.Param)
	}
	for _, name := range names {
		texts[name] = read("-/error/" + name + ".html")
	}
	for _, language := range t.Files.Languages {
		for _, name := range []string{"404", "405"} {
			texts["/"+language+"/"+name] = read("-/error/" + language + "/" + name + ".html")
		}
	}
	titles := make([]string, 0, 20)
	for _, o := range spec.OSes() {
		titles = append(titles, html.EscapeString(spec.Title(o)))
	}
	for _, arch := range spec.ArchIDs() {
		for _, o := range spec.OSes() {
			titles = append(titles, html.EscapeString(spec.ArchTitle(catalog.Platform{Arch: arch, OS: o})))
		}
	}
	for _, o := range append([]catalog.OS{""}, spec.OSes()...) {
		for _, st := range append([]catalog.Stability{""}, catalog.Stabilities()...) {
			q := lookup.Query{OSes: spec.OSes(), Stabilities: spec.CellStabilities()}
			name := "all-default"
			if o != "" {
				q.OSes, name = []catalog.OS{o}, string(o)+"-default"
			}
			if st != "" {
				q.Stabilities, name = []catalog.Stability{st}, strings.TrimSuffix(name, "default")+string(st)
			}
			texts[name] = strings.Join(titles, "\t") + "<>" + queryPage(read("-/home/"+name+".html"), &q)
		}
	}
	return s.set(pageNodes, texts)
}

// reader returns a function that reads a file of the build. It returns "" if the file is not known.
func reader(t *redirect.Table) func(path string) string {
	return func(path string) string {
		if t.Files.Read == nil {
			return ""
		}
		data, err := t.Files.Read(path)
		if err != nil {
			return "" // the build has already reported why; without the page, the answer has no text
		}
		return string(data)
	}
}

// includeRE matches the place of a cell in a page.
var includeRE = regexp.MustCompile(`<!--#include virtual="/-/page-cell/(\w+)/(\w+)\?\$args" -->`)

// queryPage replaces the includes of cells in the page for a query; see pages.
func queryPage(page string, q *lookup.Query) string {
	return includeRE.ReplaceAllStringFunc(page, func(include string) string {
		m := includeRE.FindStringSubmatch(include)
		o, st := slices.Index(q.OSes, catalog.OS(m[1])), slices.Index(q.Stabilities, catalog.Stability(m[2]))
		return "<>" + char(max(st, 0)*len(q.OSes)+max(o, 0))
	})
}

// set stores texts under keys with a common hash, and returns the hash.
func (s *store) set(prefix string, texts map[string]string) string {
	hash := hashOf(fmt.Sprint(texts)) // maps are printed sorted by key
	for name, text := range texts {
		if text == "" {
			text = " " // a value must not be empty
		}
		s.pairs[prefix+hash+name] = s.piece(text)
	}
	return hash
}

// cellTemplates stores the cells of packages on the page for a query as templates, see template, and returns the hash
// in their keys and the number of each package's template. The text for no package has the name "none".
func (s *store) cellTemplates(t *redirect.Table) (hash string, numbers map[*catalog.Package]int) {
	spec, read := t.Index.Spec(), reader(t)
	texts, known := map[string]string{"none": read("-/cell/_none.html")}, map[string]int{}
	numbers = map[*catalog.Package]int{}
	for _, p := range slices.Backward(t.Index.Packages()) { // oldest first, so that new packages change no number
		text := cellTemplate(spec, p, read("-/cell/"+p.ID+".html"))
		n, ok := known[text]
		if !ok {
			n = len(known)
			known[text] = n
			texts[fmt.Sprint(n)] = text
		}
		numbers[p] = n
	}
	return s.set(cellNodes, texts), numbers
}

// cellTemplate returns the template of a package's cell.
func cellTemplate(spec *lookup.Spec, p *catalog.Package, cell string) string {
	return replacer(cell, slices.Concat([][2]string{
		{"sha512", p.SHA512}, {"sha256", p.SHA256}, {"title", html.EscapeString(spec.Title(p.OS))},
		{"archtitle", html.EscapeString(spec.ArchTitle(p.Platform()))}, {"readable", sizeText(p.Size)},
	}, packageValues(p)))
}
