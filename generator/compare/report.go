package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/replay"
)

// Report is the result of a comparison. Its JSON is described in docs/compare.md.
type Report struct {
	Old         string         `json:"old"`
	New         string         `json:"new"`
	Requests    int            `json:"requests"`    // sent to both servers
	Same        int            `json:"same"`        // without a difference
	Allowed     int            `json:"allowed"`     // with known differences only
	Different   int            `json:"different"`   // with other differences
	Busy        int            `json:"busy"`        // answered 429 or 503 by a server
	Cut         int            `json:"cut"`         // compared only in part, because a body is too long
	Seconds     float64        `json:"seconds"`     // duration
	LeftOut     replay.LeftOut `json:"left_out"`    // lines of lists and logs that were not sent
	Groups      []Group        `json:"groups"`      // the differences that are not known, by their probable cause
	Allowances  []*Allowance   `json:"allowances"`  // the file of known differences
	Differences []Found        `json:"differences"` // all differences, in the order of the requests
}

// Found is a difference in the answers to a request.
type Found struct {
	Request string `json:"request"`
	Count   int64  `json:"count"`   // how often the log has the request
	Allowed string `json:"allowed"` // the reason why it is allowed; "" if it is not
	Difference

	path string // of the request
}

// Group is a number of differences with the same probable cause.
type Group struct {
	Kind     Kind    `json:"kind"`
	Cause    string  `json:"cause"`
	Requests int     `json:"requests"` // different requests
	Count    int64   `json:"count"`    // how often the log has them
	Examples []Found `json:"examples"`
}

// Limits of groups. A group has a few examples, and the smallest groups of a kind are joined if there are too many.
const (
	maxExamples = 3
	maxGroups   = 20
)

// report makes the report of a comparison.
func (c *comparison) report(requests []replay.Request, results []result) *Report {
	r := &Report{
		Old: c.servers[oldServer].String(), New: c.servers[newServer].String(), Requests: len(requests),
		Groups: []Group{}, Allowances: append([]*Allowance{}, c.allowed...), Differences: []Found{},
	}
	for i, result := range results {
		unknown := 0
		path, _, _ := strings.Cut(requests[i].Target, "?")
		for _, d := range result.differences {
			f := Found{Request: requests[i].String(), Count: requests[i].Count, Difference: d, path: path}
			if a := c.allow(f); a != nil {
				a.Count++
				f.Allowed = a.Reason
			} else {
				unknown++
			}
			r.Differences = append(r.Differences, f)
		}
		switch {
		case unknown > 0:
			r.Different++
		case len(result.differences) > 0:
			r.Allowed++
		default:
			r.Same++
		}
		if result.busy {
			r.Busy++
		}
		if result.cut {
			r.Cut++
		}
	}
	r.Groups = groups(r.Differences)
	return r
}

// allow returns the first allowance for a difference, or nil.
func (c *comparison) allow(f Found) *Allowance {
	for _, a := range c.allowed {
		if a.matches(f.Request, f.Difference) {
			return a
		}
	}
	return nil
}

// groups groups the differences that are not allowed: by kind, the largest groups of a kind first.
func groups(differences []Found) []Group {
	list := []Group{}
	for _, kind := range kinds() {
		byCause := map[string]*Group{}
		last := map[*Group]string{} // the last request of a group
		var found []*Group
		for _, d := range differences {
			if d.Kind != kind || d.Allowed != "" {
				continue
			}
			cause := d.cause(d.path)
			g := byCause[cause]
			if g == nil {
				g = &Group{Kind: kind, Cause: cause}
				byCause[cause] = g
				found = append(found, g)
			}
			if last[g] != d.Request { // a request may differ several times for the same cause
				last[g] = d.Request
				g.Requests++
				g.Count += d.Count
				if len(g.Examples) < maxExamples {
					g.Examples = append(g.Examples, d)
				}
			}
		}
		slices.SortStableFunc(found, func(a, b *Group) int { return cmp.Compare(b.Requests, a.Requests) })
		list = append(list, joined(found)...)
	}
	return list
}

// joined joins the smallest groups of a kind if there are too many.
func joined(found []*Group) (list []Group) {
	for i, g := range found {
		if i < maxGroups || len(found) == maxGroups+1 {
			list = append(list, *g)
			continue
		}
		if i == maxGroups {
			list = append(list, Group{Kind: g.Kind, Cause: fmt.Sprintf("%d other causes", len(found)-maxGroups)})
		}
		rest := &list[maxGroups]
		rest.Requests += g.Requests
		rest.Count += g.Count
		if len(rest.Examples) < maxExamples {
			rest.Examples = append(rest.Examples, g.Examples[0])
		}
	}
	return list
}

// Unused returns the allowances that allow nothing.
func (r *Report) Unused() (list []*Allowance) {
	for _, a := range r.Allowances {
		if a.Count == 0 {
			list = append(list, a)
		}
	}
	return list
}

// Err returns an error of kind fault.Differences if there are differences that are not allowed.
func (r *Report) Err() error {
	if r.Different == 0 {
		return nil
	}
	hint := "List differences that are right in a file, with their reasons: --allow."
	if r.Busy > 0 {
		hint = fmt.Sprintf("%d answers were 429 or 503: a server had too much load. Lower --rate or --parallel.",
			r.Busy)
	}
	return fault.Wrap(fault.Differences,
		fmt.Errorf("the servers answer %d of %d requests differently", r.Different, r.Requests), hint)
}
