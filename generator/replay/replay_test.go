package replay

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/accesslog"
)

func newList(t testing.TB) *List {
	t.Helper()
	formats, err := accesslog.NewFormats(nil, accesslog.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	return NewList(formats)
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestFormats reads the same five requests from a list and from logs in several formats.
func TestFormats(t *testing.T) {
	combined := `203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET /find?os=win HTTP/1.1" 200 9 "-" "curl/8"
203.0.113.9 - jane [20/Sep/2026:00:01:33 +0000] "GET /find?os=win HTTP/1.1" 200 9 "https://x.example/?token=1" "curl/8"
203.0.113.9 - - [20/Sep/2026:00:01:34 +0000] "GET / HTTP/1.1" 200 9 "-" "curl/8"
203.0.113.9 - - [20/Sep/2026:00:01:35 +0000] "HEAD /a%20b HTTP/2.0" 200 9 "-" "curl/8"
203.0.113.9 - - [20/Sep/2026:00:01:36 +0000] "GET /bitstream/66 HTTP/1.1" 302 9 "-" "curl/8"
`
	var syslog strings.Builder
	for line := range strings.Lines(combined) {
		syslog.WriteString("Sep 20 00:01:32 web nginx: " + line)
	}
	tests := map[string]string{
		"list": "# requests\n/find?os=win\nhttps://download.example.org/find?os=win#x\n\nhttps://download.example.org\n" +
			"HEAD /a%20b\nGET http://other.example/bitstream/66",
		"list with a byte order mark and CRLF": "\ufeff/find?os=win\r\n/find?os=win\r\n/\r\nHEAD /a%20b\r\n/bitstream/66\r\n",
		"combined":                             combined,
		"compressed":                           zipped(t, combined),
		"syslog":                               syslog.String(),
		"CloudFront": "#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)\n" +
			"2026-09-20\t00:01:32\t203.0.113.9\tGET\t/find\tos=win\t200\tcurl/8\n" +
			"2026-09-20\t00:01:33\t203.0.113.9\tGET\t/find\tos=win\t200\tcurl/8\n" +
			"2026-09-20\t00:01:34\t203.0.113.9\tGET\t/\t-\t200\tcurl/8\n" +
			"2026-09-20\t00:01:35\t203.0.113.9\tHEAD\t/a%2520b\t-\t200\tcurl/8\n" +
			"2026-09-20\t00:01:36\t203.0.113.9\tGET\t/bitstream/66\t-\t302\tcurl/8\n",
		"IIS": "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status\n" +
			"2026-09-20 00:01:32 10.0.0.1 GET /find os=win 203.0.113.9 curl/8+x 200\n" +
			"2026-09-20 00:01:33 10.0.0.1 GET /find os=win 203.0.113.9 curl/8+x 200\n" +
			"2026-09-20 00:01:34 10.0.0.1 GET / - 203.0.113.9 curl/8+x 200\n" +
			"2026-09-20 00:01:35 10.0.0.1 HEAD /a%20b - 203.0.113.9 curl/8+x 200\n" +
			"2026-09-20 00:01:36 10.0.0.1 GET /bitstream/66 - 203.0.113.9 curl/8+x 302\n",
		"JSON lines": `
{"remote_addr":"203.0.113.9","time":"2026-09-20T00:01:32Z","method":"GET","uri":"/find","args":"os=win","status":200}
{"remote_addr":"203.0.113.9","time":"2026-09-20T00:01:32Z","request":"GET /find?os=win HTTP/1.1","status":200}
{"remote_addr":"203.0.113.9","time":"2026-09-20T00:01:32Z","method":"GET","uri":"/","args":"-","status":200}
{"remote_addr":"203.0.113.9","time":"2026-09-20T00:01:32Z","request":"HEAD /a%20b HTTP/1.1","status":200}
{"remote_addr":"203.0.113.9","time":"2026-09-20T00:01:32Z","request":"GET /bitstream/66 HTTP/1.1","status":302}
`,
	}
	want := []Request{
		{http.MethodGet, "/find?os=win", 2}, {http.MethodGet, "/", 1}, {http.MethodHead, "/a%20b", 1},
		{http.MethodGet, "/bitstream/66", 1},
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			l := newList(t)
			if err := l.Read("requests", strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, l.Requests()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if l.LeftOut != (LeftOut{}) {
				t.Errorf("left out: %+v", l.LeftOut)
			}
		})
	}
}

// TestLeftOut checks that a list leaves out what must not or cannot be sent, and counts it.
func TestLeftOut(t *testing.T) {
	l := newList(t)
	text := `/ok
/find?access_token=abc
/find?os=win&Api%5FKey=1
/x?X-Amz-Signature=1
not a request
203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "POST /find HTTP/1.1" 405 9 "-" "curl/8"
203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "\x16\x03\x01" 400 9 "-" "-"
203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET *.example HTTP/1.1" 400 9 "-" "-"
203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET /a\x0Ab HTTP/1.1" 400 9 "-" "-"
203.0.113.9 - - [20/Sep/2026:00:01:32 +0000] "GET /caf\xC3\xA9?q=\x22 HTTP/1.1" 404 9 "-" "-"
https://jane:secret@download.example.org/private
`
	if err := l.Read("access.log", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	want := []Request{{"GET", "/ok", 1}, {"GET", `/caf%C3%A9?q="`, 1}, {"GET", "/private", 1}}
	if diff := cmp.Diff(want, l.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	left := LeftOut{Methods: 2, Credentials: 3, Invalid: 3,
		First: `access.log:5: line does not match the log format (found "not a request")`}
	if diff := cmp.Diff(left, l.LeftOut); diff != "" {
		t.Errorf("left out (-want +got):\n%s", diff)
	}
}

// FuzzRead checks that every request that a list returns can be sent: a path without blanks, control characters,
// fragment and credentials. Reading the list that they make returns the same requests.
func FuzzRead(f *testing.F) {
	f.Add("/find?os=win\nHEAD /\n# comment\nhttps://a.example/x#y\n")
	f.Add(`1.2.3.4 - - [20/Sep/2026:00:01:32 +0000] "GET http://a.example?x HTTP/1.1" 200 9 "-" "-"` + "\n")
	f.Add("#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-09-20\t00:01:32\t1.2.3.4\tGET\t/x\t200\n")
	f.Add("GET  \t/\x80?TOKEN=\nHTTP://\n//\n")
	f.Fuzz(func(t *testing.T, text string) {
		l := newList(t)
		if l.Read("requests", strings.NewReader(text)) != nil {
			return
		}
		var again strings.Builder
		for _, r := range l.Requests() {
			if r.Method != "GET" && r.Method != "HEAD" || !strings.HasPrefix(r.Target, "/") || r.Count < 1 ||
				strings.ContainsFunc(r.Target, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' }) ||
				hasCredentials(r.Target) {
				t.Fatalf("%+v", r)
			}
			for range min(r.Count, 1000) {
				again.WriteString(r.String() + "\n")
			}
		}
		m := newList(t)
		if err := m.Read("again", strings.NewReader(again.String())); err != nil {
			t.Fatal(err)
		}
		if len(text) < 1000 && !slices.Equal(l.Requests(), m.Requests()) {
			t.Errorf("read again: %v, want %v", m.Requests(), l.Requests())
		}
	})
}
