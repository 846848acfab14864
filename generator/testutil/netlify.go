package testutil

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// CompareNetlify sends random requests for the sites of testdata/netlify, 10,000 in all, and compares three replies:
// the one of a server, the one that the table says, and Netlify's. The first two must be the same. They may differ
// from Netlify's only in a way that docs/redirects.md describes; see differences.
//
// start returns a function that sends a request (encoded path and query) to a server with a table and a site.
func CompareNetlify(t *testing.T,
	start func(*testing.T, *redirect.Table, *emulate.Site) func(request string) emulate.Reply) {
	sets := RuleSets(t)
	found := map[string]int{}
	netlify, cloudflare := make([]*OracleFile, len(sets)), make([]*OracleFile, len(sets))
	for i, set := range sets {
		requests := set.Requests(20, Amount(10000, 2000)/len(sets)+1)
		netlify[i] = &OracleFile{Rules: set.Rules, Requests: requests}
		cloudflare[i] = &OracleFile{Rules: set.Rules}
		for _, request := range requests {
			cloudflare[i].Requests = append(cloudflare[i].Requests, forCloudflare(request))
		}
	}
	Netlify.Answer(t, netlify...)
	Cloudflare.Answer(t, cloudflare...)
	for i, set := range sets {
		t.Run(set.Name, func(t *testing.T) {
			rules, err := redirect.Parse(set.Name+".txt", set.Rules)
			if err != nil {
				t.Error(err)
			}
			table := &redirect.Table{Index: NoPackages(t), Rules: redirect.NewRules(rules),
				Files: redirect.FilesOf(set.Site().Paths())}
			set.compare(t, table, start(t, table, set.Site()), netlify[i], cloudflare[i], found)
		})
	}
	for _, kind := range slices.Sorted(maps.Keys(found)) {
		t.Logf("%5d %s", found[kind], kind)
	}
}

// difference is an answer that is not Netlify's.
type difference struct {
	request, path       string          // encoded; decoded and clean
	answer              redirect.Answer // the table's
	netlify, cloudflare OracleReply
	rule                []string // the words of the rule by which Netlify answers; nil for none
}

// query returns the query of the request, encoded.
func (d difference) query() string {
	_, query, _ := strings.Cut(d.request, "?")
	return query
}

// within reports whether a rule has a placeholder or an asterisk that is a part of a segment, and Cloudflare agrees
// with the table.
func (d difference) within() bool {
	re := regexp.MustCompile(`[^/]:[A-Za-z]|/:[A-Za-z]\w*[^\w/]|\*[^/]`)
	ours := d.answer.Rule != nil && re.MatchString(d.answer.Rule.Source)
	return (ours || d.rule != nil && re.MatchString(d.rule[0])) &&
		sameURL(d.cloudflare.Location, d.answer.Location)
}

// conditional reports whether the rule of either answer has conditions.
func (d difference) conditional() bool {
	return d.answer.Rule != nil && len(d.answer.Rule.Conditions) > 0 || d.rule != nil && isCondition(d.rule[1])
}

// differences lists the kinds of differences from Netlify. Each is a sentence of docs/redirects.md, or a part of one.
var differences = []struct {
	documented string
	covers     func(d difference) bool
}{
	{"slashes in a row count as one", func(d difference) bool {
		path, _, _ := strings.Cut(d.request, "?")
		return strings.Contains(unescape(path), "//")
	}},
	{"`.` and `..` are resolved after percent-decoding", func(d difference) bool {
		path, _, _ := strings.Cut(d.request, "?")
		return regexp.MustCompile(`(?i)%2f`).MatchString(path) &&
			regexp.MustCompile(`/\.\.?(/|$)`).MatchString(unescape(path))
	}},
	{"a path with a segment that starts with a dot answers 404", func(d difference) bool {
		return d.answer.Location == "" && (strings.Contains(d.path, "/.") || strings.Contains(d.netlify.File, "/."))
	}},
	{"rules do not apply to `/assets/`, `/-/`, `/404.html` and `/400.html`", func(d difference) bool {
		return regexp.MustCompile(`^/(assets/|-/|40[04]\.html$)`).MatchString(d.path)
	}},
	{"a placeholder or an asterisk may be a part of a segment", difference.within},
	{"Netlify ignores a pattern whose target starts the path of the request", func(d difference) bool {
		target, _, _ := strings.Cut(cmp.Or(d.answer.Location, d.answer.File), "?")
		return d.netlify.Status == 0 && target != "" && strings.HasPrefix(d.path, unescape(target))
	}},
	{"the first of several parameters with the same name counts", func(d difference) bool {
		names := map[string]bool{}
		for parameter := range strings.SplitSeq(d.query(), "&") {
			name, _, _ := strings.Cut(parameter, "=")
			if name = unescape(name); names[name] {
				return d.conditional()
			}
			names[name] = true
		}
		return false
	}},
	{"the name of a parameter may be percent-encoded", func(d difference) bool {
		return d.conditional() && regexp.MustCompile(`(^|&)[^=&]*%[^=&]*=`).MatchString(d.query())
	}},
	{"an empty parameter does not meet `name=:placeholder`", func(d difference) bool {
		return d.conditional() && regexp.MustCompile(`(^|&)[^=&]+=(&|$)`).MatchString(d.query())
	}},
	{"a query may end with `&`", func(d difference) bool {
		return d.conditional() && strings.HasSuffix(d.query(), "&")
	}},
}

// compare compares the replies of ask with the table's and those of the oracles. It counts the differences by kind.
func (s RuleSet) compare(t *testing.T, table *redirect.Table, ask func(string) emulate.Reply,
	netlify, cloudflare *OracleFile, found map[string]int) {
	t.Helper()
	document, err := os.ReadFile(Path("../docs/redirects.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := strings.ToLower(strings.Join(strings.Fields(string(document)), " ")) // without line breaks
	for _, rejected := range netlify.Rejected {
		t.Errorf("Netlify rejects a line: %s", rejected)
	}
	site, lines, failures := s.Site(), strings.Split(s.Rules, "\n"), 0
	fail := func(format string, args ...any) {
		if failures++; failures <= 20 {
			t.Errorf(format, args...)
		}
	}
	for i, request := range netlify.Requests {
		path, query := splitRequest(request)
		d := difference{request: request, path: path, answer: table.Answer(path, query), netlify: netlify.Replies[i],
			cloudflare: cloudflare.Replies[i]}
		if d.netlify.Line > 0 {
			d.rule = strings.Fields(lines[d.netlify.Line-1])
		}
		got := ask(request)
		own, err := TableReply(table, site, request)
		if err != nil {
			t.Fatalf("%s: %v", request, err)
		}
		want, err := OnSite(site, d.netlify, path, query)
		if err != nil {
			t.Fatalf("%s: %v", request, err)
		}
		kind := ""
		if !SameReply(own, want) {
			kind = d.kind()
		}
		if got.Status == own.Status && got.Status >= 400 && !site.Has(string(got.Body)) {
			got = own // an error page of the server itself
		}
		switch {
		case !SameReply(got, own):
			fail("%s: %s; the table's answer is %s", request, describe(got), describe(own))
		case SameReply(own, want):
		case kind == "":
			fail("%s: %s, want %s as Netlify (%v; rule %v)", request, describe(own), describe(want), d.rule,
				d.answer.Rule)
		default:
			if found[kind]++; found[kind] == 1 && !strings.Contains(documented, strings.ToLower(kind)) {
				t.Errorf("%s: %s, but %s on Netlify; docs/redirects.md does not say that %s", request, describe(own),
					describe(want), kind)
			}
		}
	}
	if failures > 20 {
		t.Errorf("%d more of %d requests are answered differently", failures-20, len(netlify.Requests))
	}
}

// kind returns the sentence that explains a difference, "" if none does.
func (d difference) kind() string {
	for _, k := range differences {
		if k.covers(d) {
			return k.documented
		}
	}
	return ""
}

// splitRequest returns the path of a request, decoded and clean, and its query, encoded.
func splitRequest(request string) (path, query string) {
	path, query, _ = strings.Cut(request, "?")
	return emulate.Clean(unescape(path)), query
}

// forCloudflare returns a request in the form in which Cloudflare, which compares encoded paths, captures no
// character that could break a target: without a slash at the end of the path, and with all characters encoded that
// are not unreserved.
func forCloudflare(request string) string {
	path, query := splitRequest(request)
	path = strings.ReplaceAll(url.QueryEscape(strings.Trim(path, "/")), "+", "%20")
	return "/" + strings.ReplaceAll(path, "%2F", "/") + "?" + query
}

// TableReply returns the reply to a request (encoded path and query) that a table says for a site.
func TableReply(table *redirect.Table, site *emulate.Site, request string) (emulate.Reply, error) {
	path, query := splitRequest(request)
	switch a := table.Answer(path, query); {
	case a.Location != "":
		return emulate.Redirect(a.Status, a.Location, ""), nil
	case a.File != "":
		return serveFile(site, path, a.Status, a.File)
	case a.Status >= 400:
		return site.Missing(a.Status, path)
	}
	return site.Serve(path, query)
}

// OnSite returns the reply of a site to a request for which an oracle gives an answer: the file at the path, unless
// the rule is forced or there is no such file; else what the rule says.
func OnSite(site *emulate.Site, rule OracleReply, path, query string) (emulate.Reply, error) {
	file := strings.TrimPrefix(path, "/")
	exists := site.Has(file) || site.Has(strings.TrimPrefix(strings.TrimSuffix(file, "/")+"/index.html", "/"))
	switch {
	case rule.Status == 0, exists && !rule.Force:
		return site.Serve(path, query)
	case rule.Location != "":
		return emulate.Redirect(rule.Status, rule.Location, ""), nil
	}
	return serveFile(site, path, rule.Status, unescape(rule.File))
}

// serveFile returns the reply of a site for a rule that sends a file with a status. The file may be a folder, with or
// without a slash at its end. If there is no such file, the reply is the error page.
func serveFile(site *emulate.Site, path string, status int, file string) (emulate.Reply, error) {
	reply, err := site.Serve(emulate.Clean(file), "")
	if err == nil && reply.Status == http.StatusMovedPermanently {
		reply, err = site.Serve(emulate.Clean(file)+"/", "")
	}
	switch {
	case err != nil:
		return reply, err
	case reply.Status != http.StatusOK && status == http.StatusOK:
		return site.NotFound(path)
	case reply.Status != http.StatusOK:
		return site.Missing(status, path)
	}
	reply.Status = status
	return reply, nil
}

func describe(r emulate.Reply) string {
	if r.Location() != "" {
		return fmt.Sprintf("%d %s", r.Status, r.Location())
	}
	return fmt.Sprintf("%d with %.40q", r.Status, r.Body)
}

// SameReply compares replies: the status, where a redirect leads, and the file that is sent.
func SameReply(a, b emulate.Reply) bool {
	folder := a.Status == http.StatusForbidden || b.Status == http.StatusForbidden // without a page
	if folder && a.Status >= 400 && b.Status >= 400 {
		return true // 404 is as correct as 403
	}
	return a.Status == b.Status && sameURL(a.Location(), b.Location()) &&
		(a.Location() != "" || string(a.Body) == string(b.Body))
}

// sameURL reports whether two targets have the same parts: path, parameters and fragment. It does not matter which
// characters are percent-encoded.
func sameURL(a, b string) bool {
	return slices.Equal(urlParts(a), urlParts(b))
}

func urlParts(location string) []string {
	rest, fragment, _ := strings.Cut(location, "#")
	path, query, _ := strings.Cut(rest, "?")
	parts := []string{"path", unescape(path), "fragment", unescape(fragment)}
	for parameter := range strings.SplitSeq(query, "&") {
		name, value, equals := strings.Cut(strings.ReplaceAll(parameter, "+", "%20"), "=")
		parts = append(parts, unescape(name), fmt.Sprint(equals), unescape(value))
	}
	return parts
}

// unescape decodes text; if it is not validly encoded, it returns it as it is.
func unescape(text string) string {
	decoded, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return decoded
}
