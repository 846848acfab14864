package testutil

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// unreached are the rules that answer no request on Netlify: a rule before them matches, they have a placeholder that
// is a part of a segment, or their target starts the path of each request.
var unreached = []string{
	"blog /feed/", "docs /docs/v1/changes", "forced /blog/*", "forced /shop/*", "segments /setup-:tool",
	"segments /faq-:topic-:number", "segments /man/:page.:section",
}

// TestRuleSets checks that the requests for every set are valid, and that each rule answers some of them on Netlify.
func TestRuleSets(t *testing.T) {
	for _, s := range RuleSets(t) {
		f := &OracleFile{Rules: s.Rules, Requests: s.Requests(20, 2000)}
		for _, request := range f.Requests {
			if u, err := url.ParseRequestURI(request); err != nil || strings.Contains(request, "#") {
				t.Errorf("%s: %s is not a request: %v, %v", s.Name, request, u, err)
			}
		}
		Netlify.Answer(t, f)
		if len(f.Rejected) > 0 {
			t.Errorf("%s: Netlify rejects %q", s.Name, f.Rejected)
		}
		lines := map[int]bool{}
		for i, r := range f.Replies {
			lines[r.Line] = true
			if r.Error != "" {
				t.Errorf("%s: %s: %s", s.Name, f.Requests[i], r.Error)
			}
		}
		for i, line := range strings.Split(s.Rules, "\n") {
			if line == "" || line[0] == '#' {
				continue
			}
			rule := s.Name + " " + strings.Fields(line)[0]
			if reached := !slices.Contains(unreached, rule); reached != lines[i+1] {
				t.Errorf("line %d, %s: requests reach it: %v, want %v", i+1, rule, lines[i+1], reached)
			}
		}
	}
}
