package accesslog

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// escape is the way in which a format escapes quotes, control characters and bytes that are not ASCII. The user agent
//
//	Client 1.0 ("test" П)
//
// is written in these ways:
//
//	Client 1.0 (\x22test\x22 \xD0\x9F)                  backslash
//	Client%25201.0%2520(%2522test%2522%2520%25D0%259F)  percent
//	Client 1.0 (\"test\" \u041f)                         jsonText
type escape int

const (
	backslash   escape = iota // \xHH, \" and \\: Nginx, Apache, S3
	percent                   // %HH, encoded twice: CloudFront
	jsonText                  // \" and \uHHHH: JSON
	jsonPercent               // percent within JSON: CloudFront
	plus                      // + for a blank: IIS
	hash                      // #HH: HAProxy
)

// AgentText appends the user agent as the client sent it, without escaping, to dst and returns the extended slice. It
// appends nothing if the client sent none. Invalid UTF-8 is kept.
func (e *Entry) AgentText(dst []byte) []byte {
	if len(e.Agent) == 1 && e.Agent[0] == '-' {
		return dst
	}
	start := len(dst)
	dst = append(dst, e.Agent...)
	text := dst[start:]
	switch e.escape {
	case backslash:
		if bytes.IndexByte(text, '\\') >= 0 {
			text = unescapeBackslash(text)
		}
		if isEncoded(text) {
			text = unescapeHex(unescapeHex(text, '%'), '%')
		}
	case plus:
		for i, c := range text {
			if c == '+' {
				text[i] = ' '
			}
		}
	case hash:
		if bytes.IndexByte(text, '#') >= 0 {
			text = unescapeHex(text, '#')
		}
	case percent, jsonPercent:
		if e.escape == jsonPercent && bytes.IndexByte(text, '\\') >= 0 {
			text = unescapeJSON(text)
		}
		// CloudFront encodes twice: a space is written as %2520, which decodes to %20 and then to the space.
		for range 2 {
			if bytes.IndexByte(text, '%') >= 0 {
				text = unescapeHex(text, '%')
			}
		}
	case jsonText:
		if bytes.IndexByte(text, '\\') >= 0 {
			text = unescapeJSON(text)
		}
	}
	return dst[:start+len(text)]
}

// isEncoded reports whether a user agent is percent-encoded, as in logs of CloudFront that other programs have
// exported.
func isEncoded(agent []byte) bool {
	return bytes.IndexByte(agent, '%') >= 0 && bytes.IndexByte(agent, ' ') < 0 &&
		(bytes.Contains(agent, []byte("%20")) || bytes.Contains(agent, []byte("%2520")))
}

// Unescape returns a target as the client sent it: Nginx and Apache write \x22 for a quote.
func Unescape(target []byte) []byte {
	if bytes.IndexByte(target, '\\') < 0 {
		return target
	}
	return unescapeBackslash(bytes.Clone(target))
}

// The unescape functions work in place, because an escape sequence is never shorter than the bytes that it encodes.
// They keep invalid sequences unchanged.

func unescapeBackslash(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch c := b[i]; c {
		case 'x':
			if v, ok := hexByte(b[i+1:]); ok {
				out = append(out, v)
				i += 2
			} else {
				out = append(out, '\\', c)
			}
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'b':
			out = append(out, '\b')
		case 'v':
			out = append(out, '\v')
		case '"', '\\':
			out = append(out, c)
		default:
			out = append(out, '\\', c)
		}
	}
	return out
}

// unescapeHex decodes a mark followed by two hex digits: %20, #22.
func unescapeHex(b []byte, mark byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		if b[i] == mark {
			if v, ok := hexByte(b[i+1:]); ok {
				out = append(out, v)
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

func unescapeJSON(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch c := b[i]; c {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'x': // not JSON, but what Nginx writes without escape=json
			if v, ok := hexByte(b[i+1:]); ok {
				out = append(out, v)
				i += 2
			} else {
				out = append(out, c)
			}
		case 'u':
			if r, width := jsonRune(b[i+1:]); width > 0 {
				out = utf8.AppendRune(out, r)
				i += width
			} else {
				out = append(out, '\\', c)
			}
		default:
			out = append(out, c)
		}
	}
	return out
}

// jsonRune decodes the text after \u: four hex digits, or a surrogate pair such as d83d\ude00 (😀). It returns the
// rune and the number of bytes read, which is 0 if there are no hex digits. Half a pair decodes to U+FFFD.
func jsonRune(b []byte) (r rune, width int) {
	hi, ok := hexRune(b)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(hi) {
		if len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
			if lo, ok := hexRune(b[6:]); ok {
				if r := utf16.DecodeRune(hi, lo); r != utf8.RuneError {
					return r, 10
				}
			}
		}
		return utf8.RuneError, 4
	}
	return hi, 4
}

// hexRune decodes the four hex digits at the beginning of b.
func hexRune(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	hi, ok1 := hexByte(b)
	lo, ok2 := hexByte(b[2:])
	return rune(hi)<<8 | rune(lo), ok1 && ok2
}

// hexByte decodes the two hex digits at the beginning of b.
func hexByte(b []byte) (byte, bool) {
	if len(b) < 2 {
		return 0, false
	}
	hi, lo := hexDigit(b[0]), hexDigit(b[1])
	return hi<<4 | lo, hi < 16 && lo < 16
}

// hexDigit returns the value of a hex digit, or 0xff for another character.
func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}
