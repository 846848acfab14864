package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/output"
)

// Bisect is the content of the page that helps to find the build in which a bug appeared. A script reads the builds of
// a platform from a JSON file:
//
//	/preview/bisect/amd64-win.json   {"builds": [
//	                                 [34100, "2026-06-02", "64b1f9…"],
//	                                 …
//
// A build is its revision, its day and its id, oldest first; there is one for each revision, the newest.
type Bisect struct {
	Platforms []BisectPlatform
	Revisions bool   // builds have a revision of the source code
	Changes   string // URL of the changes between two revisions, with {from} and {to}; "" for none
}

// BisectPlatform is a platform that has nightly builds.
type BisectPlatform struct {
	ID    string // value in the address of the page: amd64-win
	Title string // macOS (Apple chip)
}

const bisectFolder = "preview/bisect/"

// addBisect adds the page and its JSON files, unless there are no nightly builds.
func addBisect(b *Build) {
	spec := b.Index.Spec()
	page := Bisect{Revisions: spec.Revisions, Changes: b.Changes}
	platforms, built := b.Index.Platforms(), time.Time{}
	slices.SortFunc(platforms, spec.Compare)
	for _, pf := range platforms {
		var lines [][]byte
		for _, p := range b.Index.Heads(pf) {
			if !p.Matches(catalog.Nightly) {
				continue
			}
			line, err := json.Marshal([]any{p.Revision, p.Day(), p.ID})
			if err != nil {
				panic(err) // numbers and text can be marshalled
			}
			lines, built = append(lines, line), later(built, p.Built)
		}
		if len(lines) == 0 {
			continue
		}
		page.Platforms = append(page.Platforms, BisectPlatform{pf.String(), spec.PlatformTitle(pf)})
		b.AddFile(output.Pages, bisectFolder+pf.String()+".json",
			fmt.Appendf(nil, "{\"builds\": [\n%s\n]}\n", bytes.Join(lines, []byte(",\n"))))
	}
	if len(page.Platforms) == 0 {
		return
	}
	b.addLocalized(Page{Path: bisectFolder + pageName, Layout: "bisect.html", Data: page, Date: built},
		heading{"bisect.title", "bisect.description", language.Values{"project": b.Site.Project}})
}
