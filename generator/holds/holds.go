// Package holds reads and edits the list of the packages that people keep off a site. The list is a file that is
// committed with the site, usually redirects/holds.yaml:
//
//	holds:
//	  # Waits for a new signature.
//	  - id: 660fa2e930e435b0e355f67c
//	    why: crashes at start on Windows 11
//	    by: ada
//	    day: 2026-11-27
//
// Only id and why are required. The order does not matter. Add inserts entries in the order of their ids, so the same
// entries make the same file, and two people who hold different packages seldom change the same line. Add and Remove
// edit the text and keep everything else in it: comments, blank lines, the order and the quotes of other entries.
package holds

import (
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/yamltext"
)

// FileName is the name of the file in the folder of the redirects.
const FileName = "holds.yaml"

// Hold is one entry: a package that must not be published.
type Hold struct {
	ID  string // of the package; case does not matter
	Why string // a phrase that completes "held back: "
	By  string // who holds it; "" if unknown
	Day string // since when, YYYY-MM-DD; "" if unknown

	At fault.Place // place of the id
}

// Is reports whether the entry is for the package with an id. File systems and Nginx maps ignore the case of ids, so no
// two packages have ids that differ only in case.
func (h *Hold) Is(id string) bool { return strings.EqualFold(h.ID, id) }

// Parse returns the entries of a file. Its error is fault.Findings with all mistakes; the valid entries are returned as
// well.
func Parse(file, text string) ([]Hold, error) {
	f := parse(file, text)
	return f.holds, f.doc.Findings().Err()
}

// parsed is a file with what an editor needs to know about it.
type parsed struct {
	doc   *yamltext.Document
	list  *yamltext.Node // value of the key holds; nil if the key is missing
	holds []Hold
}

func parse(file, text string) *parsed {
	f := &parsed{doc: yamltext.Parse(file, []byte(text), 0)}
	f.doc.Read(yamltext.Keys{{Name: "holds", Read: f.read}})
	return f
}

// read reads the list.
func (f *parsed) read(list *yamltext.Node) {
	f.list = list
	if list.Empty() {
		return
	}
	items, _ := list.List()
	for _, item := range items {
		if h, ok := entry(item); ok {
			f.add(item, h)
		}
	}
}

// entry reads one entry. It returns false if the entry has a mistake.
func entry(item *yamltext.Node) (h Hold, ok bool) {
	seen := map[string]bool{}
	ok = true
	text := func(key string, to *string) yamltext.Key {
		return yamltext.Key{Name: key, Read: func(n *yamltext.Node) {
			seen[key] = true
			value, read := n.Text()
			switch value = strings.TrimSpace(value); {
			case !read:
				ok = false
			case value == "" && (key == "id" || key == "why"):
				n.Errorf("%s is empty", key)
				ok = false
			case key == "day" && value != "" && !isDay(value):
				n.Errorf("day must be YYYY-MM-DD (found %.80q)", value)
				ok = false
			}
			if *to = value; key == "id" {
				h.At = n.At
			}
		}}
	}
	item.Read(yamltext.Keys{text("id", &h.ID), text("why", &h.Why), text("by", &h.By), text("day", &h.Day)})
	if item.Kind != yamltext.Mapping {
		if item.Kind == yamltext.Nothing {
			item.Errorf("an entry has no value; write its id and why, or remove the line")
		}
		return h, false
	}
	for _, key := range []string{"id", "why"} {
		if !seen[key] {
			item.Errorf("an entry has no %s; write %s: …", key, key)
			ok = false
		}
	}
	return h, ok
}

func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// add adds an entry, unless another one has the same id.
func (f *parsed) add(item *yamltext.Node, h Hold) {
	for _, other := range f.holds {
		if other.Is(h.ID) {
			item.Errorf("id %.80q occurs twice, first in line %d; remove one", h.ID, other.At.Line)
			return
		}
	}
	f.holds = append(f.holds, h)
}

// Find returns the entry for the package with an id, or nil.
func Find(list []Hold, id string) *Hold {
	for i := range list {
		if list[i].Is(id) {
			return &list[i]
		}
	}
	return nil
}
