package site

import "github.com/Slicer/sitegen/generator/fault"

// Alias is a path that leads to a page: an entry of aliases: in its front matter.
type Alias struct {
	From, To string      // as written; the page's own path
	At       fault.Place // of the entry
}
