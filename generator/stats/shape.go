package stats

import "regexp/syntax"

// The versions of a browser have user agents that differ only in digits, and most expressions treat all digits alike.
// Such an expression matches either all texts of a shape (the same text except for its digits) or none of them. For
// example, these two have the same shape:
//
//	Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0
//	Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0
//
// So an expression that has not matched the first one is not tried for the second one. A log with thousands of user
// agents has some hundreds of shapes.

// maxShapes is the number of shapes that a prefilter remembers. They take 5 MB.
const maxShapes = 10_000

// shapeOf appends the shape of a text to dst: the text with 0 in place of each digit.
func shapeOf(dst []byte, text string) []byte {
	dst = append(dst, text...)
	for i, b := range dst {
		if b >= '0' && b <= '9' {
			dst[i] = '0'
		}
	}
	return dst
}

// distinguishesDigits reports whether an expression treats some digits differently from others.
func distinguishesDigits(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r >= '0' && r <= '9' {
				return true
			}
		}
	case syntax.OpCharClass:
		digits := 0
		for i := 0; i < len(re.Rune); i += 2 {
			digits += max(0, int(min(re.Rune[i+1], '9')-max(re.Rune[i], '0'))+1)
		}
		return digits != 0 && digits != 10
	}
	for _, sub := range re.Sub {
		if distinguishesDigits(sub) {
			return true
		}
	}
	return false
}

// failedFor returns the expressions that have not matched texts of the same shape.
func (p *prefilter) failedFor(text string) bitset {
	p.shape = shapeOf(p.shape[:0], text)
	failed := p.failures[string(p.shape)]
	if failed == nil {
		if len(p.failures) >= maxShapes {
			clear(p.failures)
		}
		failed = make(bitset, len(p.always))
		p.failures[string(p.shape)] = failed
	}
	return failed
}

// fail stores that expression i has not matched the text that has been scanned. It is not tried for this text, and for
// other texts of its shape, again.
func (p *prefilter) fail(i int) {
	if !p.digits.has(i) {
		p.failed.add(i)
	}
}
