package stats

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// The prefilter avoids evaluating regular expressions. There are about 1,200 rules, and an expression takes a
// microsecond even if it does not match. So before a rule is tried, the prefilter searches the user agent for literal
// texts that every match must contain. That makes a new user agent five times cheaper. For example, every match of
//
//	(?:(Android)|(iPhone OS)) (\d+)\.
//
// contains "android" or "iphone os", in upper or lower case. If a user agent contains neither, the rule is skipped. If
// it contains one of them, the expression decides. So the prefilter may let rules pass that do not match, but it never
// skips a rule that does.

// need is the condition under which a rule can match: the user agent contains at least one of these literals, given by
// their positions in Classifier.literals. If a need is nil, no literal is known, and the rule is always tried.
type need []int

// needOf returns the need of a rule, and adds its literals to the classifier. Index maps literals to their positions.
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

// begin sets the user agent for the following calls of may.
func (c *Classifier) begin(agent string) {
	c.agent, c.lower = agent, strings.ToLower(agent)
	c.foreign = !ascii(agent)
	clear(c.present)
}

// may reports whether a rule with this need can match the user agent. It returns true for every rule if the user agent
// has characters outside ASCII, because some of them match ASCII letters in case-insensitive expressions: the Kelvin
// sign (U+212A) matches k, but strings.Contains does not find it.
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

// ascii reports whether all characters of s are in ASCII.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// required returns lower-case literals of which every match of the expression contains at least one, or nil if there
// are none. For an alternation (a|b), these are the literals of all alternatives, since any of them may match. For a
// concatenation, the literals of any part would do, so it takes those of the most selective part.
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

// better reports whether the literals a are more selective than b: the shortest one is longer or, if they are equally
// long, a has fewer literals.
func better(a, b []string) bool {
	if a == nil || b == nil {
		return a != nil
	}
	if la, lb := shortest(a), shortest(b); la != lb {
		return la > lb
	}
	return len(a) < len(b)
}

// shortest returns the length of the shortest text in the list.
func shortest(list []string) int {
	n := len(list[0])
	for _, s := range list {
		n = min(n, len(s))
	}
	return n
}
