package girder_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/girder"
	"github.com/Slicer/sitegen/generator/testutil"
)

// serve starts a server that answers the first request with the first handler and so on, the last of them
// all further ones, and counts the requests.
func serve(t *testing.T, handlers ...http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	requests := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := requests.Add(1)
		handlers[min(int(n), len(handlers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	return server, requests
}

// answer gives a status and a body.
func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// hijack takes the connection over and writes raw, then closes it.
func hijack(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, raw)
		conn.Close()
	}
}

// client asks base and does not wait between tries; it records how long it would have waited.
func client(base string, pauses *[]time.Duration) *girder.Client {
	return &girder.Client{Base: base + "/api/v1", App: testutil.App, Retries: 4, Timeout: time.Minute,
		Sleep: func(ctx context.Context, pause time.Duration) error {
			*pauses = append(*pauses, pause)
			return nil
		}}
}

const (
	listing = `[{"_id":"6a464e2543581bffa4f3cccb","size":333433559,"meta":{"os":"linux"}}]`
	nginx   = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
	failed  = `{"message": "An unexpected error occurred on the server.", "type": "internal", "uid": "bd9dc2b6"}`
)

var records = []girder.Item{{ID: "6a464e2543581bffa4f3cccb", Size: 333433559, OS: "linux"}}

func TestFetchAsksOnce(t *testing.T) {
	var got *http.Request
	server, requests := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		answer(200, listing, "Content-Type", "application/json")(w, r)
	})
	var pauses []time.Duration
	found, err := client(server.URL, &pauses).Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(records, found); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	request := []string{got.Method, got.URL.String(), got.Header.Get("Accept"), got.UserAgent(), got.Header.Get("Accept-Encoding")}
	want := []string{"GET", "/api/v1/app/" + testutil.App + "/package?limit=0", "application/json", girder.DefaultUserAgent, "gzip"}
	if diff := cmp.Diff(want, request); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if requests.Load() != 1 || len(pauses) != 0 {
		t.Errorf("%d requests, pauses %v", requests.Load(), pauses)
	}
}

func TestFetchUnderstands(t *testing.T) {
	tests := []struct {
		name     string
		handlers []http.HandlerFunc
		requests int64
	}{
		{"compressed", []http.HandlerFunc{answer(200, compressed(listing), "Content-Encoding", "gzip")}, 1},
		{"no content type", []http.HandlerFunc{answer(200, listing, "Content-Type", "")}, 1},
		{"redirect on the host", []http.HandlerFunc{answer(301, "", "Location", "/api/v1/moved"), answer(200, listing)}, 2},
		{"better the second time", []http.HandlerFunc{answer(500, failed), answer(200, listing)}, 2},
		{"better the last time", []http.HandlerFunc{answer(502, nginx), answer(503, ""), answer(429, ""), answer(504, nginx), answer(200, listing)}, 5},
		{"cut off once", []http.HandlerFunc{hijack("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + listing[:20]), answer(200, listing)}, 2},
		{"cut off without a length", []http.HandlerFunc{hijack("HTTP/1.0 200 OK\r\n\r\n" + listing[:20]), answer(200, listing)}, 2},
		{"cut off between chunks", []http.HandlerFunc{hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[{\r\n"), answer(200, listing)}, 2},
		{"cut off while compressed", []http.HandlerFunc{answer(200, compressed(listing)[:40], "Content-Encoding", "gzip"), answer(200, listing)}, 2},
		{"damaged while compressed", []http.HandlerFunc{answer(200, strings.Replace(compressed(listing), "\x00\x00\x00", "\x01\xff\xff", 1)+"x", "Content-Encoding", "gzip"), answer(200, listing)}, 2},
		{"nothing with status 200", []http.HandlerFunc{answer(200, ""), answer(200, listing)}, 2},
		{"hung up", []http.HandlerFunc{hijack(""), answer(200, listing)}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, requests := serve(t, test.handlers...)
			var pauses []time.Duration
			found, err := client(server.URL, &pauses).Fetch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(records, found); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if requests.Load() != test.requests {
				t.Errorf("%d requests, want %d", requests.Load(), test.requests)
			}
		})
	}
}

func TestFetchFails(t *testing.T) {
	always := func(h http.HandlerFunc) []http.HandlerFunc { return []http.HandlerFunc{h} }
	tests := []struct {
		name     string
		handlers []http.HandlerFunc
		kind     girder.Kind
		problem  string // the whole of it
		hint     string // a part of it
		requests int64
	}{
		{"bad app", always(answer(400, `{"field": "id", "message": "Invalid ObjectId: 123", "type": "validation"}`)),
			girder.Rejected, `the server answered 400 ("Invalid ObjectId: 123")`, "Check app: it is the _id", 1},
		{"bad parameter", always(answer(400, `{"message": "Invalid value for arch: \"arm64\".", "type": "rest"}`)),
			girder.Rejected, `the server answered 400 ("Invalid value for arch: \"arm64\".")`, "Check app", 1},
		{"no plugin", always(answer(400, `{"message": "No matching route for \"GET app/5f44/package\"", "type": "rest"}`)),
			girder.NoSuchRoute, `the server answered 400 ("No matching route for \"GET app/5f44/package\"")`, "slicer_package_manager", 1},
		{"sign in", always(answer(401, `{"message": "You must be logged in.", "type": "access"}`)),
			girder.Denied, `the server answered 401 ("You must be logged in.")`, "without signing in", 1},
		{"forbidden", always(answer(403, "\n <html>no</html>")),
			girder.Denied, `the server answered 403 (an HTML page: "<html>no</html>")`, "without signing in", 1},
		{"not found", always(answer(404, "404 page not found\n")),
			girder.NoSuchRoute, `the server answered 404 (found "404 page not found\n")`, "/api/v1", 1},
		{"too many requests", always(answer(429, "")),
			girder.Busy, `the server answered 429 (nothing else)`, "less often", 5},
		{"internal error", always(answer(500, failed)),
			girder.ServerError, `the server answered 500 ("An unexpected error occurred on the server.")`, "server's log", 5},
		{"bad gateway", always(answer(502, nginx)), girder.Gateway,
			`the server answered 502 (an HTML page: "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r")`, "Girder is down", 5},
		{"gateway timeout", always(answer(504, "<html>")), girder.Gateway,
			`the server answered 504 (an HTML page: "<html>")`, "Girder is down", 5},
		{"another status", always(answer(202, "[]")), girder.NoListing,
			`the server answered 202 (found "[]")`, "/api/v1", 1},
		{"page with status 200", always(answer(200, "<!DOCTYPE html><title>Girder</title>")), girder.NoListing,
			`a page instead of a listing (an HTML page: "<!DOCTYPE html><title>Girder</title>")`, "/api/v1", 1},
		{"error with status 200", always(answer(200, failed)), girder.NoListing,
			`an object instead of a listing ("An unexpected error occurred on the server.")`, "/api/v1", 1},
		{"object with status 200", always(answer(200, `{"apiVersion": 3}`)), girder.NoListing,
			`line 1, column 1 of the listing: a JSON array was expected (found "{\"apiVersion\": 3}")`, "/api/v1", 1},
		{"no JSON", always(answer(200, "[{]")), girder.NoListing,
			`line 1, column 3 of the listing: item 1: invalid character ']' at start of value`, "/api/v1", 1},
		{"22-byte zip", always(answer(200, "PK\x05\x06"+strings.Repeat("\x00", 18))), girder.NoListing,
			`line 1, column 1 of the listing: a JSON array was expected (found "PK\x05\x06` + strings.Repeat(`\x00`, 18) + `")`, "/api/v1", 1},
		{"always cut off", always(hijack("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{")), girder.CutOff,
			"the answer was cut off or damaged (unexpected EOF)", "broke off", 5},
		{"always cut off without a length", always(hijack("HTTP/1.0 200 OK\r\n\r\n[{}")), girder.CutOff,
			"line 1, column 4 of the listing: item 2: cut off", "broke off", 5},
		{"too large", always(answer(200, "["+strings.Repeat(" ", 2000)+"]")), girder.TooLarge,
			"the answer is larger than the limit of 1000 bytes", "girder.max_size", 1},
		{"too large when decompressed", always(answer(200, compressed("["+strings.Repeat(" ", 2000)+"]"), "Content-Encoding", "gzip")), girder.TooLarge,
			"the answer is larger than the limit of 1000 bytes", "girder.max_size", 1},
		{"another host", always(answer(302, "", "Location", "https://elsewhere.example/api/v1")), girder.Redirected,
			`redirected to "https://elsewhere.example/api/v1"`, "has moved", 1},
		{"in a circle", always(answer(302, "", "Location", "/api/v1/app")), girder.Redirected,
			`redirected to "` + "BASE" + `/api/v1/app"`, "has moved", 10},
		{"asks for an hour", always(answer(503, "", "Retry-After", "3600")), girder.Gateway,
			"the server answered 503 (nothing else)", "left alone for 1h0m0s", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, requests := serve(t, test.handlers...)
			var pauses []time.Duration
			c := client(server.URL, &pauses)
			c.MaxSize = 1000
			found, err := c.Fetch(t.Context())
			failure, ok := errors.AsType[*girder.Failure](err)
			if !ok || found != nil {
				t.Fatalf("%d records, error %v", len(found), err)
			}
			if failure.Kind != test.kind {
				t.Errorf("kind %q, want %q", failure.Kind, test.kind)
			}
			if diff := cmp.Diff(strings.ReplaceAll(test.problem, "BASE", server.URL), failure.Problem); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
			if hints := fault.Hints(err); fault.KindOf(err) != fault.Source || len(hints) != 1 || !strings.Contains(hints[0], test.hint) {
				t.Errorf("kind %v, hints %q, want one with %q", fault.KindOf(err), hints, test.hint)
			}
			if !strings.HasPrefix(err.Error(), "fetch "+server.URL+"/api/v1/app/"+testutil.App+"/package?limit=0: ") {
				t.Errorf("the error does not name the URL: %v", err)
			}
			if requests.Load() != test.requests {
				t.Errorf("%d requests, want %d", requests.Load(), test.requests)
			}
		})
	}
}

func TestFetchWaits(t *testing.T) {
	later := time.Date(2026, 11, 22, 12, 0, 45, 0, time.UTC)
	now := later.Add(-45 * time.Second)
	server, _ := serve(t,
		answer(503, "", "Retry-After", "7"),
		answer(503, "", "Retry-After", later.Format(http.TimeFormat), "Date", now.Format(http.TimeFormat)),
		answer(503, "", "Retry-After", "soon"),
		answer(503, "", "Retry-After", "-5"),
		answer(200, listing))
	var pauses []time.Duration
	c := client(server.URL, &pauses)
	var log bytes.Buffer
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	if _, err := c.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(pauses) != 4 || pauses[0] != 7*time.Second || pauses[1] != 45*time.Second {
		t.Fatalf("pauses %v, want 7s, 45s and two more", pauses)
	}
	// Without a wish of the server: 1, 2, 4, 8 s, a quarter more or less.
	if pauses[2] < 3*time.Second || pauses[2] > 5*time.Second || pauses[3] < 6*time.Second || pauses[3] > 10*time.Second {
		t.Errorf("pauses %v do not double", pauses)
	}
	if got := strings.Count(log.String(), `level=WARN msg="ask girder again" after="the server answered 503`); got != 4 {
		t.Errorf("%d tries in the log, want 4:\n%s", got, log.String())
	}
}

func TestFetchGivesUpOnSlowServers(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "[")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	server, requests := serve(t, slow)
	var pauses []time.Duration
	c := client(server.URL, &pauses)
	c.Timeout, c.Retries = 500*time.Millisecond, 1
	_, err := c.Fetch(t.Context())
	failure, ok := errors.AsType[*girder.Failure](err)
	if !ok || failure.Kind != girder.TimedOut || failure.Tries != 2 || requests.Load() != 2 {
		t.Errorf("error %v after %d requests, want two that timed out", err, requests.Load())
	}
	if want := "no whole answer within the time limit (2 tries)"; !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want %q at the end", err, want)
	}
}

func TestFetchStopsWhenTold(t *testing.T) {
	for _, when := range []string{"asking", "waiting"} {
		t.Run(when, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			server, requests := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if when == "asking" {
					cancel()
					<-r.Context().Done()
				}
				w.WriteHeader(503)
			})
			c := &girder.Client{Base: server.URL, App: testutil.App, Retries: 3}
			if when == "waiting" {
				c.Log = slog.New(slog.NewTextHandler(writer(func() { cancel() }), nil)) // told just before it waits
			}
			_, err := c.Fetch(ctx)
			if !errors.Is(err, context.Canceled) || fault.KindOf(err) == fault.Source || requests.Load() != 1 {
				t.Errorf("error %v after %d requests, want %v after one", err, requests.Load(), context.Canceled)
			}
		})
	}
}

// writer calls itself when something is written.
type writer func()

func (w writer) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

func TestFetchWithoutAServer(t *testing.T) {
	secure := httptest.NewUnstartedServer(answer(200, listing))
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	secure.StartTLS()
	defer secure.Close()
	plain, _ := serve(t, answer(200, listing))
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	tests := []struct {
		name, base string
		kind       girder.Kind
		hint       string
		tries      int
	}{
		{"nobody listens", "http://" + closed.Addr().String(), girder.Unreachable, "is running", 2},
		{"no such host", "http://girder.invalid", girder.Unreachable, "Check the host name", 2},
		{"certificate nobody knows", secure.URL, girder.Untrusted, "certificate authorities", 1},
		{"no https there", strings.Replace(plain.URL, "http:", "https:", 1), girder.Unreachable, "in a browser", 2},
		{"no URL", "http://[", girder.Rejected, "Check the source", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var pauses []time.Duration
			c := client(test.base, &pauses)
			c.Retries = 1
			_, err := c.Fetch(t.Context())
			failure, ok := errors.AsType[*girder.Failure](err)
			if !ok || failure.Kind != test.kind || failure.Tries != test.tries || !strings.Contains(failure.Hint, test.hint) {
				t.Errorf("error %v (%+v), want %q after %d tries with hint %q", err, failure, test.kind, test.tries, test.hint)
			}
		})
	}
	if _, err := (&girder.Client{Base: secure.URL, App: testutil.App, HTTP: secure.Client()}).Fetch(t.Context()); err != nil {
		t.Errorf("with the certificate known: %v", err)
	}
}

// TestFetchKeepsToHTTPS redirects from https to http on the same host.
func TestFetchKeepsToHTTPS(t *testing.T) {
	plain, requests := serve(t, answer(200, listing))
	secure := httptest.NewTLSServer(answer(302, "", "Location", plain.URL))
	defer secure.Close()
	_, err := (&girder.Client{Base: secure.URL, App: testutil.App, HTTP: secure.Client()}).Fetch(t.Context())
	failure, ok := errors.AsType[*girder.Failure](err)
	if !ok || failure.Kind != girder.Redirected || requests.Load() != 0 {
		t.Errorf("error %v, %d requests without TLS", err, requests.Load())
	}
}

func compressed(s string) string {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	io.WriteString(zw, s)
	if err := zw.Close(); err != nil {
		panic(fmt.Sprintf("compress in memory: %v", err))
	}
	return b.String()
}
