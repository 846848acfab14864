package nginx_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestSiteHeaders checks that each response has each header of the site once: the defaults, a site's own, and those
// that an administrator has added in the server block.
func TestSiteHeaders(t *testing.T) {
	t.Parallel()
	x := testutil.Index(t, "live")
	own := []redirect.Header{
		{Name: "Strict-Transport-Security", Value: "max-age=31536000; includeSubDomains"},
		{Name: "referrer-policy", Value: "no-referrer"},
		{Name: "X-Odd", Value: `a "quoted" $uri \ ${name} #1; {}`}, {Name: "Permissions-Policy"},
	}
	table := &redirect.Table{Index: x, Headers: redirect.Headers(own), Rules: readRules(t,
		"/moved /shown.html 302\n/other /shown.html 200\n/gone 410\n/own /shown.html 404\n/docs/a/ /shown.html 301!\n")}
	site := writeSite(t, table)
	write(t, site.Redirects, "nginx/server/own.conf", []byte("add_header X-Administrator \"a b\" always;\n"))
	s := &server{testutil.StartNginx(t, site.Public, site.Redirects), table, testutil.Client()}
	s.check(t)

	want := map[string]string{
		"Content-Security-Policy": redirect.DefaultHeaders()[0].Value, "Referrer-Policy": "no-referrer",
		"Strict-Transport-Security": own[0].Value, "X-Content-Type-Options": "nosniff", "X-Odd": own[2].Value,
		"X-Administrator": "a b",
	}
	check := func(request string, res *http.Response) {
		t.Helper()
		for name, value := range want {
			got := res.Header.Values(name)
			if res.StatusCode == http.StatusRequestedRangeNotSatisfiable { // refused after the file has set its headers
				got = slices.Compact(got)
			}
			if !slices.Equal(got, []string{value}) {
				t.Errorf("%s, status %d: %s is %q, want %q", request, res.StatusCode, name, got, value)
			}
		}
		if res.Header.Get("Permissions-Policy") != "" {
			t.Errorf("%s: Permissions-Policy is sent, which the site has removed", request)
		}
		if cache := res.Header.Values("Cache-Control"); len(cache) > 1 &&
			res.StatusCode != http.StatusRequestedRangeNotSatisfiable {
			t.Errorf("%s, status %d: Cache-Control %q", request, res.StatusCode, cache)
		}
	}
	id := x.Packages()[0].ID
	statuses := map[int]bool{}
	for _, path := range []string{
		"/download?os=win", "/download", "/download?os=win&version=99", "/find?os=win", "/find?os=win&version=99",
		"/findall", "/findall?os=x", "/", "/?offset=-1", "/?os=x", "/bitstream/" + id, "/bitstream/x", "/latest/win",
		"/latest/win.json", "/shown.html", "/docs/", "/docs", "/docs/a/", "/nothing", "/.hidden", "/assets/style.css",
		"/assets/nothing", "/api", "/api/v1/packages/" + id + ".json", "/moved", "/other", "/gone", "/own", "/404.html",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			for _, with := range []http.Header{
				nil, {"Range": {"bytes=0-0"}}, {"Range": {"bytes=999999-"}},
				{"If-None-Match": {"*"}},
				{"If-Match": {`"other"`}}, {"Accept-Encoding": {"gzip"}},
			} {
				req, err := http.NewRequest(method, s.URL+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				maps.Copy(req.Header, with)
				res, _ := testutil.Send(t, s.client, req)
				check(method+" "+path, res)
				statuses[res.StatusCode] = true
			}
		}
	}
	for _, request := range []string{
		"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
		"GET / HTTP/3.0\r\n\r\n", "GET /" + strings.Repeat("a", 9000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 40000) + "\r\n\r\n", "G\x00T / HTTP/1.1\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n",
	} {
		res, _ := exchange(t, s.URL, request)
		check(request[:min(len(request), 40)], res)
		statuses[res.StatusCode] = true
	}
	for _, status := range []int{200, 204, 206, 301, 302, 304, 400, 404, 405, 410, 412, 414, 416} {
		if !statuses[status] {
			t.Errorf("no request was answered with status %d", status)
		}
	}
}
