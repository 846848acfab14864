package site

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
)

// internalFolder holds fragments that the web server includes in pages. Pages must not link to them.
const internalFolder = "-/"

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
	eachAttribute(page, func(key, value []byte) {
		word := s.word(value)
		switch string(key) {
		case "id":
			ids = append(ids, word)
		case "srcset":
			for candidate := range strings.SplitSeq(word, ",") {
				if f := strings.Fields(candidate); len(f) > 0 {
					add(f[0])
				}
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

// eachAttribute calls f with each attribute of the page that contains a link or is an id. The slices are only valid
// during the call.
func eachAttribute(page []byte, f func(key, value []byte)) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken: // the end: no other errors occur on bytes in memory
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			_, more := z.TagName()
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				switch string(key) {
				case "href", "src", "srcset", "action", "poster", "id":
					f(key, value)
				}
			}
		}
	}
}

// rendered is a page with its HTML and links.
type rendered struct {
	page  *Page
	html  []byte
	links []string
}

// linkChecker checks links against all URLs of the site.
type linkChecker struct {
	host     string // host of the base URL: links to it are internal
	index    *lookup.Index
	known    map[string]*rendered       // by URL path; nil for files that are not pages
	ids      map[string]map[string]bool // ids by URL path, for pages that are the target of a link with a fragment
	verdicts map[string]verdict         // of links that do not depend on the page they are on
}

// verdict describes what is wrong with a link. Its text is "" if the link is valid.
type verdict struct {
	text    string
	warning bool // the link depends on the catalogue, so it may become valid again
}

// badLink is a broken link and the pages that contain it, in order.
type badLink struct {
	verdict
	link  string
	pages []*rendered
}

// check returns the broken links, ordered.
func (c *linkChecker) check(pages []*rendered) []*badLink {
	found := map[string]*badLink{}
	for _, p := range pages {
		for _, link := range p.links {
			v := c.verdict(p.page.URL(), link)
			if v.text == "" {
				continue
			}
			key := link + "\x00" + v.text
			if found[key] == nil {
				found[key] = &badLink{verdict: v, link: link}
			}
			found[key].pages = append(found[key].pages, p)
		}
	}
	bad := make([]*badLink, 0, len(found))
	for _, key := range sortedKeys(found) {
		bad = append(bad, found[key])
	}
	return bad
}

// verdict returns the verdict on a link of the page at a URL path.
func (c *linkChecker) verdict(page, link string) verdict {
	if !strings.HasPrefix(link, "/") { // a relative link: its meaning depends on the page
		return c.judge(page, link)
	}
	v, ok := c.verdicts[link]
	if !ok {
		v = c.judge(page, link)
		c.verdicts[link] = v
	}
	return v
}

func (c *linkChecker) judge(page, link string) verdict {
	if link == "" {
		return verdict{text: "empty link"}
	}
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil {
		return verdict{text: fmt.Sprintf("link is not a URL (found %q)", link)}
	}
	switch u.Scheme {
	case "javascript", "vbscript":
		return verdict{text: fmt.Sprintf("link runs a script (found %q)", link)}
	case "", "http", "https":
	default:
		return verdict{}
	}
	if u.Host != "" && !strings.EqualFold(u.Host, c.host) {
		return verdict{}
	}
	if u.Host == "" {
		u = (&url.URL{Path: page}).ResolveReference(u)
	}
	v := c.path(cmp.Or(u.Path, "/"), u.RawQuery)
	if v.text == "" {
		v = c.fragment(u.Path, u.Fragment)
	}
	if v.text != "" {
		v.text = fmt.Sprintf("link to %s: %s", link, v.text)
	}
	return v
}

// path returns the verdict on an internal link, without regard to its fragment.
func (c *linkChecker) path(path, query string) verdict {
	if route, q, ok := c.index.Spec().Permalink(path); ok {
		path, query = string(route), q
	}
	switch a := c.index.Answer(path, query); a.Kind {
	case lookup.NotOurs:
	case lookup.BadQuery:
		return verdict{text: "the download API refuses it: " + a.Problem.Error()}
	case lookup.NoMatch:
		return verdict{text: "no package matches it at present", warning: true}
	case lookup.NoSuchID:
		return verdict{text: "no such package is published at present", warning: true}
	default:
		return verdict{}
	}
	if _, ok := c.known[path]; ok {
		return verdict{}
	}
	return verdict{text: "not a part of this site" + c.suggest(path)}
}

// suggest returns a hint with the path that is most similar to a wrong one.
func (c *linkChecker) suggest(path string) string {
	page := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(path, indexName), pageName), markdownExt)
	for _, p := range []string{page, page + "/"} {
		if _, ok := c.known[p]; ok {
			return fmt.Sprintf("; write %s", p)
		}
	}
	return fault.DidYouMean(path, sortedKeys(c.known))
}

// fragment returns the verdict on the part of a link after the #.
func (c *linkChecker) fragment(path, fragment string) verdict {
	p := c.known[path]
	if p == nil || p.html == nil || fragment == "" || fragment == "top" || strings.HasPrefix(fragment, ":~:") {
		return verdict{}
	}
	if strings.HasPrefix(p.page.Path, internalFolder) { // its ids are in the page that includes it
		return verdict{}
	}
	ids := c.ids[path]
	if ids == nil {
		ids = map[string]bool{}
		eachAttribute(p.html, func(key, value []byte) {
			if string(key) == "id" {
				ids[string(value)] = true
			}
		})
		c.ids[path] = ids
	}
	if ids[fragment] {
		return verdict{}
	}
	return verdict{text: fmt.Sprintf("no element has the id %q%s", fragment,
		fault.DidYouMean(fragment, sortedKeys(ids)))}
}
