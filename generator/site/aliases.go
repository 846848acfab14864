package site

import "bytes"

// Alias is a path that leads to a page: an entry of aliases: in its front matter.
type Alias struct {
	From, To  string // as written; the page's own path
	Path      string // of the content file, as findings have it
	Line, Col int    // of the entry, from 1
}

// Aliases lists the aliases of all pages that are published, in order of their files.
func (e *Edition) Aliases() []Alias {
	var aliases []Alias
	for _, d := range e.build.content.documents {
		if d.held != "" || len(d.page.Aliases) == 0 || !e.Has(d.page.Path) {
			continue
		}
		at := max(0, bytes.Index(d.src, []byte("\naliases")))
		for _, from := range d.page.Aliases { // in the order of the file: /whoami is not the place of /who after it
			if i := bytes.Index(d.src[at:], []byte(from)); i >= 0 {
				at += i
			}
			line, col := lineCol(d.src, at)
			at = min(at+len(from), len(d.src))
			aliases = append(aliases, Alias{from, d.page.URL(), d.page.Source, line, col})
		}
	}
	return aliases
}
