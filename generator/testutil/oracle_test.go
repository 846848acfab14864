package testutil

import (
	"strings"
	"testing"
)

// TestOracles holds what docs/redirects.md says about Netlify and Cloudflare Pages. The answers are those of their own
// programs.
func TestOracles(t *testing.T) {
	const same = "same" // as Netlify's matcher answers
	tests := []struct {
		rules, request           string // rules are separated by semicolons
		netlify, cli, cloudflare string
	}{
		// The first line that matches is used.
		{"/x/* /w/:splat 302; /x/a /exact 302", "/x/a", "302 /w/a", same, same},
		{"/x/a /exact 302; /x/* /w/:splat 302", "/x/a", "302 /exact", same, same},
		{"/a /first 302; /a /second 302", "/a", "302 /first", same, same},
		// Slashes.
		{"/a /b 302", "/a/", "302 /b", same, "-"},
		{"/a/ /b 302", "/a", "302 /b", same, "-"},
		{"/a/:x /b/:x 302", "/a/1/", "302 /b/1", same, "-"},
		{"/a/:x /b/:x 302", "/a/", "-", same, same},
		{"/a/* /b/:splat 302", "/a", "302 /b/", same, "-"},
		{"/a/* /b/:splat 302", "/a/", "302 /b/", same, same},
		{"/a/* /b/:splat 302", "/a/x/", "302 /b/x/", same, same},
		{"/a/* /b/:splat 302", "/ax", "-", same, same},
		{"/a/b /x 302", "/a//b", "-", same, same},
		{"/a/* /x/:splat 302", "/a//b", "302 /x//b", same, same},
		// Asterisks: a wildcard where a segment ends; on Cloudflare anywhere, but only once.
		{"/preset-* /p/:splat 302", "/preset-env", "302 /p/env", same, same},
		{"/preset-* /p/:splat 302", "/preset-a/b/", "302 /p/a/b/", same, same},
		{"/preset-* /p/:splat 302", "/preset-", "302 /p/", same, same},
		{"/preset-* /p/:splat 302", "/preset", "-", same, same},
		{"/*/upgrading/x /u/:splat 302", "/v1/upgrading/x", "302 /u/v1", same, same},
		{"/*/upgrading/x /u/:splat 302", "/v1/a/upgrading/x", "302 /u/v1/a", same, same},
		{"/*/upgrading/x /u/:splat 302", "/v1/upgrading/x/", "302 /u/v1", same, "-"},
		{"/*/upgrading/x /u/:splat 302", "/upgrading/x", "302 /u/", same, "-"},
		{"/x*/y /u/:splat 302", "/xa/b/y", "302 /u/a/b", same, same},
		{"/a*b /u/:splat 302", "/aXb", "-", same, "302 /u/X"},
		{"/a/*/b/*/c /u/:splat 302", "/a/1/b/2/c", "302 /u/1", same, "-"},
		{"/a/*/b/*/c /u/:splat 302", "/a/1/b/2/b/3/c", "302 /u/1/b/2", same, "-"},
		// Placeholders: a whole segment; on Cloudflare anywhere.
		{"/a/:x /b/:x 302", "/a/x.y=z", "302 /b/x.y%3Dz", "302 /b/x.y=z", "302 /b/x.y=z"},
		{"/b-:id /c/:id 302", "/b-7", "-", same, "302 /c/7"},
		{"/c/:id.html /d/:id 302", "/c/q.html", "302 /d/:id", same, "302 /d/q"},
		{"/c/:id.html /d/:id 302", "/c/q", "302 /d/:id", same, "-"},
		{"/:a/:ab /t/:ab/:a 302", "/1/2", "302 /t/1b/1", same, "-"},
		{"/a/:x /b/:y 302", "/a/1", "302 /b/:y", same, same},
		// Encoding.
		{"/wiki/* /w/:splat 302", "/wiki/Caf%C3%A9", "302 /w/Caf%C3%A9", same, same},
		{"/wiki/* /w/:splat 302", "/wiki/a%3Fb%23c", "302 /w/a%3Fb%23c", "302 /w/a?b#c", "302 /w/a%3Fb%23c"},
		{"/wiki/* /w/:splat 302", "/wiki/a%2Fb", "302 /w/a/b", same, "302 /w/a%2Fb"},
		{"/wiki/:x /w/:x 302", "/wiki/a%2Fb", "-", same, "302 /w/a%2Fb"},
		{"/wiki/* /w/:splat 302", "/wiki/a%0Ab", "302 /w/a%0Ab", "-", "302 /w/a%0Ab"},
		{"/wiki/* /w/:splat 302", "/wiki/%ff", "302 /w/%FF", "error", "302 /w/%ff"},
		{"/go/* /x?to=:splat 302", "/go/a%26b%3Dc", "302 /x?to=a%26b%3Dc", "302 /x?to=a&b=c", "302 /x?to=a%26b%3Dc"},
		{"/* /:splat 302", "/%2Fevil.example", "302 //evil.example", "302 https://evil.example/",
			"302 /%2Fevil.example"},
		{"/café /x 302", "/caf%C3%A9", "302 /x", same, same},
		{"/caf%C3%A9 /x 302", "/caf%C3%A9", "302 /x", "-", "302 /x"},
		{"/caf%C3%A9 /x 302", "/caf%c3%a9", "302 /x", "-", "-"},
		{"/Abc /x 302", "/abc", "-", same, same},
		// Queries.
		{"/a /b 302", "/a?q=1&r=%20", "302 /b?q=1&r=%20", "302 /b?q=1&r=+", "302 /b?q=1&r=%20"},
		{"/a /b?x=1 302", "/a?q=1", "302 /b?x=1", same, same},
		{"/a /b#c 302", "/a?q=1", "302 /b?q=1#c", same, same},
		{"/a https://x.example/b 302", "/a?q=1", "302 https://x.example/b?q=1", same, same},
		{"/a id=:id /b/:id 302", "/a?x=1&id=7", "302 /b/7?x=1&id=7", same, "-"},
		{"/a id=:id /b/:id 302", "/a?id=1&id=2", "302 /b/2?id=1&id=2", same, "-"},
		{"/a id=:id /b/:id 302", "/a?id=", "302 /b/?id=", same, "-"},
		{"/a id=:id /b/:id 302", "/a?id", "-", same, same},
		{"/a id=:id /b/:id 302", "/a?%69d=7", "-", same, same},
		{"/a id=:id /b/:id 302", "/a?id=7&", "-", same, same},
		{"/a id=:id /b/:id 302", "/a?ID=7", "-", same, same},
		{"/a id=:id /b?i=:id 302", "/a?id=x%20%26y", "302 /b?i=x%20%26y", "302 /b?i=x+%26y", "-"},
		{"/a id=:id /b/:id 302", "/a?id=..%2Fy", "302 /b/..%2Fy?id=..%2Fy", same, "-"},
		{"/a id=q /b 302; /a /c 302", "/a?id=%71", "302 /b?id=%71", "302 /b?id=q", "302 /c?id=%71"},
		{"/a id=q /b 302; /a /c 302", "/a?id=r", "302 /c?id=r", same, same},
		// Statuses.
		{"/a /b", "/a", "301 /b", same, "302 /b"},
		{"/a /b 303", "/a", "303 /b", same, same},
		{"/a /b 200", "/a?q", "200 /b", same, same},
		{"/a /b 301!", "/a", "301 /b", same, "-"},
		{"/a /b 404", "/a", "404 /b", same, "-"},
		{"/a /b 410", "/a", "410 /b", same, "-"},
		{"/a 410", "/a", "-", same, same},
		{"/a/* 200", "/a/b", "200 /a/b", same, "-"},
		{"/* /index.html 200", "/a", "200 /index.html", same, "-"},
		{"/a /b 302 Country=us", "/a", "-", same, same},
		// Netlify's guard against loops: a rule with an asterisk whose target would match again.
		{"/a/* /a/:splat 302; /* /z 302", "/a/x", "-", same, "302 /a/x"},
		{"/a/* /a 302; /* /z 302", "/a/x", "-", same, "302 /a"},
		{"/a/* /a/x 302; /* /z 302", "/a/xyz", "-", same, "302 /a/x"},
		{"/a/* /a/x 302; /* /z 302", "/a/y", "302 /a/x", same, same},
		{"/a/:x /a/:x 302", "/a/1", "302 /a/1", same, same},
		{"/a /a/ 302", "/a/", "302 /a/", same, "-"},
		// Lines.
		{"/a /b 302 # comment", "/a", "302 /b", same, "-"},
		{"/a /b#c 302", "/a", "302 /b#c", same, same},
		{"\uFEFF/a /b 302\r", "/a", "302 /b", same, same},
		{"/a\t\u00A0/b\t302", "/a", "302 /b", same, same},
		{"a /b 302", "/a", "302 /b", same, same},
		{"/a http://x.example/ 302", "/a", "302 http://x.example/", same, "-"},
		{"/a /b /c", "/a", "-", same, same},
		{"/a /b 302 303", "/a", "302 /b", same, "-"},
		{"https://site.example/a /b 302", "/a", "302 /b", same, "-"},
		{"/a https://x.example/ 200", "/a", "200 https://x.example/", same, "-"},
	}
	answers := map[Oracle][]*OracleFile{}
	for _, o := range []Oracle{Netlify, NetlifyCLI, Cloudflare} {
		for _, tt := range tests {
			rules := strings.ReplaceAll(tt.rules, "; ", "\n")
			answers[o] = append(answers[o], &OracleFile{Rules: rules, Requests: []string{tt.request}})
		}
		o.Answer(t, answers[o]...)
	}
	for i, tt := range tests {
		for o, want := range map[Oracle]string{Netlify: tt.netlify, NetlifyCLI: tt.cli, Cloudflare: tt.cloudflare} {
			if want == same {
				want = tt.netlify
			}
			if f := answers[o][i]; f.Replies[0].String() != want {
				t.Errorf("%s with %q on %s: %q, want %q (rejected: %q)", o, tt.rules, tt.request, f.Replies[0], want,
					f.Rejected)
			}
		}
	}
}
