package redirect

import (
	"errors"
	"fmt"
)

// Alias is one entry of aliases: in the front matter of a page: a path that leads to the page.
type Alias struct {
	From string // as written
	To   string // the path of the page, for instance /docs/install/
	Pos  Pos    // of the entry
}

// AliasRules makes a rule of each alias. The error holds every mistake.
func AliasRules(aliases []Alias) ([]Rule, error) {
	var rules []Rule
	var errs []error
	for _, a := range aliases {
		p := lineParser{pos: a.Pos}
		f := field{a.From, a.Pos.Col}
		r := Rule{Source: p.source(f), Target: a.To, Status: 301, Origin: Aliased, Pos: a.Pos}
		if len(p.errs) == 0 && len(r.Names()) > 0 {
			p.fail(f, "an alias is one path (found %.80q); write patterns into rules.txt", a.From)
		}
		if err := CheckTarget(a.To, r.Status); err != nil {
			p.fail(f, "the page's own path cannot be a target: %s", err)
		}
		if len(p.errs) > 0 {
			errs = append(errs, p.errs...)
			continue
		}
		r.compile()
		rules = append(rules, r)
	}
	if err := errors.Join(errs...); err != nil {
		return rules, fmt.Errorf("read the aliases of pages: %w", err)
	}
	return rules, nil
}
