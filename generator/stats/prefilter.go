package stats

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// need is what an agent must contain for a rule to match it: one of these literals, lower-case, by their
// numbers in Classifier.literals. A nil need says nothing about the agent.
//
// There are about 1,200 rules, and an expression costs a microsecond even where it matches nothing. Looking for
// the literals first makes a new agent five times cheaper.
type need []int

// needOf finds out what a rule needs.
func (c *Classifier) needOf(re *regexp.Regexp, index map[string]int) need {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	var n need
	for _, text := range required(tree.Simplify()) {
		i, ok := index[text]
		if !ok {
			i = len(c.literals)
			index[text] = i
			c.literals = append(c.literals, text)
		}
		n = append(n, i)
	}
	return n
}

// begin sets the agent that may is about.
func (c *Classifier) begin(agent string) {
	c.agent, c.lower = agent, strings.ToLower(agent)
	c.foreign = !ascii(agent)
	clear(c.present)
}

// may reports whether the rule with this need can match the agent. Other alphabets have letters that fold to
// ASCII, which the literals do not know of: with such an agent every rule is tried.
func (c *Classifier) may(n need) bool {
	if n == nil {
		return true
	}
	for _, i := range n {
		if c.present[i] == 0 {
			c.present[i] = -1
			if strings.Contains(c.lower, c.literals[i]) {
				c.present[i] = 1
			}
		}
		if c.present[i] == 1 {
			return true
		}
	}
	return c.foreign
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// required gives lower-case literals of which every match of the expression contains one, or nil.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		text := strings.ToLower(string(re.Rune))
		if !ascii(text) {
			return nil
		}
		return []string{text}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min == 0 {
			return nil
		}
		return required(re.Sub[0])
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			one := required(sub)
			if one == nil {
				return nil
			}
			all = append(all, one...)
		}
		return all
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if one := required(sub); better(one, best) {
				best = one
			}
		}
		return best
	}
	return nil
}

// better reports whether a says more than b: its shortest literal is longer or, as short, it has fewer.
func better(a, b []string) bool {
	if a == nil || b == nil {
		return a != nil
	}
	if la, lb := shortest(a), shortest(b); la != lb {
		return la > lb
	}
	return len(a) < len(b)
}

func shortest(list []string) int {
	n := len(list[0])
	for _, s := range list {
		n = min(n, len(s))
	}
	return n
}
