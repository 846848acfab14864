package site

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
)

// Alias is a path that leads to a page: an entry of aliases: in its front matter.
type Alias struct {
	From, To  string // as written; the page's own path
	Path      string // of the content file, as findings have it
	Line, Col int    // of the entry, from 1
}

// Aliases lists the aliases of all pages that are published. Mistakes in front matter are Render's to report:
// here such files have none.
func Aliases(in Input, published []output.File) ([]Alias, error) {
	names, _, err := contentNames(in.Content)
	if err != nil {
		return nil, fmt.Errorf("look for aliases: %w", err)
	}
	pages := map[string]bool{}
	for _, f := range published {
		pages[f.Path] = true
	}
	var aliases []Alias
	for _, name := range names {
		if !strings.HasSuffix(name, markdownExt) || !pages[documentPath(name)] {
			continue
		}
		src, err := fs.ReadFile(in.Content, name)
		if err != nil {
			return nil, fmt.Errorf("look for aliases: %w", err)
		}
		if !bytes.Contains(src, []byte("aliases")) { // spares most files the parsing
			continue
		}
		d, _ := newDocument(name, src)
		for _, from := range d.page.Aliases {
			line, col := lineCol(src, max(0, bytes.Index(src, []byte(from))))
			aliases = append(aliases, Alias{from, d.page.URL(), contentFolder + name, line, col})
		}
	}
	return aliases, nil
}
