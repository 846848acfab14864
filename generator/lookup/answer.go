package lookup

import (
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
)

// Kind is the kind of an answer.
type Kind int

// The kinds of answers.
const (
	NotOurs  Kind = iota // the path does not belong to the API: a file, or the 404 page
	Page                 // Home: the download page with Answer.Cells
	Object               // Find: Answer.Package
	Objects              // FindAll: Answer.Cells
	Redirect             // Download: to /bitstream/<id>; a bitstream: to the URL of the file
	BadQuery             // 400: see Answer.Problem
	NoMatch              // 404: Find or Download found nothing
	NoSuchID             // 404: a bitstream that is not published
)

// Answer is the answer to a request, before a server turns it into HTTP.
type Answer struct {
	Kind    Kind
	Status  int
	Query   Query // zero for bitstreams
	Package *catalog.Package
	Cells   []Cell
	Problem *Problem
}

// Cell is one cell of the download page: one operating system and stability.
type Cell struct {
	OS        catalog.OS
	Stability catalog.Stability
	Package   *catalog.Package // nil: not available
}

// BitstreamPrefix is the start of the path of each package's permanent URL.
const BitstreamPrefix = "/bitstream/"

// Answer returns the answer to a request for a path (decoded) and query string (still encoded).
func (x *Index) Answer(path, rawQuery string) Answer {
	path = mergeSlashes(path)
	if id, ok := strings.CutPrefix(path, BitstreamPrefix); ok {
		if p := x.Package(x.spec.IDs.Canonical(id)); p != nil {
			return Answer{Kind: Redirect, Status: 302, Package: p}
		}
		return Answer{Kind: NoSuchID, Status: 404}
	}
	route := Route(path)
	if !slices.Contains(Routes(), route) {
		return Answer{Kind: NotOurs}
	}
	q, problem := x.spec.Parse(route, rawQuery)
	if problem != nil {
		return Answer{Kind: BadQuery, Status: 400, Problem: problem}
	}
	return x.answer(q)
}

func (x *Index) answer(q Query) Answer {
	if q.Route == Home || q.Route == FindAll {
		a := Answer{Kind: Page, Status: 200, Query: q}
		if q.Route == FindAll {
			a.Kind = Objects
		}
		for _, s := range q.Stabilities {
			for _, o := range q.OSes {
				a.Cells = append(a.Cells, Cell{o, s, x.Find(&q, o, s)})
			}
		}
		return a
	}
	p := x.Find(&q, q.OSes[0], q.Stabilities[0])
	switch {
	case p == nil:
		return Answer{Kind: NoMatch, Status: 404, Query: q}
	case q.Route == Find:
		return Answer{Kind: Object, Status: 200, Query: q, Package: p}
	}
	return Answer{Kind: Redirect, Status: 302, Query: q, Package: p}
}

// Location returns the path that a Download redirects to for a package.
func Location(p *catalog.Package) string { return BitstreamPrefix + p.ID }

// mergeSlashes turns //find into /find: installed applications whose base URL ends in a slash send such requests.
func mergeSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}
