package redirect

import (
	"fmt"
	"strings"
)

// Characters that the text of a path, or the value of a condition, keeps in a target, as the inside of a character
// class. All others are percent-encoded: those that are not allowed in a URL, such as a space, and those that separate
// its parts, such as & and ?. The slash is not kept in a value, so that a value cannot add a segment to a path. The
// classes mean the same in the regular expressions of Go, PCRE and JavaScript.
const (
	KeptInPath  = "A-Za-z0-9/" + keptMarks
	KeptInValue = "A-Za-z0-9" + keptMarks

	keptMarks = `._~!'()*,:@-`
)

// EncodePath percent-encodes text of a decoded path for a target:
//
//	Café & co/x  ->  Caf%C3%A9%20%26%20co/x
func EncodePath(text string) string {
	return encodeBytes(text, func(c byte) bool { return c == '/' || keptInValue(c) })
}

// EncodeValue percent-encodes the decoded value of a condition for a target.
func EncodeValue(text string) string { return encodeBytes(text, keptInValue) }

func keptInValue(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(keptMarks, c) >= 0
}

// encodeBytes percent-encodes the bytes of a text that are not to be kept.
func encodeBytes(text string, keep func(byte) bool) string {
	at := 0
	for at < len(text) && keep(text[at]) {
		at++
	}
	if at == len(text) {
		return text
	}
	var b strings.Builder
	b.WriteString(text[:at])
	for ; at < len(text); at++ {
		if c := text[at]; keep(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// withQuery adds the query of a request to a target, before its fragment: /a#x and q=1 become /a?q=1#x. It encodes
// bytes that are not allowed in a header.
func withQuery(target, rawQuery string) string {
	if rawQuery == "" {
		return target
	}
	query := encodeBytes(rawQuery, func(c byte) bool { return c > ' ' && c < 0x7f })
	path, fragment, found := strings.Cut(target, "#")
	if found {
		fragment = "#" + fragment
	}
	return path + "?" + query + fragment
}
