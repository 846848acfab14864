package compare

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/replay"
)

// Pages selects what is compared of HTML pages.
type Pages string

// The choices for HTML.
const (
	PagesNone      Pages = "none"      // nothing but status and headers
	PagesDownloads Pages = "downloads" // the links to packages, in order, which programs read
	PagesLinks     Pages = "links"     // the title and all links within the site
	PagesAll       Pages = "bytes"     // every byte, for two versions of the same site
)

// AllPages lists the choices for HTML.
func AllPages() []Pages { return []Pages{PagesNone, PagesDownloads, PagesLinks, PagesAll} }

// bodies compares two bodies by what they are.
func (c *differ) bodies(old, now *replay.Reply) []Difference {
	oldType, newType := mediaType(old), mediaType(now)
	switch isPage := newType == "text/html"; {
	case (oldType == "text/html") != isPage:
		return nil // content-type says it
	case isPage && c.html != PagesAll:
		return c.pages(old.Body, now.Body)
	}
	if isJSON(oldType) || isJSON(newType) {
		a, errA := decode(old.Body)
		b, errB := decode(now.Body)
		if errA == nil && errB == nil {
			d := values{own: c.own}
			d.compare("", a, b)
			return d.list
		}
	}
	return c.bytes(old, now)
}

// mediaType returns the media type of a reply: text/html.
func mediaType(r *replay.Reply) string {
	text, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return text
}

func isJSON(mediaType string) bool {
	return strings.HasSuffix(mediaType, "/json") || strings.HasSuffix(mediaType, "+json")
}

// decode decodes a JSON value. Numbers keep their digits.
func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&v); err == nil && d.More() {
		err = fmt.Errorf("text after the value")
	}
	return v, err
}

// values collects the differences between two JSON values.
type values struct {
	own  own
	list []Difference
}

// compare compares the values at a path, such as win.release.size or [2].id.
func (d *values) compare(path string, old, now any) {
	if len(d.list) >= maxDifferences {
		return
	}
	switch a := old.(type) {
	case map[string]any:
		if b, ok := now.(map[string]any); ok {
			d.objects(path, a, b)
			return
		}
	case []any:
		if b, ok := now.([]any); ok {
			d.arrays(path, a, b)
			return
		}
	case string:
		if b, ok := now.(string); ok && d.own.relative(a) == d.own.relative(b) {
			return
		}
	case json.Number:
		if b, ok := now.(json.Number); ok && sameNumber(a, b) {
			return
		}
	default: // null, true or false
		if old == now {
			return
		}
	}
	d.add(path, printed(old), printed(now))
}

// identity is the key of a package that identifies it. If it differs, so does nearly everything else, and the
// cause is that the servers have picked different packages.
const identity = "download_url"

func (d *values) objects(path string, old, now map[string]any) {
	if a, ok := old[identity].(string); ok {
		if b, ok := now[identity].(string); ok && d.own.relative(a) != d.own.relative(b) {
			d.compare(strings.TrimPrefix(path+"."+identity, "."), a, b)
			return
		}
	}
	keys := maps.Clone(old)
	maps.Copy(keys, now)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		a, inOld := old[key]
		b, inNew := now[key]
		at := strings.TrimPrefix(path+"."+key, ".")
		switch {
		case !inNew:
			d.add(at, printed(a), nothing)
		case !inOld:
			d.add(at, nothing, printed(b))
		default:
			d.compare(at, a, b)
		}
	}
}

func (d *values) arrays(path string, old, now []any) {
	if len(old) != len(now) {
		d.add(path+"[]", fmt.Sprintf("%d elements", len(old)), fmt.Sprintf("%d elements", len(now)))
	}
	for i := range min(len(old), len(now)) {
		d.compare(fmt.Sprintf("%s[%d]", path, i), old[i], now[i])
	}
}

func (d *values) add(path, old, now string) {
	if len(d.list) < maxDifferences {
		d.list = append(d.list, Difference{Kind: JSON, Name: cmp.Or(path, "whole"), Old: old, New: now})
	}
}

// sameNumber reports whether two numbers have the same value: 1.0 and 1. Whole numbers of any size are exact.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	if !strings.ContainsAny(string(a)+string(b), ".eE") {
		return false
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	return errX == nil && errY == nil && x == y
}

// printed returns a value as JSON, shortened.
func printed(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // what has been decoded can be encoded
	return short(strings.TrimSpace(b.String()))
}

// short cuts a text that is too long for a report.
func short(text string) string {
	const limit = 160
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// bytes compares the bytes of two bodies, but not the own hosts in them.
func (c *differ) bytes(old, now *replay.Reply) []Difference {
	a, b := string(old.Body), string(now.Body)
	if a == b && old.Cut == now.Cut {
		return nil
	}
	if a, b = c.own.relativeAll(a), c.own.relativeAll(b); a == b && old.Cut == now.Cut {
		return nil
	}
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	around := func(text string) string {
		return fmt.Sprintf("%d bytes, at %d %.40q", len(text), at, text[min(max(at-10, 0), len(text)):])
	}
	return []Difference{{Kind: Body, Old: around(a), New: around(b)}}
}

// page is what is compared of an HTML page.
type page struct {
	title     string
	downloads []string
	links     []string
}

// pages compares two HTML pages.
func (c *differ) pages(old, now []byte) (list []Difference) {
	if c.html == PagesNone || bytes.Equal(old, now) {
		return nil
	}
	a, b := c.read(old), c.read(now)
	if c.html == PagesDownloads {
		if !slices.Equal(a.downloads, b.downloads) {
			i := 0
			for i < min(len(a.downloads), len(b.downloads)) && a.downloads[i] == b.downloads[i] {
				i++
			}
			link := func(links []string) string {
				if i == len(links) {
					return nothing
				}
				return links[i]
			}
			list = append(list, Difference{Kind: HTML, Name: fmt.Sprintf("download link %d", i+1),
				Old: link(a.downloads), New: link(b.downloads)})
		}
		return list
	}
	if a.title != b.title {
		list = append(list, Difference{Kind: HTML, Name: "title", Old: cmp.Or(short(a.title), nothing),
			New: cmp.Or(short(b.title), nothing)})
	}
	for _, link := range a.links {
		if _, found := slices.BinarySearch(b.links, link); !found && len(list) < maxDifferences {
			list = append(list, Difference{Kind: HTML, Name: "link", Old: link, New: nothing})
		}
	}
	for _, link := range b.links {
		if _, found := slices.BinarySearch(a.links, link); !found && len(list) < maxDifferences {
			list = append(list, Difference{Kind: HTML, Name: "link", Old: nothing, New: link})
		}
	}
	return list
}

// read reads a page.
func (c *differ) read(body []byte) (p page) {
	z := html.NewTokenizer(bytes.NewReader(body))
	inTitle := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			slices.Sort(p.links)
			p.links = slices.Compact(p.links)
			p.title = strings.Join(strings.Fields(p.title), " ")
			return p
		case html.TextToken:
			if inTitle {
				p.title += string(z.Text())
			}
		case html.EndTagToken:
			inTitle = false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			inTitle = t.DataAtom == atom.Title && p.title == ""
			if t.DataAtom != atom.A {
				continue
			}
			for _, attribute := range t.Attr {
				if attribute.Key == "href" {
					p.add(c.own.relative(strings.TrimSpace(attribute.Val)))
				}
			}
		}
	}
}

// add adds a link. A fragment other than #unnumbered marks the links to packages for other architectures than the page
// is about.
func (p *page) add(href string) {
	path, fragment, _ := strings.Cut(href, "#")
	if strings.HasPrefix(path, lookup.BitstreamPrefix) && (fragment == "" || fragment == "unnumbered") {
		p.downloads = append(p.downloads, path)
	}
	if path != "" && !strings.Contains(path, ":") {
		p.links = append(p.links, path)
	}
}
