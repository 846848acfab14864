package redirect

import (
	"errors"
	"fmt"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Origin is where a rule comes from.
type Origin int

// The origins, in the order in which their rules are tried.
const (
	Written   Origin = iota // a line of rules.txt: Parse
	Aliased                 // aliases: in the front matter of a page: AliasRules
	Inherited               // a line of the profile's rules for links of retired servers: InheritedRules
)

// Alias is an entry of aliases: in the front matter of a page, a path that redirects to the page.
type Alias struct {
	From string      // as written
	To   string      // the path of the page, for instance /docs/install/
	Pos  fault.Place // of the entry
}

// AliasRules makes a rule of each alias. The error holds every mistake; the rules are those without one.
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

// InheritedRules reads the rules of a profile, for links of retired servers, in the syntax of rules.txt. The error
// holds every mistake.
//
// The target of such a rule may be a permalink, if all that is known of a file is its version or revision:
//
//	/bitstream/561384 /releases/4.6.2/linux 302
//
// The permalink is resolved here, so that clients follow one redirect less: while that package is published, the rule
// leads to it; else to the page of that release, if it has packages for other systems; else it answers 404.
func InheritedRules(x *lookup.Index, name, text string) ([]Rule, error) {
	rules, err := Parse(name, text)
	releases := map[string]bool{}
	for _, p := range x.Packages() {
		if p.Matches(catalog.Release) {
			releases[p.Release] = true
		}
	}
	for i := range rules {
		r := &rules[i]
		r.Origin = Inherited
		route, query, ok := x.Spec().Permalink(r.Target)
		if !ok {
			continue
		}
		version := lookup.DecodeQuery(query)["version"]
		switch p := x.Answer(string(route), query).Package; {
		case p != nil && (version == "" || p.Release == version):
			r.Target = lookup.Location(p)
		case releases[version]:
			r.Target = "/releases/" + version + "/"
		default:
			r.Target, r.Status = "", 404
		}
		r.compile()
	}
	return rules, err
}
