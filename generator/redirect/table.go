// Package redirect compiles what the site redirects, the download API above all, for the servers that
// answer it. A Table says what is to be answered; each Target in a folder below writes it in the words of
// one server. All targets are tested against lookup.Index with the same questions.
package redirect

import (
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// Table is all that a server has to know beside the files of the site.
type Table struct {
	Index *lookup.Index
	// BitstreamURL is where the file of a package is fetched, "https://…": the target of /bitstream/<id>.
	BitstreamURL func(id string) string
}

// Target translates a Table into the configuration of one server.
type Target interface {
	// Name is the target's folder below redirects/, for instance nginx.
	Name() string
	// Compile gives the files of the target, in the order in which they are to be written: a file comes
	// after those it refers to. Same table, same bytes.
	Compile(*Table) ([]output.File, error)
}
