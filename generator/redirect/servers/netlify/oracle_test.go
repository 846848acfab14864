package netlify_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers/netlify"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestHosts lets Netlify's and Cloudflare's own programs read what the server writes, and compares their answers with
// the table's. There must be a warning about each rule that Cloudflare answers differently.
func TestHosts(t *testing.T) {
	sets := testutil.RuleSets(t)
	tables, compilations := make([]*redirect.Table, len(sets)), make([]*redirect.Compilation, len(sets))
	all := [3][]*testutil.OracleFile{} // compiled for Netlify, as written for Netlify, compiled for Cloudflare
	for i, set := range sets {
		tables[i] = table(t, testutil.NoPackages(t), set.Rules)
		tables[i].Files = redirect.FilesOf(set.Files)
		compilations[i] = netlify.Server{}.Compile(tables[i])
		text := string(compilations[i].File(netlify.Server{}, "_redirects"))
		var requests []string
		for _, request := range set.Requests(21, testutil.Amount(1000, 200)) {
			if request, ok := comparable(request); ok {
				requests = append(requests, request)
			}
		}
		for k, rules := range []string{text, set.Rules, text} {
			all[k] = append(all[k], &testutil.OracleFile{Rules: rules, Requests: requests})
		}
	}
	testutil.Netlify.Answer(t, slices.Concat(all[0], all[1])...)
	testutil.Cloudflare.Answer(t, all[2]...)
	for i, set := range sets {
		t.Run(set.Name, func(t *testing.T) {
			tab, compiled := tables[i], compilations[i]
			onNetlify, asWritten, onCloudflare := all[0][i], all[1][i], all[2][i]
			requests := onNetlify.Requests
			if len(onNetlify.Rejected) > 0 {
				t.Errorf("Netlify rejects %q", onNetlify.Rejected)
			}
			for _, line := range onCloudflare.Rejected {
				if !ignoredRE.MatchString(line) {
					t.Errorf("Cloudflare ignores a line: %s", line)
				}
			}
			different := 0
			for i, request := range requests {
				path, query, _ := strings.Cut(request, "?")
				path = unescape(t, path)
				want, err := testutil.TableReply(tab, set.Site(), request)
				if err != nil {
					t.Fatal(err)
				}
				a := tab.Answer(path, query)
				note := warning(compiled, a.Rule) + warning(compiled, a.Behind)
				got, err := testutil.OnSite(set.Site(), onNetlify.Replies[i], path, query)
				was, err2 := testutil.OnSite(set.Site(), asWritten.Replies[i], path, query)
				if err != nil || err2 != nil {
					t.Fatal(err, err2)
				}
				if !testutil.SameReply(got, was) && !testutil.SameReply(got, want) &&
					!strings.Contains(note, "left out") {
					t.Errorf("%s: %d %s on Netlify, want %d %s, and with the rules as written %d %s", request,
						got.Status, got.Location(), want.Status, want.Location(), was.Status, was.Location())
				}
				reply := onCloudflare.Replies[i]
				reply.Force = true
				got, err = testutil.OnSite(set.Site(), reply, path, query)
				switch {
				case err != nil:
					t.Fatal(err)
				case testutil.SameReply(got, want):
				case swallowsSlash(a.Rule, path): // not on Cloudflare
				case strings.Contains(note, "Cloudflare Pages ignores this rule") || strings.Contains(note, "left out"):
					different++
				default:
					t.Errorf("%s: %d %s%s on Cloudflare, want %d %s%s", request, got.Status, got.Location(), got.Body,
						want.Status, want.Location(), want.Body)
				}
			}
			t.Logf("%d requests, %d answered differently on Cloudflare with a warning", len(requests), different)
		})
	}
}

// swallowsSlash reports whether the text before the asterisk of a rule, as in /x-*, is followed by a slash in a path. The
// asterisk does not capture that slash.
func swallowsSlash(r *redirect.Rule, path string) bool {
	if r == nil {
		return false
	}
	text, _, found := strings.Cut(r.Source, "*")
	return found && !strings.HasSuffix(text, "/") && strings.HasPrefix(path, text+"/")
}

// ignoredRE matches the messages of Cloudflare's parser about lines that are not meant for it.
var ignoredRE = regexp.MustCompile(`^(Valid status codes are .* Got (404|410|\d+!)|Expected exactly 2 or 3 .*(#|=)|` +
	`URLs should either be relative .* at :\d+ \| \S+ \S+=|Infinite loop .* \| \S*/\* )`)

// comparable returns a request in the form in which browsers send it. ok is false if hosts resolve the path in
// different ways, or if it has characters that Cloudflare, which does not encode what it captures, passes on with
// another meaning.
func comparable(request string) (_ string, ok bool) {
	path, query, _ := strings.Cut(request, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil || emulate.Clean(decoded) != decoded || strings.Contains(decoded, "/.") ||
		strings.Contains(decoded, "./") || strings.ContainsAny(decoded, "$&+:") ||
		strings.Contains(strings.ToUpper(path), "%2F") {
		return "", false
	}
	path = strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(
		(&url.URL{Path: decoded}).EscapedPath())
	if query != "" {
		path += "?" + query
	}
	return path, true
}
