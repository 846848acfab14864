// Package redirect compiles what the site redirects, the download API above all, for the servers that
// answer it. A Table says what is to be answered; each Target in a folder below writes it in the words of
// one server. All targets are tested against lookup.Index with the same questions.
package redirect

import (
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// Table is all that a server has to know beside the files of the site.
type Table struct {
	Index *lookup.Index
	Files Files
}

// Files says where the files of packages are fetched: the targets of /bitstream/<id>.
type Files struct {
	API      string // Girder's API base, https://…/api/v1, checked to hold only characters of a URL's path
	BySHA512 bool   // by content where the checksum is known, which can be resumed; else by item
}

// URL is where the file of a package is fetched.
func (f Files) URL(p *catalog.Package) string {
	if f.BySHA512 && p.SHA512 != "" {
		return f.API + "/file/hashsum/sha512/" + p.SHA512 + "/download"
	}
	return f.API + "/item/" + p.ID + "/download"
}

// Target translates a Table into the configuration of one server.
type Target interface {
	// Name is the target's folder below redirects/, for instance nginx.
	Name() string
	// Compile gives the files of the target, in the order in which they are to be written: a file comes
	// after those it refers to. Same table, same bytes.
	Compile(*Table) ([]output.File, error)
}
