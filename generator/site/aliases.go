package site

import "github.com/Slicer/sitegen/generator/fault"

// Alias is a path that leads to a page: an entry of aliases: in its front matter.
type Alias struct {
	From, To string      // as written; the page's own path
	At       fault.Place // of the entry
}

// Aliases lists the aliases of all pages that are published, in order of their files.
func (e *Edition) Aliases() []Alias {
	var aliases []Alias
	for _, d := range e.build.content.documents {
		if d.held != "" || !e.Has(d.page.Path) {
			continue
		}
		for _, a := range d.aliases {
			aliases = append(aliases, Alias{a.path, d.page.URL(), a.at})
		}
	}
	return aliases
}
