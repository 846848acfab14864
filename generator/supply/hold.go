package supply

import (
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/holds"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/supply/source"
)

// publish splits what a source lists, or what was published last, into the packages that kept does not keep off the
// site, and the records held back. warnings are about entries of kept.
type publish func(kept []holds.Hold) (packages []*catalog.Package, held []catalog.Held, warnings []string)

// hold applies the entries of a holds file to the catalogue.
func (c *Catalogue) hold(kept []holds.Hold) {
	c.kept = kept
	packages, held, warnings := c.publish(kept)
	c.Packages, c.Held, c.Warnings = packages, held, slices.Concat(c.warnings, warnings)
	c.setWithdrawn()
}

// warn adds a warning that does not depend on the holds.
func (c *Catalogue) warn(text string) {
	c.warnings = append(c.warnings, text)
	c.Warnings = append(c.Warnings, text)
}

// Again returns the catalogue with the current holds of the project, for a preview. It does not read the source. If the
// holds are the same, it returns c.
func (c *Catalogue) Again(p *project.Project) (*Catalogue, error) {
	kept, err := p.Holds()
	if err != nil || slices.Equal(kept, c.kept) {
		return c, err
	}
	again := *c
	again.hold(kept)
	return &again, nil
}

// publishListed returns the function that publishes a listing.
func publishListed(scheme *catalog.Scheme, list *source.Listing) publish {
	return func(kept []holds.Hold) ([]*catalog.Package, []catalog.Held, []string) {
		records, found := slices.Clone(list.Records), map[string]bool{}
		for i := range records {
			r := &records[i]
			if h := holds.Find(kept, r.ID); h != nil {
				found[h.ID] = true
				r.Hold = heldBy(h, r.ID)
			}
		}
		var warnings []string
		for _, h := range kept {
			if !found[h.ID] {
				warnings = append(warnings, unknown(h, records).String())
			}
		}
		packages, held := catalog.Publish(scheme, list.Spelling, records)
		return packages, held, warnings
	}
}

// publishStored returns the function that publishes packages again that were published last. It leaves out those that
// the scheme does not allow any more. A build removes the packages that it holds back, so not all entries have one.
func publishStored(scheme *catalog.Scheme, stored []*catalog.Package) publish {
	return func(kept []holds.Hold) (packages []*catalog.Package, held []catalog.Held, _ []string) {
		for _, p := range stored {
			h := scheme.Check(p)
			if hold := holds.Find(kept, p.ID); h == nil && hold != nil {
				h = heldBy(hold, p.ID)
				h.ID, h.Name = p.ID, p.Name
			}
			if h != nil {
				held = append(held, *h)
			} else {
				packages = append(packages, p)
			}
		}
		return packages, held, nil
	}
}

// HoldField is the Field of a catalog.Held for a record that a person holds back.
const HoldField = "hold"

// heldBy returns the reason to hold back the record with an id.
func heldBy(h *holds.Hold, id string) *catalog.Held {
	return &catalog.Held{Field: HoldField, Value: id, Reason: h.Describe(), Place: h.At.String(),
		Hint: "sitegen packages unhold " + id}
}

// unknown returns the warning about an entry whose id no record has.
func unknown(h holds.Hold, records []catalog.Record) fault.Finding {
	ids := make([]string, len(records))
	for i := range records {
		ids[i] = records[i].ID
	}
	return h.At.Errorf("no record of the source has this id (found %.80q)%s", h.ID, fault.DidYouMean(h.ID, ids))
}

// without returns the packages that are not kept off the site. They are what the gate compares with: a package that is
// held back is not missing.
func without(packages []*catalog.Package, kept []holds.Hold) []*catalog.Package {
	held := make(map[string]bool, len(kept))
	for _, h := range kept {
		held[strings.ToLower(h.ID)] = true
	}
	return slices.DeleteFunc(slices.Clone(packages), func(p *catalog.Package) bool {
		return held[strings.ToLower(p.ID)]
	})
}
