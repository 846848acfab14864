package site

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
)

// internalFolder holds fragments that the web server includes in pages. Pages must not link to them.
const internalFolder = "-/"

// Server describes what the web server answers besides the files of an edition. With the zero Server, these are the
// only ones.
type Server struct {
	// Rule returns the answer of the redirect rules and aliases to a request for a path (decoded) and a query (still
	// encoded). ok is false if no rule matches.
	Rule func(path, rawQuery string) (a RuleAnswer, ok bool)
	// HasFile reports whether the server has another file at a path below public/. A build does not write or remove
	// that file: someone has put it there.
	HasFile func(path string) bool
	// Partial is set if some rules cannot be read. A link without a target may be one to their sources then, so it is
	// not an error.
	Partial bool
}

// RuleAnswer is the answer of a redirect rule to a request.
type RuleAnswer struct {
	Status int         // 301, 302, 303, 307 or 308; 200; 404 or 410
	Target string      // of a redirect: the Location. Of status 200: the path of the page that is served
	Force  bool        // the rule comes before a page at the same path
	Lasts  bool        // the answer does not depend on the packages
	Known  bool        // a missing target is a mistake in the rule, which is reported there
	At     fault.Place // where the rule is written
}

// rendered is a page with its HTML and links.
type rendered struct {
	page  *Page
	html  []byte
	links []string
}

// linkChecker checks links against everything that the web server answers.
type linkChecker struct {
	host     string // host of the base URL: links to it are internal
	index    *lookup.Index
	server   Server
	known    map[string]*rendered       // by URL path; nil for files that are not pages
	ids      map[string]map[string]bool // ids by URL path, for pages that are the target of a link with a fragment
	unread   []string                   // front matter with mistakes: its aliases may be missing among the rules
	verdicts map[string]verdict         // of links that do not depend on the page they are on
}

// verdict describes what is wrong with a link. Its text is "" if the link is valid.
type verdict struct {
	text     string
	warning  bool // the link works, or may work again with other packages
	redirect bool // the link works, but leads to a redirect
	unserved bool // the server answers with an error
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
	link = strings.Trim(link, htmlSpace)
	if link == "" {
		return verdict{text: "empty link; write its address, or remove it"}
	}
	var v verdict
	if fragment, ok := strings.CutPrefix(link, "#"); ok {
		v = c.fragment(page, fragment)
	} else if a, text, ok := c.resolve(page, link); ok {
		v = c.answer(a, maxRedirects)
		if url, ok := c.pageOf(page, link); ok && v.unserved {
			v.text = "not a part of this site; write " + withFragment(url, a.fragment)
		}
	} else {
		return verdict{text: text}
	}
	if v.text != "" {
		v.text = fmt.Sprintf("link to %s: %s", link, v.text)
	}
	return v
}

// address is an address of the site.
type address struct {
	path     string // decoded
	query    string // still encoded
	fragment string // as written, without the #
}

// String returns the address as a link.
func (a address) String() string {
	u := url.URL{Path: a.path, RawQuery: a.query}
	return withFragment(u.String(), a.fragment)
}

// withFragment adds a fragment to a link without one.
func withFragment(link, fragment string) string {
	if fragment == "" {
		return link
	}
	return link + "#" + fragment
}

// resolve returns the address that a link on the page at a URL path leads to. ok is false if it is not an address of
// the site; then text says what is wrong with the link, "" for a link to elsewhere.
func (c *linkChecker) resolve(page, link string) (a address, text string, ok bool) {
	before, fragment, _ := strings.Cut(link, "#") // a fragment may have a % alone, which url.Parse refuses
	u, err := url.Parse(before)
	if err != nil {
		return a, fmt.Sprintf("link is not a URL (found %q)", link), false
	}
	switch u.Scheme {
	case "javascript", "vbscript":
		return a, fmt.Sprintf("link runs a script (found %q)", link), false
	case "", "http", "https":
	default:
		return a, "", false
	}
	if u.Host != "" && !strings.EqualFold(u.Host, c.host) {
		return a, "", false
	}
	if u.Host == "" {
		u = (&url.URL{Path: page}).ResolveReference(u)
	}
	return address{cmp.Or(u.Path, "/"), u.RawQuery, fragment}, "", true
}

// maxRedirects is the number of redirects that a link is followed through. Browsers follow 20; a longer chain, or a
// loop, is reported for the rules.
const maxRedirects = 10

// unpublished is the message about a link to a package that may be published again.
const unpublished = "no such package is published at present"

// answer returns the verdict on a request for an address. As the server does, it tries the download API first, then
// rules and files.
func (c *linkChecker) answer(a address, redirects int) verdict {
	path, query := a.path, a.query
	if route, q, ok := c.index.Spec().Permalink(path); ok {
		path, query = string(route), q
	}
	api := c.index.Answer(path, query)
	switch api.Kind {
	case lookup.NotOurs, lookup.NoSuchID:
	case lookup.BadQuery:
		return verdict{text: "the download API refuses it: " + api.Problem.Error(), unserved: true}
	case lookup.NoMatch:
		return verdict{text: "no package matches it at present", warning: true, unserved: true}
	default:
		return c.fragment(a.path, a.fragment)
	}
	var rule RuleAnswer
	ruled := false
	if c.server.Rule != nil {
		rule, ruled = c.server.Rule(a.path, a.query)
	}
	folder, isIndex := strings.CutSuffix(a.path, pageName)
	before := !ruled || !rule.Force // whether a file comes before the rule
	switch {
	case before && c.exists(a.path):
		return c.fragment(a.path, a.fragment)
	case before && isIndex && c.exists(folder):
		return c.instead("a second address of the page", address{folder, a.query, a.fragment})
	case ruled:
		return c.follow(rule, a, redirects)
	case api.Kind == lookup.NoSuchID:
		return verdict{text: unpublished, warning: true, unserved: true}
	case c.exists(a.path + "/"):
		return c.instead("a redirect", address{a.path + "/", a.query, a.fragment})
	case c.server.Partial || c.mayBeAlias(a.path):
		return verdict{}
	}
	return verdict{text: "not a part of this site" + c.suggest(a.path), unserved: true}
}

// instead returns the verdict on a link that works, but should have another address.
func (c *linkChecker) instead(why string, a address) verdict {
	if v := c.fragment(a.path, a.fragment); v.text != "" {
		return v
	}
	return verdict{text: why + "; write " + a.String(), warning: true, redirect: true}
}

// follow returns the verdict on a request that a rule answers.
func (c *linkChecker) follow(rule RuleAnswer, a address, redirects int) verdict {
	switch {
	case rule.Status >= 400 && rule.Lasts:
		return verdict{text: fmt.Sprintf("the rule at %s answers %d", rule.At, rule.Status), unserved: true}
	case rule.Status >= 400:
		return verdict{text: unpublished, warning: true, unserved: true}
	}
	target := rule.Target
	if !strings.Contains(target, "#") { // browsers keep the fragment of the link
		target = withFragment(target, a.fragment)
	}
	redirect := verdict{text: fmt.Sprintf("a redirect (%s); write %s", rule.At, target), warning: true, redirect: true}
	next, _, internal := c.resolve(a.path, target)
	var v verdict
	switch {
	case !internal:
		return redirect
	case rule.Status == 200 && c.exists(next.path): // the server does not try rules a second time
		return c.fragment(next.path, next.fragment)
	case rule.Status == 200:
		v = verdict{text: "not a part of this site", unserved: true}
	case redirects == 0:
		return verdict{redirect: true} // no text: the loop is reported for the rules
	default:
		v = c.answer(next, redirects-1)
	}
	switch {
	case v.redirect: // v has the target of the last redirect
		return v
	case v.text == "":
		return redirect
	case v.unserved && rule.Known:
		return verdict{}
	}
	v.text = fmt.Sprintf("the rule at %s leads to %s: %s", rule.At, next, v.text)
	return v
}

// exists reports whether there is a file for a path.
func (c *linkChecker) exists(path string) bool {
	if _, ok := c.known[path]; ok {
		return true
	}
	if c.server.HasFile == nil {
		return false
	}
	file := strings.TrimPrefix(path, "/")
	if file == "" || strings.HasSuffix(file, "/") {
		file += pageName
	}
	return c.server.HasFile(file)
}

// mayBeAlias reports whether a path may be an alias that could not be read because of a mistake in the front matter.
func (c *linkChecker) mayBeAlias(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return path != "" && slices.ContainsFunc(c.unread, func(text string) bool { return strings.Contains(text, path) })
}

// pageOf returns the URL of the page that a relative link means as the path of a content file, as on GitHub. For
// example, in content/guide.md, docs/install.md is content/docs/install.md, whose page is /docs/install/.
func (c *linkChecker) pageOf(page, link string) (url string, ok bool) {
	from := c.known[page]
	file, _, _ := strings.Cut(link, "#")
	if from == nil || strings.HasPrefix(link, "/") || !isPage(file) {
		return "", false
	}
	folder := path.Dir(strings.TrimPrefix(from.page.Source, contentFolder))
	url = urlOf(documentPath(path.Join(folder, percentDecode(file))))
	_, ok = c.known[url]
	return url, ok
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

// fragment returns the verdict on the part of a link after the #, which leads to a page (HTML standard, "the indicated
// part of the document"): to the top of the page for "" and "top", else to the element with that id, or that name in an
// <a>. The fragment is compared as it is written, and then percent-decoded. What follows :~: is for the browser:
//
//	#first-steps    #100%    #Caf%C3%A9    #first-steps:~:text=Windows
func (c *linkChecker) fragment(path, fragment string) verdict {
	p := c.known[path]
	fragment, _, _ = strings.Cut(fragment, ":~:")
	if p == nil || p.html == nil || fragment == "" {
		return verdict{}
	}
	ids := c.ids[path]
	if ids == nil {
		ids = map[string]bool{}
		eachAttribute(p.html, func(key string, value []byte) {
			if key == "id" {
				ids[string(value)] = true
			}
		})
		c.ids[path] = ids
	}
	decoded := percentDecode(fragment)
	if ids[fragment] || ids[decoded] || strings.EqualFold(decoded, "top") {
		return verdict{}
	}
	return verdict{text: fmt.Sprintf("no element has the id %q%s", decoded,
		fault.DidYouMean(decoded, sortedKeys(ids)))}
}

// percentDecode decodes the percent-encoded bytes of a text (URL standard, "percent-decode"). Unlike url.PathUnescape,
// it keeps a % that two hexadecimal digits do not follow.
func percentDecode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
