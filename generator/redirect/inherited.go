package redirect

import (
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// InheritedRules reads the rules that a profile brings along: links of servers that are retired, in the syntax of
// rules.txt. The error holds every mistake.
//
// The target of such a rule may be a permalink, for a file that is known by its version or revision:
//
//	/bitstream/561384 /releases/4.6.2/linux 302
//
// It is resolved now, so that clients need no further step: while that package is published, the rule leads to it;
// else to the page of that release, if packages of it are published for other systems; else it answers 404.
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
