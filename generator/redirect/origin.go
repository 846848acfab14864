package redirect

import (
	"errors"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Origin is where a rule comes from.
type Origin int

// The origins, in the order in which their rules are tried.
const (
	Written   Origin = iota // a line of rules.txt, see Parse
	Aliased                 // an alias of a page, see AliasRules
	Inherited               // a line of the profile's rules for links of retired servers, see InheritedRules
)

// Alias is an entry under aliases: in the front matter of a page. It is a path that redirects to the page.
type Alias struct {
	From string      // the path, as it is written
	To   string      // the path of the page, for instance /docs/install/
	Pos  fault.Place // the place of the entry
}

// AliasRules returns a rule for each valid alias. The error joins one error for each of the others.
func AliasRules(aliases []Alias) ([]Rule, error) {
	var rules []Rule
	var errs []error
	for _, a := range aliases {
		p := lineParser{pos: a.Pos}
		f := field{a.From, a.Pos.Col}
		r := Rule{Source: p.source(f, nil), Target: a.To, Status: 301, Origin: Aliased, Pos: a.Pos}
		if len(sourcePieces(r.Source, "")) > 1 || strings.Contains(r.Source, "*") {
			p.fail(f, "an alias must be a single path (found %.80q); write patterns in rules.txt", a.From)
		}
		if err := CheckTarget(a.To, r.Status); err != nil {
			p.fail(f, "the page's own path cannot be a target: %s", err)
		}
		if err := p.err(); err != nil {
			errs = append(errs, err)
			continue
		}
		r.compile()
		rules = append(rules, r)
	}
	return rules, errors.Join(errs...)
}

// InheritedRules parses the rules of a profile for the links of retired servers. text has the syntax of rules.txt. The
// error joins all mistakes.
//
// The target of such a rule may be a permalink, for a file whose version or revision is known, but not its id:
//
//	/bitstream/561384 /releases/4.6.2/linux 302
//
// InheritedRules resolves the permalink, which saves clients a redirect. In the example:
//
//   - If the package 4.6.2 for Linux is published, the rule redirects to /bitstream/<id of that package>.
//   - Otherwise, if release 4.6.2 has packages for other systems, the rule redirects to the page /releases/4.6.2/.
//   - Otherwise the rule answers 404.
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
