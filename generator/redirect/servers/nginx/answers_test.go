package nginx_test

import (
	"bufio"
	"compress/gzip"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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
	x := testutil.Index(t, "live")
	s := serveTable(t, &redirect.Table{Index: x, Rules: readRules(t, "/moved /shown.html 302\n/other /shown.html 200\n"+
		"/gone 410\n/missing 404\n/pattern/* /shown.html 301\n/bitstream/9 /shown.html 302\n")})
	id := x.Packages()[0].ID
	for _, path := range []string{
		"/download?os=win", "/download", "/find?os=win", "//find?os=win&version=99", "/findall", "/findall?os=x", "/",
		"/?offset=-1", "/bitstream/" + id, "/bitstream/x", "/bitstream/9", "/latest/win", "/latest/win.json",
		"/latest/nothing", "/shown.html", "/docs/", "/docs", "/nothing", "/.hidden", "/assets/style.css",
		"/assets/nothing", "/api/v1", "/api/v1/packages/" + id + ".json", "/moved", "/other", "/gone", "/missing",
		"/pattern/x",
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

// TestRelative checks that redirects within the site are relative: they have neither the host of the request nor the
// port of Nginx.
func TestRelative(t *testing.T) {
	t.Parallel()
	x := testutil.Index(t, "live")
	s := serveTable(t, &redirect.Table{Index: x, Rules: readRules(t, "/a /shown.html 301\n/b /shown.html 302\n"+
		"/c /shown.html 307\n/d /shown.html 308\n/e/* /docs/:splat 301\n/f id=:id /docs/:id 302\n/g /docs/a/ 200\n"+
		"/bitstream/9 /shown.html 302\n")})
	newest := "/bitstream/" + x.Answer("/download", "os=win").Package.ID
	for request, want := range map[string]string{
		"/docs": "/docs/", "/docs/a": "/docs/a/", "/docs/a?x=y": "/docs/a/?x=y", "//docs//a": "/docs/a/",
		"/assets": "/assets/", "/assets/fonts": "/assets/fonts/", "/api": "/api/", "/api/v1": "/api/v1/",
		"/api/v1/packages": "/api/v1/packages/", "/api/v1?x": "/api/v1/?x",
		"/download?os=win": newest, "/latest/win": newest, "//download?os=win": newest,
		"/a": "/shown.html", "/b": "/shown.html", "/c": "/shown.html", "/d": "/shown.html", "/e/x": "/docs/x",
		"/f?id=x": "/docs/x?id=x", "/bitstream/9": "/shown.html",
	} {
		for _, rest := range []string{
			" HTTP/1.1\r\nHost: elsewhere.example\r\n", " HTTP/1.1\r\nHost: elsewhere.example:8443\r\n",
			" HTTP/1.0\r\n",
		} {
			res, _ := exchange(t, s.URL, "GET "+request+rest+"\r\n")
			if got := res.Header.Get("Location"); got != want || res.StatusCode/100 != 3 {
				t.Errorf("%s%q: %s to %q, want %q", request, rest, res.Status, got, want)
			}
		}
	}
}

// TestPlainHTTP sends a request without TLS to a port for TLS.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(nil) // for its certificate, and its port when it is closed
	cert := secure.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	address := secure.Listener.Addr().String()
	secure.Close()
	site := writeSite(t, &redirect.Table{Index: testutil.NoPackages(t)})
	write(t, site.Redirects, "cert.pem",
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))
	write(t, site.Redirects, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	write(t, site.Redirects, "nginx/server/own.conf", fmt.Appendf(nil,
		"listen %s ssl;\nssl_certificate %s/cert.pem;\nssl_certificate_key %[2]s/key.pem;\n", address, site.Redirects))
	testutil.StartNginx(t, site.Public, site.Redirects)
	res, body := exchange(t, "http://"+address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if res.StatusCode != 400 || body != "error 400" {
		t.Errorf("%s, body %.200q", res.Status, body)
	}
}

// TestErrorPages sends requests for which Nginx has error pages of its own.
func TestErrorPages(t *testing.T) {
	t.Parallel()
	x := testutil.Index(t, "live")
	record := x.Packages()[0].ID + ".json"
	site := writeSite(t, &redirect.Table{Index: x})
	write(t, site.Redirects, "nginx/server/own.conf", []byte("location = /fail { return 500; }\n"+
		"location = /busy { return 503; }\nlocation = /down { proxy_pass http://127.0.0.1:1; }\n"))
	n := testutil.StartNginx(t, site.Public, site.Redirects)
	const host = " HTTP/1.1\r\nHost: localhost\r\n"
	for _, tt := range []struct{ name, request, status, body string }{
		{"no host", "GET / HTTP/1.1\r\n", "400", "error 400"},
		{"invalid host", "GET / HTTP/1.1\r\nHost: a b\r\n", "400", "error 400"},
		{"two hosts", "GET /" + host + "Host: localhost\r\n", "400", "error 400"},
		{"no request line", "hello\r\n", "400", "error 400"},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", "400", "error 400"},
		{"lower case", "get /" + host, "400", "error 400"},
		{"no version", "GET / HTTPS/1.1\r\n", "400", "error 400"},
		{"unknown version", "GET / HTTP/3.0\r\nHost: localhost\r\n", "400", "error 400"},
		{"tunnel", "CONNECT localhost:443" + host, "40", "error 40"},
		{"null", "GET /%00" + host, "400", "error 400"},
		{"invalid escape", "GET /%zz" + host, "400", "error 400"},
		{"above the root", "GET /../x" + host, "400", "error 400"},
		{"invalid header", "GET /" + host + "X: a\x00b\r\n", "400", "error 400"},
		{"long header", "GET /" + host + "X: " + strings.Repeat("x", 40_000) + "\r\n", "400", "error 400"},
		{"many headers", "GET /" + host + strings.Repeat("X: "+strings.Repeat("x", 4000)+"\r\n", 20), "400",
			"error 400"},
		{"long address", "GET /" + strings.Repeat("x", 40_000) + host, "414", "error 414"},
		{"long query", "GET /find?os=win&x=" + strings.Repeat("x", 40_000) + host, "414", "error 414"},
		{"long name", "GET /" + strings.Repeat("x", 4_000) + host, "404", "error 404"},
		{"unknown transfer", "POST /find" + host + "Transfer-Encoding: zip\r\n", "400", "error 400"},
		{"two lengths", "GET /" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "400", "error 400"},
		{"large body", "POST /find" + host + "Content-Length: 9999999\r\n", "405", "error 405"},
		{"large body of a page", "GET /shown.html" + host + "Content-Length: 9999999\r\n", "405", "error 405"},
		{"trace", "TRACE /" + host, "405", "error 405"},
		{"folder without index", "GET /docs/a/" + host, "404", "error 404"},
		{"folder of assets", "GET /assets/" + host, "404", "error 404"},
		{"folder of records", "GET /api/v1/" + host, "404", "error 404"},
		{"nothing", "GET /nothing" + host, "404", "error 404"},
		{"no asset", "GET /assets/nothing.css" + host, "404", "error 404"},
		{"no record", "GET /api/v1/nothing.json" + host, "404", "error 404"},
		{"file as a folder", "GET /shown.html/x" + host, "404", "error 404"},
		{"hidden", "GET /.git/config" + host, "404", "error 404"},
		{"part", "GET /-/null.json" + host, "404", "error 404"},
		{"folder of parts", "GET /-/" + host, "404", "error 404"},
		{"part of the error pages", "GET /-/error/405.html" + host, "404", "error 404"},
		{"nothing in German", "GET /de/nothing" + host, "404", "German error 404"},
		{"nothing in German, two slashes", "GET //de//nothing" + host, "404", "German error 404"},
		{"nothing in a German folder", "GET /de/" + host, "404", "German error 404"},
		{"nothing in German, with a query", "GET /de/nothing?os=win" + host, "404", "German error 404"},
		{"hidden in German", "GET /de/.git/config" + host, "404", "German error 404"},
		{"method in German", "PUT /de/x" + host, "405", "German error 405"},
		{"large body in German", "POST /de/x" + host + "Content-Length: 9999999\r\n", "405", "German error 405"},
		{"not German", "GET /dex/" + host, "404", "error 404"},
		{"not German either", "GET /x/de/" + host, "404", "error 404"},
		{"not a folder", "GET /de?x" + host, "404", "error 404"},
		{"German page", "GET /-/error/de/404.html" + host, "404", "error 404"},
		{"range", "GET /shown.html" + host + "Range: bytes=9999-\r\n", "416", "error 416"},
		{"range of the home page", "GET /" + host + "Range: bytes=9999-\r\n", "416", "error 416"},
		{"range of a record", "GET /api/v1/packages/" + record + host + "Range: bytes=9999-\r\n", "416",
			"error 416"},
		{"condition", "GET /shown.html" + host + "If-Match: \"x\"\r\n", "412", "error 412"},
		{"condition of the home page", "GET /" + host + "If-Match: \"x\"\r\n", "412", "error 412"},
		{"condition of a record", "GET /find?os=win" + host + "If-Match: \"x\"\r\n", "412", "error 412"},
		{"old condition", "GET /shown.html" + host + "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\n", "412",
			"error 412"},
		{"failure", "GET /fail" + host, "500", "error 500"},
		{"limit", "GET /busy" + host, "503", "error 500"},
		{"no backend", "GET /down" + host, "502", "error 500"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, body := exchange(t, n.URL, tt.request+"\r\n")
			cache := res.Header.Values("Cache-Control") // a range is refused when the file has set its headers already
			if !strings.HasPrefix(res.Status, tt.status) || !strings.HasPrefix(body, tt.body) ||
				!slices.Contains(cache, "no-store") || len(res.Header.Values("ETag")) > 1 {
				t.Errorf("%s, body %.200q, headers %v", res.Status, body, res.Header)
			}
		})
	}
}

// exchange sends a request as it is, and reads the response.
func exchange(t *testing.T, url, request string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}
