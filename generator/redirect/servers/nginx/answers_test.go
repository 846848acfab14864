package nginx_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestCompressed checks that composed answers are compressed, also behind a proxy, and contain the same as the others.
func TestCompressed(t *testing.T) {
	t.Parallel()
	s := serve(t, testutil.Packages(t, "live"))
	for _, request := range []string{"/findall", "/findall?offset=-1&os=win", "/?offset=-1", "//findall"} {
		_, want := testutil.Ask(t, s.client, "GET", s.URL+request)
		for _, via := range []string{"", "1.1 proxy"} {
			req, err := http.NewRequest("GET", s.URL+request, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept-Encoding", "gzip")
			if via != "" {
				req.Header.Set("Via", via)
			}
			res, err := s.client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if h := res.Header; h.Get("Content-Encoding") != "gzip" || h.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: headers %v", request, h)
			} else if zr, err := gzip.NewReader(res.Body); err != nil {
				t.Errorf("%s: %v", request, err)
			} else if body, err := io.ReadAll(zr); err != nil || string(body) != want {
				t.Errorf("%s: %d bytes and error %v, want %d bytes", request, len(body), err, len(want))
			}
			res.Body.Close()
		}
	}
}

// TestMethods sends requests with other methods than GET and HEAD.
func TestMethods(t *testing.T) {
	t.Parallel()
	packages := testutil.Packages(t, "live")
	s := serve(t, packages)
	for _, path := range []string{
		"/download?os=win", "/download", "/find?os=win", "//find?os=win&version=99", "/findall", "/findall?os=x", "/",
		"/?offset=-1", "/bitstream/" + packages[0].ID, "/bitstream/x", "/latest/win", "/latest/win.json", "/shown.html",
		"/nothing", "/assets/style.css", "/api/v1/packages/" + packages[0].ID + ".json",
	} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "PROPFIND", "BREW", "TRACE", "OPTIONS"} {
			var content io.Reader
			if method == "POST" {
				content = strings.NewReader(strings.Repeat("x", 1<<12))
			}
			req, err := http.NewRequest(method, s.URL+path, content)
			if err != nil {
				t.Fatal(err)
			}
			res, body := testutil.Send(t, s.client, req)
			status, want := 405, "error 405"
			if method == "OPTIONS" {
				status, want = 204, ""
			}
			allow := res.Header.Values("Allow")
			if res.StatusCode != status || body != want || !slices.Equal(allow, []string{"GET, HEAD, OPTIONS"}) {
				t.Errorf("%s %s: status %d, body %.100q, Allow %q", method, path, res.StatusCode, body, allow)
			}
		}
	}
}

// TestErrorPages sends requests for which Nginx has error pages of its own.
func TestErrorPages(t *testing.T) {
	t.Parallel()
	site := writeSite(t, &redirect.Table{Index: testutil.NoPackages(t)})
	write(t, site.Redirects, "nginx/server/own.conf", []byte("location = /fail { return 500; }"))
	n := testutil.StartNginx(t, site.Public, site.Redirects)
	const host = "Host: localhost\r\n\r\n"
	for _, tt := range []struct{ name, request, status, body string }{
		{"no host", "GET / HTTP/1.1\r\n\r\n", "400", "error 400"},
		{"invalid host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400", "error 400"},
		{"long header", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 40_000) + "\r\n" + host, "400", "error 400"},
		{"folder without index", "GET /assets/ HTTP/1.1\r\n" + host, "404", "error 404"},
		{"folder of records", "GET /api/v1/ HTTP/1.1\r\n" + host, "404", "error 404"},
		{"nothing", "GET /nothing HTTP/1.1\r\n" + host, "404", "error 404"},
		{"hidden", "GET /.git/config HTTP/1.1\r\n" + host, "404", "error 404"},
		{"part", "GET /-/null.json HTTP/1.1\r\n" + host, "404", "error 404"},
		{"large body", "POST /find HTTP/1.1\r\nContent-Length: 9999999\r\n" + host, "405", "error 405"},
		{"part of the error pages", "GET /-/error/405.html HTTP/1.1\r\n" + host, "404", "error 404"},
		{"failure", "GET /fail HTTP/1.1\r\n" + host, "500", "error 500"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", strings.TrimPrefix(n.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, tt.request); err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || !strings.HasPrefix(res.Status, tt.status) || string(body) != tt.body ||
				res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s, body %.200q, error %v, headers %v", res.Status, body, err, res.Header)
			}
		})
	}
}
