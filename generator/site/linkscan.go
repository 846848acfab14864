package site

import (
	"bytes"
	"iter"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// scanner collects the links of rendered pages, one page at a time. It keeps one copy of each link's string for all
// pages, because most links are on every page.
type scanner struct {
	words map[string]string
	seen  map[string]bool // links seen on the current page
}

func newScanner() *scanner { return &scanner{words: map[string]string{}, seen: map[string]bool{}} }

// links returns the page's links in order, each once. It leaves out a link to a part of the same page (#id) if the page
// has that id.
func (s *scanner) links(page []byte) []string {
	clear(s.seen)
	var links, ids []string
	add := func(link string) {
		if !s.seen[link] {
			s.seen[link] = true
			links = append(links, link)
		}
	}
	eachAttribute(page, func(key string, value []byte) {
		word := s.word(value)
		switch key {
		case "id":
			ids = append(ids, word)
		case "srcset", "imagesrcset":
			for at, end := range candidates(word) {
				add(word[at:end])
			}
		default:
			add(word)
		}
	})
	return slices.DeleteFunc(links, func(l string) bool {
		return len(l) > 1 && l[0] == '#' && slices.Contains(ids, l[1:])
	})
}

// word returns the shared string with the content of b.
func (s *scanner) word(b []byte) string {
	word, ok := s.words[string(b)]
	if !ok {
		word = string(b)
		s.words[word] = word
	}
	return word
}

// eachAttribute calls f with each attribute of the page that contains a link or identifies an element. The key of the
// latter is "id", also for the name of an <a>, which fragments can lead to as well. The value is only valid during the
// call.
func eachAttribute(page []byte, f func(key string, value []byte)) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken: // the end: no other errors occur on bytes in memory
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			tag, more := z.TagName()
			isAnchor := string(tag) == "a"
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				switch string(key) {
				case "href", "src", "srcset", "imagesrcset", "action", "poster", "id":
					f(string(key), value)
				case "name":
					if isAnchor {
						f("id", value)
					}
				}
			}
		}
	}
}

// htmlSpace is the white space of HTML.
const htmlSpace = " \t\n\f\r"

// candidates returns the start and end of each URL in a srcset attribute (HTML standard, "parse a srcset attribute"). A
// URL ends at white space, so it may contain commas. The commas at its end, or the next comma that is not in
// parentheses, separate it from the next candidate. For example, the URLs of
//
//	data:image/png;base64,AAAA= 1x, /b.png, /c.png 2x
//
// are data:image/png;base64,AAAA=, /b.png and /c.png.
func candidates(srcset string) iter.Seq2[int, int] {
	return func(yield func(at, end int) bool) {
		for end := 0; ; {
			at := len(srcset) - len(strings.TrimLeft(srcset[end:], htmlSpace+","))
			if at == len(srcset) {
				return
			}
			if end = strings.IndexAny(srcset[at:], htmlSpace) + at; end < at {
				end = len(srcset)
			}
			url := strings.TrimRight(srcset[at:end], ",")
			if !yield(at, at+len(url)) {
				return
			}
			if at+len(url) == end { // no comma at its end, so descriptors follow, such as 2x
				end += descriptors(srcset[end:])
			}
		}
	}
}

// descriptors returns the length of the descriptors of a candidate at the start of a text.
func descriptors(s string) int {
	parentheses := false
	for i := range len(s) {
		switch s[i] {
		case '(':
			parentheses = true
		case ')':
			parentheses = false
		case ',':
			if !parentheses {
				return i
			}
		}
	}
	return len(s)
}
