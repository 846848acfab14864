package packages

import (
	"net/url"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
)

// Rule is a redirect rule that leads to a package.
type Rule struct {
	Place string `json:"place"` // file and line
	Rule  string `json:"rule"`  // as a line of rules.txt
}

// maxHops is the number of redirects that are followed from a rule to a package, as many as browsers follow.
const maxHops = 20

// rules returns the rules that lead to a published package, directly or by way of other addresses of the site, in the
// order in which they are tried. It leaves out rules whose target depends on the request. Mistakes in rules are a
// warning.
func (c *Catalogue) rules(x *lookup.Index, p *catalog.Package) []Rule {
	list := []Rule{}
	table, err := c.project.Table(x, nil, nil)
	if err != nil {
		c.project.Log.Warn(err.Error())
	}
	if table == nil {
		return list
	}
	for _, r := range table.Rules.All() {
		if target := target(table, r); target != "" && c.leads(table, target, p) {
			list = append(list, Rule{r.Pos.String(), r.String()})
		}
	}
	return list
}

// target returns where a rule redirects to, "" if it does not, or if that depends on the request.
func target(t *redirect.Table, r *redirect.Rule) string {
	if !r.Moved() || !r.Fixed() {
		return ""
	}
	if r.Pattern() {
		return r.Target
	}
	query := url.Values{}
	for _, c := range r.Conditions {
		if c.Placeholder != "" {
			return ""
		}
		query.Set(c.Name, c.Value)
	}
	a := t.Answer(r.Source, query.Encode())
	if a.Rule == nil || a.Rule.Written() != r {
		return "" // an earlier rule, or a file, answers
	}
	return a.Location
}

// leads reports whether an address leads to a package.
func (c *Catalogue) leads(t *redirect.Table, address string, p *catalog.Package) bool {
	base := strings.TrimSuffix(c.project.Config.BaseURL, "/")
	for range maxHops {
		if address == p.URL {
			return true
		}
		address = strings.TrimPrefix(address, base)
		if !strings.HasPrefix(address, "/") {
			return false // another site
		}
		path, query, err := lookup.SplitURL(address)
		if err != nil {
			return false
		}
		a := t.Answer(path, query)
		if a.API.Package != nil {
			return a.API.Package == p
		}
		address = a.Location
	}
	return false
}
