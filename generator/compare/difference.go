package compare

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/replay"
)

// Kind is the kind of a difference.
type Kind string

// The kinds of differences. A file of known differences and the JSON of a report use these words.
const (
	Unanswered Kind = "unanswered" // a server did not answer
	Status     Kind = "status"
	Location   Kind = "location" // another target of a redirect
	Header     Kind = "header"
	JSON       Kind = "json" // a value in a JSON body
	HTML       Kind = "html" // what Options.HTML selects
	Body       Kind = "body" // any other body
)

// kinds lists the kinds in the order in which reports show them.
func kinds() []Kind { return []Kind{Unanswered, Status, Location, Header, JSON, HTML, Body} }

// Difference is one difference between the answers of two servers.
type Difference struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"` // of the header, or where in the JSON or HTML; "" if the kind says it all
	Old  string `json:"old"`
	New  string `json:"new"`
}

// nothing stands for a value that a server does not have.
const nothing = "none"

// String returns the difference as a file of known differences matches it: "cache-control: none -> no-cache".
func (d Difference) String() string {
	text := d.Old + " -> " + d.New
	if d.Name != "" {
		text = d.Name + ": " + text
	}
	return text
}

var (
	numberRE = regexp.MustCompile(`[0-9a-fA-F]{12,}|[0-9]+(?:\.[0-9]+)+|[0-9]{2,}`)
	indexRE  = regexp.MustCompile(`\[\d+\]`)
	keyIDRE  = regexp.MustCompile(`\b(?:[0-9a-fA-F]{12,}|\d+)\b`)
)

// shape replaces what varies between differences of one cause: numbers and ids.
func shape(text string) string { return numberRE.ReplaceAllString(text, "#") }

// cause returns a text that is the same for differences that probably have the same cause. path is that of the request.
func (d Difference) cause(path string) string {
	switch d.Kind {
	case Status:
		return d.Old + " -> " + d.New + " at " + area(path)
	case Location:
		old, _, _ := strings.Cut(d.Old, "?")
		now, _, _ := strings.Cut(d.New, "?")
		return shape(old) + " -> " + shape(now)
	case Header:
		return d.Name + ": " + shape(d.Old) + " -> " + shape(d.New)
	case JSON:
		what := "other values"
		switch {
		case d.Old == nothing:
			what = "only NEW has it"
		case d.New == nothing:
			what = "only OLD has it"
		}
		return keyIDRE.ReplaceAllString(indexRE.ReplaceAllString(d.Name, "[]"), "#") + ": " + what
	case Unanswered:
		return d.String()
	}
	return d.Name
}

// area returns the part of a site that a path belongs to: a route of the API, a folder, or the files at the root.
func area(path string) string {
	if slices.Contains(lookup.Routes(), lookup.Route(path)) {
		return path
	}
	folder, _, ok := strings.Cut(strings.TrimLeft(path, "/"), "/")
	if !ok {
		return "/…"
	}
	return "/" + folder + "/…"
}

// differ compares the replies of two servers.
type differ struct {
	ignored map[string]bool // headers, in lower case
	html    Pages
	own     own
}

// maxDifferences is the number of differences of one body that are reported. Where more differ, it is all of it.
const maxDifferences = 50

// compare returns the differences between two replies to a request.
func (c *differ) compare(method string, old, now *replay.Reply) []Difference {
	var list []Difference
	if old.Status != now.Status {
		list = append(list, Difference{Kind: Status, Old: fmt.Sprint(old.Status), New: fmt.Sprint(now.Status)})
		if !isRedirect(old.Status) || !isRedirect(now.Status) {
			return list // headers and bodies belong to the status
		}
	}
	from, to := c.own.relative(old.Header.Get("Location")), c.own.relative(now.Header.Get("Location"))
	if !redirect.SameURL(from, to) {
		list = append(list, Difference{Kind: Location, Old: cmp.Or(from, nothing), New: cmp.Or(to, nothing)})
	}
	list = append(list, c.headers(old.Header, now.Header)...)
	if isRedirect(old.Status) { // its body is a note that no program reads
		return slices.DeleteFunc(list, func(d Difference) bool { return d.Name == "content-type" })
	}
	if method == http.MethodGet {
		list = append(list, c.bodies(old, now)...)
	}
	return list
}

func isRedirect(status int) bool {
	return status >= 301 && status <= 308 && status != http.StatusNotModified
}

// defaultIgnored returns headers that say nothing about the content: those of a connection, of a cache and of a single
// answer, and the length, which follows from the body.
func defaultIgnored() []string {
	return []string{
		"accept-ranges", "age", "alt-svc", "connection", "content-length", "date", "etag", "expires", "keep-alive",
		"last-modified", "location", "nel", "report-to", "server", "server-timing", "set-cookie", "transfer-encoding",
		"via", "x-cache", "x-cache-hits", "x-powered-by", "x-request-id", "x-runtime", "x-served-by", "x-timer",
		"x-amz-cf-id", "x-amz-cf-pop", "x-amz-id-2", "x-amz-request-id", "x-amz-version-id",
		"x-amz-server-side-encryption", "cf-ray", "cf-cache-status",
	}
}

// unordered lists headers whose value is a list in any order, and which differs in nothing but the case of letters.
var unordered = map[string]bool{
	"cache-control": true, "vary": true, "allow": true, "access-control-allow-methods": true,
	"access-control-allow-headers": true, "access-control-expose-headers": true,
}

// headers returns the headers that differ, by name.
func (c *differ) headers(old, now http.Header) (list []Difference) {
	names := map[string]bool{}
	for _, h := range []http.Header{old, now} {
		for name := range h {
			if name = strings.ToLower(name); !c.ignored[name] {
				names[name] = true
			}
		}
	}
	for name := range names {
		a, b := c.header(old, name), c.header(now, name)
		if a != b {
			list = append(list, Difference{Kind: Header, Name: name, Old: cmp.Or(a, nothing), New: cmp.Or(b, nothing)})
		}
	}
	slices.SortFunc(list, func(a, b Difference) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

var parameterRE = regexp.MustCompile(`\s*;\s*`)

// header returns the value of a header in a form in which equal values have the same text.
func (c *differ) header(h http.Header, name string) string {
	values := h.Values(name)
	text := strings.Join(values, ", ")
	switch {
	case unordered[name]:
		var parts []string
		for part := range strings.SplitSeq(strings.ToLower(text), ",") {
			part = strings.TrimSpace(part)
			if part != "" && (name != "vary" || part != "accept-encoding") { // requests do not accept encodings
				parts = append(parts, part)
			}
		}
		slices.Sort(parts)
		return strings.Join(slices.Compact(parts), ", ")
	case name == "content-type":
		return parameterRE.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), "; ")
	}
	return c.own.relative(strings.TrimSpace(text))
}
