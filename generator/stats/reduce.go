package stats

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
)

// Some expressions are lists of hundreds of names. The package regexp takes a quarter of a millisecond for one of them,
// because it has no fast method for such long expressions. So once the prefilter has scanned a text, it removes the
// names that the text cannot contain. For example, for the text "Googlebot/2.1", the expression
//
//	(Ahrefsbot|bingbot|Googlebot|…)/(\d+)\.(\d+)   is reduced to   (Googlebot)/(\d+)\.(\d+)
//
// Both have the same matches in this text, because an alternative whose need is not fulfilled matches none of its
// parts. Alternatives with a group stay, because the groups after it would otherwise have other numbers.

// minAlternatives is the number of alternatives from which an expression is reduced.
const minAlternatives = 16

// maxReduced is the number of reduced expressions that a prefilter keeps.
const maxReduced = 1000

// reduction is an expression with long lists of alternatives.
type reduction struct {
	tree  *syntax.Regexp
	needs map[*syntax.Regexp][]*need // by list: the needs of its alternatives
	lists []*syntax.Regexp           // in the order of the expression
}

// newReduction returns the reduction of an expression, nil if it has no long list.
func (p *prefilter) newReduction(tree *syntax.Regexp) *reduction {
	r := &reduction{tree: tree, needs: map[*syntax.Regexp][]*need{}}
	r.addLists(p, tree)
	if len(r.lists) == 0 {
		return nil
	}
	return r
}

// addLists adds the long lists of a part of the expression.
func (r *reduction) addLists(p *prefilter, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpAlternate:
		if len(re.Sub) < minAlternatives {
			return
		}
		needs := make([]*need, len(re.Sub))
		for i, sub := range re.Sub {
			if sub.MaxCap() == 0 {
				needs[i] = needOf(analyse(sub))
				p.resolve(needs[i])
			}
		}
		r.needs[re], r.lists = needs, append(r.lists, re)
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			r.addLists(p, sub)
		}
	}
}

// reduced returns the reduction of an expression for the text that has been scanned, nil if the expression has none.
func (p *prefilter) reduced(i int) *regexp.Regexp {
	r := p.reductions[i]
	if r == nil {
		return nil
	}
	key := binary.AppendUvarint(p.key[:0], uint64(i))
	for _, list := range r.lists {
		for j, n := range r.needs[list] {
			if p.fulfilled(n) {
				key = binary.AppendUvarint(key, uint64(j))
			}
		}
	}
	p.key = key
	expr := p.compiled[string(key)]
	if expr == nil {
		if len(p.compiled) >= maxReduced {
			clear(p.compiled)
		}
		expr = regexp.MustCompile(p.reduce(r, r.tree).String())
		p.compiled[string(key)] = expr
	}
	return expr
}

// reduce returns a part of an expression without the alternatives that the text does not need.
func (p *prefilter) reduce(r *reduction, re *syntax.Regexp) *syntax.Regexp {
	needs, isList := r.needs[re]
	if !isList && re.Op != syntax.OpCapture && re.Op != syntax.OpConcat {
		return re
	}
	part := *re
	part.Sub = nil
	for i, sub := range re.Sub {
		if isList && p.fulfilled(needs[i]) {
			part.Sub = append(part.Sub, sub)
		} else if !isList {
			part.Sub = append(part.Sub, p.reduce(r, sub))
		}
	}
	if len(part.Sub) == 0 {
		return &syntax.Regexp{Op: syntax.OpNoMatch}
	}
	return &part
}
