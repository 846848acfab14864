package preview_test

import (
	"net/http"
	"net/http/httputil"
	"regexp"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
	"github.com/Slicer/sitegen/generator/redirect/servers/s3"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestServers sends the same requests to previews of several servers.
func TestServers(t *testing.T) {
	state := liveState(t)
	newest := state.Table.Index.Answer("/find", "os=win").Package
	asS3, asCloudFront := *state, *state
	asS3.As, asCloudFront.As = s3.Server{}, cloudfront.Server{}
	servers := map[string]string{"nginx": start(t, state), "s3": start(t, &asS3), "cloudfront": start(t, &asCloudFront)}
	girder := testutil.API(t) + "/item/"
	for _, tt := range []struct {
		q    string
		want map[string]string // status and Location by server; "" for all other servers
	}{
		{"/", map[string]string{"": "200"}},
		{"/releases/", map[string]string{"": "200"}},
		{"/releases", map[string]string{"": "301 /releases/", "s3": "302 /releases/"}},
		{"/nothing/here/", map[string]string{"": "404"}},
		{"/old", map[string]string{"": "301 /releases/"}},
		{"/old/", map[string]string{"": "301 /releases/"}},
		{"/temporary", map[string]string{"": "302 /preview/", "s3": "301 /preview/"}},
		{"/wiki/a/b", map[string]string{"": "301 https://wiki.example/new/a/b"}},
		{"/gone", map[string]string{"": "410", "s3": "404"}},
		{"/missing", map[string]string{"": "404"}},
		{"/newest", map[string]string{"": "200", "s3": "404"}},
		{"/store?id=5.12.4", map[string]string{"": "302 /releases/5.12.4/?id=5.12.4", "s3": "404"}},
		{"/latest/win", map[string]string{"": "302 /bitstream/" + newest.ID}},
		{"/bitstream/" + newest.ID, map[string]string{"": "302 " + girder + newest.ID + "/download",
			"s3": "301 " + girder + newest.ID + "/download"}},
		{"/bitstream/000000000000000000000000", map[string]string{"": "404"}},
		{"/download?os=win", map[string]string{"": "302 /bitstream/" + newest.ID, "s3": "200"}},
		{"/download?os=beos", map[string]string{"": "400", "s3": "200"}},
		{"/download?os=win&version=99", map[string]string{"": "404", "s3": "200"}},
		{"/findall", map[string]string{"": "200", "s3": "404"}},
		{"/api/v1/latest.json", map[string]string{"": "200"}},
		{"/-/cell/_none.html", map[string]string{"nginx": "404"}},
		{"/.git/config", map[string]string{"nginx": "404"}},
		{"/404.html", map[string]string{"nginx": "404"}},
		{"/assets/", map[string]string{"nginx": "404"}},
		{"/api/", map[string]string{"nginx": "200"}},
		{"/api/v1/", map[string]string{"nginx": "404"}},
	} {
		for name, url := range servers {
			want, ok := tt.want[name]
			if !ok {
				if want, ok = tt.want[""]; !ok {
					continue
				}
			}
			res := ask(t, "GET", url+tt.q)
			if got := strings.TrimSpace(res.Status[:3] + " " + res.Header.Get("Location")); got != want {
				t.Errorf("%s as %s: %s, want %s", tt.q, name, got, want)
			}
		}
	}
}

// TestGoldenAsCloudFront sends recorded requests to a preview that emulates CloudFront.
func TestGoldenAsCloudFront(t *testing.T) {
	state := liveState(t)
	state.As = cloudfront.Server{}
	url := start(t, state)
	for i, g := range testutil.Goldens(t, "golden.jsonl") {
		if i%5 == 0 {
			testutil.AskGolden(t, client, url, g)
		}
	}
}

// TestClients checks that programs receive exactly what will be published, and that browsers also receive the preview's
// script and do not cache pages.
func TestClients(t *testing.T) {
	state := liveState(t)
	url := start(t, state)
	css := regexp.MustCompile(`/assets/site\.[0-9a-f]+\.css`).FindString(ask(t, "GET", url+"/").body)
	page := string(state.Files.(memory)["index.html"])
	for _, tt := range []struct {
		name, path string
		header     map[string]string
		cache      string
		injected   bool
	}{
		{"a program", "/", nil, "public, max-age=300", false},
		{"a program that accepts anything", "/", map[string]string{"Accept": "*/*"}, "public, max-age=300", false},
		{"a browser", "/", map[string]string{"Accept": "text/html,*/*;q=0.8"}, "no-store", true},
		{"a page's style sheet", css, map[string]string{"Sec-Fetch-Site": "same-origin"},
			"public, max-age=31536000, immutable", false},
		{"a page's data", "/api/v1/latest.json", map[string]string{"Sec-Fetch-Site": "same-origin"}, "no-store", false},
		{"the data, for a program", "/api/v1/latest.json", nil, "public, max-age=300", false},
		{"an error page", "/nowhere", nil, "no-store", false},
		{"an error page in a browser", "/nowhere", map[string]string{"Accept": "text/html"}, "no-store", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest("GET", url+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range tt.header {
				req.Header.Set(name, value)
			}
			res := send(t, req)
			if got := res.Header.Get("Cache-Control"); got != tt.cache {
				t.Errorf("Cache-Control %q, want %q", got, tt.cache)
			}
			if got := strings.Contains(res.body, `<script src="/-/preview.js"`); got != tt.injected {
				t.Errorf("the page has the script: %v, want %v", got, tt.injected)
			}
			if tt.path == "/" && !tt.injected && res.body != page {
				t.Error("the page differs from the published one")
			}
		})
	}
}

// TestHosts checks that the preview does not answer to foreign host names, which DNS rebinding uses.
func TestHosts(t *testing.T) {
	url := start(t, liveState(t))
	for host, want := range map[string]int{
		"127.0.0.1:8080": 200, "[::1]:8080": 200, "localhost": 200, "LOCALHOST:99": 200, "site.localhost:8080": 200,
		"192.168.1.7":      200,
		"box.example:8080": 200, "evil.example": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421,
		"xlocalhost": 421, "a.box.example": 421,
	} {
		req, err := http.NewRequest("GET", url+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		if res := send(t, req); res.StatusCode != want {
			t.Errorf("%s: status %d, want %d", host, res.StatusCode, want)
		}
	}
	for _, path := range []string{"/", "/-/", "/-/events", "/nothing"} {
		if res := ask(t, "POST", url+path); res.StatusCode != 405 || res.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("POST %s: %d, headers %v", path, res.StatusCode, res.Header)
		}
	}
}

// TestDetails checks the details page.
func TestDetails(t *testing.T) {
	state := liveState(t)
	url := start(t, state)
	page := ask(t, "GET", url+"/-/")
	for _, want := range []string{"<code>/old /releases/ 301</code>", "rules.txt:1:1", "test data",
		"/latest/win/nightly", "built in", `data-build=`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	p := state.Table.Index.Answer("/find", "os=linux").Package
	explained := ask(t, "GET", url+"/-/?url=%2Fdownload%3Fos%3Dlinux")
	if !strings.Contains(explained.body, p.ID) || !strings.Contains(explained.body, "candidates for linux, release") {
		t.Errorf("no explanation in %s", explained.body)
	}
	hostile := ask(t, "GET", url+"/-/?url=%3Cscript%3Ealert(1)%3C/script%3E")
	if strings.Contains(hostile.body, "<script>alert") {
		t.Error("the URL is not escaped")
	}
	if refused := ask(t, "GET", url+lookup.BitstreamPrefix+"..%2f..%2fx"); refused.StatusCode != 404 {
		dump, _ := httputil.DumpResponse(refused.Response, false)
		t.Errorf("%s", dump)
	}
}
