package site

import "github.com/Slicer/sitegen/generator/fault"

// Alias is a path that leads to a page: an entry of aliases: in its front matter.
type Alias struct {
	From, To string      // From is as written in the front matter, To is the path of the page
	At       fault.Place // where the entry is written
}
