package packages

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Find returns the package that a word names: by its id in any case, also as the address of a download
// (/bitstream/660f…), by its name, by the name of its file, or by its revision. If several packages match, published
// ones come before others. If there is still more than one, the error lists them. Errors are of kind fault.Usage.
func (c *Catalogue) Find(word string) (*Package, error) {
	if _, id, ok := strings.Cut(word, lookup.BitstreamPrefix); ok {
		word = id
	}
	for _, matches := range []func(*Package) bool{
		func(p *Package) bool { return strings.EqualFold(p.ID, word) },
		func(p *Package) bool {
			return strings.EqualFold(p.Name, word) || p.FileName != "" && strings.EqualFold(p.FileName, path.Base(word))
		},
		func(p *Package) bool { return p.Package != nil && strconv.Itoa(p.Revision) == word },
	} {
		var all, published []*Package
		for _, p := range c.packages {
			if !matches(p) {
				continue
			}
			if all = append(all, p); p.State == Published {
				published = append(published, p)
			}
		}
		switch {
		case len(published) == 1:
			return published[0], nil
		case len(all) == 1:
			return all[0], nil
		case len(all) > 1:
			return nil, ambiguous(word, all)
		}
	}
	var names []string
	for _, p := range c.packages {
		names = append(names, p.ID, p.Name)
		if p.FileName != "" {
			names = append(names, p.FileName)
		}
	}
	return nil, fault.Wrap(fault.Usage, fmt.Errorf("no package has the id, name or revision %.80q%s", word,
		fault.DidYouMean(word, names)), "sitegen packages list prints the packages of the last build.")
}

// ambiguous returns the error for a word that names several packages, one per line.
func ambiguous(word string, list []*Package) error {
	errs := []error{fmt.Errorf("%.80q names %d packages", word, len(list))}
	for _, p := range list {
		errs = append(errs, fmt.Errorf("  %s  %s", p.ID, p.Title()))
	}
	return fault.Wrap(fault.Usage, errors.Join(errs...), "Name one of them by its id.")
}

// Title describes a package in a few words: "Aurora_win_64 (release 3.4, published)".
func (p *Package) Title() string {
	facts := string(p.State)
	if p.Package != nil {
		facts = strings.TrimSpace(string(p.Stability)+" "+p.Version) + ", " + facts
	}
	return fmt.Sprintf("%s (%s)", p.Name, facts)
}
