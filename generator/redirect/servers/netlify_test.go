package servers_test

import (
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
	"github.com/Slicer/sitegen/generator/redirect/servers/nginx"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestNetlify compares the replies of servers with Netlify's: those of the emulators, which the preview uses, and of a
// real Nginx. CloudFront's emulator runs the function that CloudFront runs.
func TestNetlify(t *testing.T) {
	for _, s := range []redirect.Server{nginx.Server{}, cloudfront.Server{}} {
		t.Run(s.Name(), func(t *testing.T) {
			testutil.CompareNetlify(t,
				func(t *testing.T, table *redirect.Table, site *emulate.Site) func(string) emulate.Reply {
					return newAsker(t, s, table, site).declared(t)
				})
		})
	}
	t.Run("a real nginx", func(t *testing.T) { testutil.CompareNetlify(t, startNginx) })
}

// declared returns a function that sends requests to the server. Where the server declares that it answers differently,
// the reply is the table's; the test logs how often. An error page of the server must have the status of the rule.
func (a *asker) declared(t *testing.T) func(string) emulate.Reply {
	replaced := map[string]int{}
	t.Cleanup(func() {
		for _, reason := range slices.Sorted(maps.Keys(replaced)) {
			t.Logf("%5d declared, so not compared with Netlify: %s", replaced[reason], reason)
		}
	})
	return func(request string) emulate.Reply {
		path, query, _ := strings.Cut(request, "?")
		path, err := url.PathUnescape(path)
		if err != nil {
			t.Fatal(err)
		}
		path = emulate.Clean(path)
		reply, err := a.Answer(a.site, path, query)
		answer, difference := a.Table.Answer(path, query), ""
		if err == nil {
			difference, err = a.Difference(a.site, path, query, reply)
		}
		if err == nil && (difference != "" || answer.Rule != nil) { // an error page of a rule may differ
			if reason := a.reason(path, query, reply); reason != "" {
				replaced[reason]++
				if answer.Status >= 400 && reply.Status != answer.Status {
					t.Errorf("%s: status %d, want %d, although the page may be another one", request, reply.Status,
						answer.Status)
				}
				reply, err = testutil.TableReply(a.Table, a.site, request)
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", request, err)
		}
		return reply
	}
}

// startNginx starts a real Nginx for a table and a site.
func startNginx(t *testing.T, table *redirect.Table, site *emulate.Site) func(string) emulate.Reply {
	compiled := nginx.Server{}.Compile(table)
	if err := compiled.Err(); err != nil {
		t.Fatal(err)
	}
	var files []output.File
	for _, path := range site.Paths() {
		data, err := site.File(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, output.File{Path: path, Data: data})
	}
	dir := t.TempDir()
	public, redirects := filepath.Join(dir, "public"), filepath.Join(dir, "redirects")
	testutil.WriteFiles(t, public, files)
	testutil.WriteFiles(t, redirects, compiled.Files)
	server, client := testutil.StartNginx(t, public, redirects), testutil.Client()
	resolved := 0
	t.Cleanup(func() {
		t.Logf("%5d requests had segments of dots, which were resolved before Nginx got them", resolved)
	})
	return func(request string) emulate.Reply {
		if clean := withoutDots(request); clean != request {
			request = clean
			resolved++
		}
		response, body := testutil.Ask(t, client, http.MethodGet, server.URL+request)
		return emulate.Reply{Status: response.StatusCode, Header: response.Header, Body: []byte(body)}
	}
}

// withoutDots resolves segments of dots in the path of a request, as browsers do before they send it. For other clients,
// Nginx does not encode what a rule captures in such a path, so the rule may not match.
func withoutDots(request string) string {
	path, query, found := strings.Cut(request, "?")
	segments := strings.Split(strings.ReplaceAll(strings.ReplaceAll(path, "%2f", "/"), "%2F", "/"), "/")
	dots := func(s string) bool {
		s = strings.ReplaceAll(strings.ToLower(s), "%2e", ".")
		return s == "." || s == ".."
	}
	if !slices.ContainsFunc(segments, dots) {
		return request
	}
	var kept []string
	for i, s := range segments {
		if strings.ReplaceAll(strings.ToLower(s), "%2e", ".") == ".." && len(kept) > 1 {
			kept = kept[:len(kept)-1]
		}
		if !dots(s) && (s != "" || i == 0 || i == len(segments)-1) {
			kept = append(kept, s)
		} else if i == len(segments)-1 {
			kept = append(kept, "")
		}
	}
	path = strings.Join(kept, "/")
	if found {
		path += "?" + query
	}
	return path
}
