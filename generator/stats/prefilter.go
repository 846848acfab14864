package stats

import (
	"math/bits"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A prefilter avoids evaluating regular expressions. There are about 1,700 of them, and one takes a microsecond or more
// even if it does not match. So before they are tried, the prefilter searches the user agent for literal texts that
// every match must contain. For example, every match of
//
//	(?:(Android)|(iPhone OS)) (\d+)\.
//
// contains "android " or "iphone os ", in upper or lower case, and every match of
//
//	Mozilla.{1,200}Android.{1,200}(GSA)/(\d+)
//
// contains "mozilla", "android" and "gsa/". If a user agent does not, the expression is skipped. If it does, the
// expression decides. So the prefilter may let expressions pass that do not match, but it never skips one that does.
// The method is that of RE2's FilteredRE2. Of the 1,700 expressions, six are evaluated for a usual browser.
type prefilter struct {
	literals literals
	needs    []*need   // by expression
	guarded  [][]int32 // by literal: the expressions of whose guard it is a part
	always   bitset    // the expressions without a need
	digits   bitset    // the expressions that treat some digits differently from others

	reductions []*reduction // by expression: see newReduction

	// The result of scan.
	has        []bool  // by literal: the text contains it
	contained  []int32 // the literals that the text contains
	candidates bitset  // the expressions whose guard the text contains

	failed bitset // the expressions that are known not to match the text: see fail

	compiled map[string]*regexp.Regexp // reduced expressions, by number and alternatives
	key      []byte                    // in compiled
	failures map[string]bitset         // by shape
	shape    []byte                    // in failures
}

// need is the condition under which an expression can match a text: the text contains a literal, or it fulfils one or
// all of some other needs. If a need is nil, there is no condition.
type need struct {
	text    string // the literal, folded, if parts is empty
	literal int32  // its position, see resolve
	all     bool   // all parts are needed, instead of one of them
	parts   []*need
}

// bitset is a set of expressions.
type bitset []uint64

func (b bitset) add(i int) { b[i/64] |= 1 << (i % 64) }

func (b bitset) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

// add adds an expression and returns the number of expressions. The number of an expression is that of those before it.
func (p *prefilter) add(re *syntax.Regexp) int {
	n := needOf(analyse(re))
	p.resolve(n)
	if len(p.needs)%64 == 0 {
		p.digits = append(p.digits, 0)
	}
	if distinguishesDigits(re) {
		p.digits.add(len(p.needs))
	}
	p.needs = append(p.needs, n)
	p.reductions = append(p.reductions, p.newReduction(re))
	return len(p.needs)
}

// resolve sets the positions of the literals in a need.
func (p *prefilter) resolve(n *need) {
	if n == nil {
		return
	}
	if len(n.parts) == 0 {
		n.literal = p.literals.add(n.text)
	}
	for _, part := range n.parts {
		p.resolve(part)
	}
}

// compile prepares the prefilter for scan. Call it after the last add.
func (p *prefilter) compile() {
	p.literals.compile()
	lengths := make([]int, len(p.literals.index))
	for text, i := range p.literals.index {
		lengths[i] = len(text)
	}
	p.guarded = make([][]int32, len(lengths))
	p.always = make(bitset, (len(p.needs)+63)/64)
	for i, n := range p.needs {
		if n == nil {
			p.always.add(i)
			continue
		}
		guard, _ := n.guard(lengths)
		for _, literal := range guard {
			p.guarded[literal] = append(p.guarded[literal], int32(i))
		}
	}
}

// fork returns a prefilter for the same expressions that can be used at the same time.
func (p *prefilter) fork() prefilter {
	f := *p
	f.has, f.contained, f.candidates = make([]bool, len(p.guarded)), nil, make(bitset, len(p.always))
	f.compiled, f.key = map[string]*regexp.Regexp{}, nil
	f.failures, f.shape = map[string]bitset{}, nil
	return f
}

// scan searches a text, for the following calls of next.
func (p *prefilter) scan(text string) {
	for _, literal := range p.contained {
		p.has[literal] = false
	}
	p.contained = p.contained[:0]
	copy(p.candidates, p.always)
	p.failed = p.failedFor(text)
	p.literals.find(fold(text), func(literal int32) bool {
		if p.has[literal] {
			return false
		}
		p.has[literal] = true
		p.contained = append(p.contained, literal)
		for _, i := range p.guarded[literal] {
			p.candidates.add(int(i))
		}
		return true
	})
}

// next returns the first expression from i on that can match the text, or end if there is none before end.
func (p *prefilter) next(i, end int) int {
	for i < end {
		rest := (p.candidates[i/64] &^ p.failed[i/64]) >> (i % 64)
		if rest == 0 {
			i += 64 - i%64
			continue
		}
		i += bits.TrailingZeros64(rest)
		if i >= end {
			break
		}
		if p.fulfilled(p.needs[i]) {
			return i
		}
		p.fail(i)
		i++
	}
	return end
}

// fulfilled reports whether the text fulfils a need.
func (p *prefilter) fulfilled(n *need) bool {
	switch {
	case n == nil:
		return true
	case len(n.parts) == 0:
		return p.has[n.literal]
	case n.all:
		return !slices.ContainsFunc(n.parts, func(part *need) bool { return !p.fulfilled(part) })
	}
	return slices.ContainsFunc(n.parts, p.fulfilled)
}

// guard returns literals of which every text that fulfils the need contains at least one, and the length of the
// shortest of them. If all parts are needed, the literals of any part would do, so it takes those of the most selective
// one: the one with the longest shortest literal.
func (n *need) guard(lengths []int) (literals []int32, shortest int) {
	if len(n.parts) == 0 {
		return []int32{n.literal}, lengths[n.literal]
	}
	for i, part := range n.parts {
		other, length := part.guard(lengths)
		switch {
		case i == 0:
			literals, shortest = other, length
		case !n.all:
			literals, shortest = append(literals, other...), min(shortest, length)
		case length > shortest || length == shortest && len(other) < len(literals):
			literals, shortest = other, length
		}
	}
	return literals, shortest
}

// Limits of analyse.
const (
	maxTexts   = 16 // texts of an expression that are listed
	maxClass   = 8  // characters of a class that are listed
	minLiteral = 2  // bytes of a literal: almost every user agent contains the shorter ones
)

// analyse returns all texts that an expression matches, folded, if these are few: "android " and "iphone os " for
// (?:(Android)|(iPhone OS)) with a blank after it. Otherwise it returns the need of the expression.
func analyse(re *syntax.Regexp) (texts []string, n *need) {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []string{""}, nil
	case syntax.OpLiteral:
		if text := fold(string(re.Rune)); ascii(text) {
			return []string{text}, nil
		}
	case syntax.OpCharClass:
		return classTexts(re.Rune), nil
	case syntax.OpCapture:
		return analyse(re.Sub[0])
	case syntax.OpQuest:
		if texts, _ := analyse(re.Sub[0]); texts != nil && len(texts) < maxTexts {
			return append(texts, ""), nil
		}
	case syntax.OpPlus:
		return nil, needOf(analyse(re.Sub[0]))
	case syntax.OpRepeat:
		if re.Min > 0 {
			return nil, needOf(analyse(re.Sub[0]))
		}
	case syntax.OpAlternate:
		return analyseAlternatives(re.Sub)
	case syntax.OpConcat:
		return analyseSequence(re.Sub)
	}
	return nil, nil
}

// needOf returns the need of an expression with this analysis.
func needOf(texts []string, n *need) *need {
	if texts != nil {
		return oneOf(texts)
	}
	return n
}

// classTexts returns the characters of a class, folded, nil if they are many. The class has pairs of first and last
// characters.
func classTexts(class []rune) (texts []string) {
	size := 0
	for i := 0; i < len(class); i += 2 {
		if size += int(class[i+1]-class[i]) + 1; size > maxClass {
			return nil
		}
		for r := class[i]; r <= class[i+1]; r++ {
			text := fold(string(r))
			if !ascii(text) {
				return nil
			}
			if !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// analyseAlternatives analyses a|b|c.
func analyseAlternatives(list []*syntax.Regexp) (texts []string, n *need) {
	few, need := true, &need{}
	for _, re := range list {
		more, part := analyse(re)
		if few = few && more != nil && len(texts)+len(more) <= maxTexts; few {
			texts = append(texts, more...)
		}
		need.parts = append(need.parts, needOf(more, part))
	}
	switch {
	case few:
		return texts, nil
	case slices.Contains(need.parts, nil):
		return nil, nil
	}
	return nil, need
}

// analyseSequence analyses abc. As long as the texts of the parts are known, it joins them. For example, the texts of
// (?:a|b)c are "ac" and "bc".
func analyseSequence(list []*syntax.Regexp) (texts []string, n *need) {
	texts = []string{""}
	all := &need{all: true}
	complete := true
	end := func() {
		if part := oneOf(texts); part != nil {
			all.parts = append(all.parts, part)
		}
		texts, complete = []string{""}, false
	}
	for _, re := range list {
		more, part := analyse(re)
		if more == nil {
			end()
			if part != nil {
				all.parts = append(all.parts, part)
			}
			continue
		}
		if len(texts)*len(more) > maxTexts {
			end()
		}
		joined := make([]string, 0, len(texts)*len(more))
		for _, a := range texts {
			for _, b := range more {
				joined = append(joined, a+b)
			}
		}
		texts = joined
	}
	if complete {
		return texts, nil
	}
	if end(); len(all.parts) == 0 {
		return nil, nil
	}
	return nil, all
}

// oneOf returns the need of one of the texts, nil if any of them is too short. A text that contains another one is not
// needed: whatever contains it contains the other one, too.
func oneOf(texts []string) *need {
	one := &need{}
	for i, text := range texts {
		if len(text) < minLiteral {
			return nil
		}
		if !slices.ContainsFunc(texts, func(t string) bool { return t != text && strings.Contains(text, t) }) &&
			!slices.Contains(texts[:i], text) {
			one.parts = append(one.parts, &need{text: text})
		}
	}
	if len(one.parts) == 1 {
		return one.parts[0]
	}
	return one
}

// fold replaces letters that case-insensitive expressions take for an ASCII letter by this letter in lower case: A to
// Z, the long s (U+017F) and the Kelvin sign (U+212A). Other characters stay. So if an expression matches a text, and
// the match contains an ASCII literal in upper or lower case, the folded text contains the folded literal.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return unicode.ToLower(r)
		case r == '\u017F':
			return 's'
		case r == '\u212A':
			return 'k'
		}
		return r
	}, text)
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
