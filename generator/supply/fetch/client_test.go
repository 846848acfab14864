package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
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
	"github.com/Slicer/sitegen/generator/supply/fetch"
)

// serve starts a server and counts its requests. The first handler answers the first request and so on; the last one
// answers all further requests.
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

// answer returns a handler that sends a status and a body.
func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// hijack returns a handler that writes raw to the connection instead of an answer, and closes it.
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

// get fetches a list of numbers from base. It records the pauses between tries instead of waiting.
func get(ctx context.Context, base string, o fetch.Options) (list []int, pauses []time.Duration, err error) {
	o.Sleep = func(_ context.Context, pause time.Duration) error {
		pauses = append(pauses, pause)
		return nil
	}
	err = fetch.New(o).Get(ctx, fetch.Request{URL: base + "/list?limit=0", Accept: "application/json",
		Read: func(body []byte) error {
			if len(body) == 0 || body[len(body)-1] != ']' {
				return fmt.Errorf("no end: %w", io.ErrUnexpectedEOF)
			}
			return json.Unmarshal(body, &list)
		}})
	return list, pauses, err
}

const (
	listing = `[1, 2, 30000000000000000]`
	nginx   = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad " +
		"Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)

var numbers = []int{1, 2, 30000000000000000}

func TestGetSendsOneRequest(t *testing.T) {
	var got *http.Request
	server, requests := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		answer(200, listing, "Content-Type", "application/json")(w, r)
	})
	list, pauses, err := get(t.Context(), server.URL,
		fetch.Options{Retries: 4, Header: http.Header{"Girder-Token": {"secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(numbers, list); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	request := []string{got.Method, got.URL.String(), got.Header.Get("Accept"), got.UserAgent(),
		got.Header.Get("Accept-Encoding"), got.Header.Get("Girder-Token")}
	want := []string{"GET", "/list?limit=0", "application/json", fetch.DefaultUserAgent, "gzip", "secret"}
	if diff := cmp.Diff(want, request); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if requests.Load() != 1 || len(pauses) != 0 {
		t.Errorf("%d requests, pauses %v", requests.Load(), pauses)
	}
}

func TestGetSucceeds(t *testing.T) {
	tests := []struct {
		name     string
		handlers []http.HandlerFunc
		requests int64
	}{
		{"compressed", []http.HandlerFunc{answer(200, compressed(listing), "Content-Encoding", "gzip")}, 1},
		{"a compressed file", []http.HandlerFunc{answer(200, compressed(listing), "Content-Type", "application/gzip")},
			1},
		{"no content type", []http.HandlerFunc{answer(200, listing, "Content-Type", "")}, 1},
		{"redirect on the host", []http.HandlerFunc{answer(301, "", "Location", "/moved"), answer(200, listing)}, 2},
		{"success on the second try", []http.HandlerFunc{answer(500, "{}"), answer(200, listing)}, 2},
		{"success on the last try", []http.HandlerFunc{answer(502, nginx), answer(503, ""), answer(429, ""),
			answer(504, nginx), answer(200, listing)}, 5},
		{"cut off once", []http.HandlerFunc{hijack("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + listing[:20]),
			answer(200, listing)}, 2},
		{"cut off without a length", []http.HandlerFunc{hijack("HTTP/1.0 200 OK\r\n\r\n" + listing[:20]),
			answer(200, listing)}, 2},
		{"cut off between chunks", []http.HandlerFunc{hijack("HTTP/1.1 200 OK\r\nTransfer-Encoding: " +
			"chunked\r\n\r\n2\r\n[1\r\n"), answer(200, listing)}, 2},
		{"cut off while compressed", []http.HandlerFunc{answer(200, compressed(listing)[:30], "Content-Encoding",
			"gzip"), answer(200, listing)}, 2},
		{"a compressed file, cut off", []http.HandlerFunc{answer(200, compressed(listing)[:30]), answer(200, listing)},
			2},
		{"damaged while compressed", []http.HandlerFunc{answer(200,
			strings.Replace(compressed(listing), "\x00\x00\x00", "\x01\xff\xff", 1)+"x", "Content-Encoding", "gzip"),
			answer(200, listing)}, 2},
		{"empty body with status 200", []http.HandlerFunc{answer(200, ""), answer(200, listing)}, 2},
		{"connection closed", []http.HandlerFunc{hijack(""), answer(200, listing)}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, requests := serve(t, test.handlers...)
			list, _, err := get(t.Context(), server.URL, fetch.Options{Retries: 4})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(numbers, list); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
			if requests.Load() != test.requests {
				t.Errorf("%d requests, want %d", requests.Load(), test.requests)
			}
		})
	}
}

func TestGetFails(t *testing.T) {
	tests := []struct {
		name     string
		handler  http.HandlerFunc
		kind     fetch.Kind
		problem  string // the complete problem
		hint     string // a part of the hint
		requests int64
	}{
		{"bad request", answer(400, `{"message": "no"}`), fetch.Rejected,
			`the server answered 400 (found "{\"message\": \"no\"}")`, "address", 1},
		{"sign in", answer(401, `no`), fetch.Denied, `the server answered 401 (found "no")`, "sent no credentials", 1},
		{"forbidden", answer(403, "\n <html>no</html>"), fetch.Denied,
			`the server answered 403 (an HTML page: "<html>no</html>")`, "sent no credentials", 1},
		{"not found", answer(404, "404 page not found\n"), fetch.NotFound,
			`the server answered 404 (found "404 page not found\n")`, "address", 1},
		{"too many requests", answer(429, ""), fetch.Busy, `the server answered 429 (an empty answer)`, "less often",
			5},
		{"internal error", answer(500, "oh"), fetch.ServerError, `the server answered 500 (found "oh")`,
			"internal problem", 5},
		{"bad gateway", answer(502, nginx), fetch.Gateway,
			`the server answered 502 (an HTML page: ` +
				`"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r")`, "is down", 5},
		{"gateway timeout", answer(504, "<html>"), fetch.Gateway, `the server answered 504 (an HTML page: "<html>")`,
			"is down", 5},
		{"another status", answer(202, "[]"), fetch.NoListing, `the server answered 202 (found "[]")`, "address", 1},
		{"page with status 200", answer(200, "<!DOCTYPE html><title>Sign in</title>]"), fetch.NoListing,
			`a page instead of a list of packages (an HTML page: "<!DOCTYPE html><title>Sign in</title>]")`, "address",
			1},
		{"not JSON", answer(200, "[{]"), fetch.NoListing,
			`invalid character ']' looking for beginning of object key string`, "address", 1},
		{"always cut off", hijack("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{"), fetch.CutOff,
			"the answer was cut off or damaged (unexpected EOF)", "closed the connection", 5},
		{"always cut off without a length", hijack("HTTP/1.0 200 OK\r\n\r\n[{}"), fetch.CutOff,
			"no end: unexpected EOF", "closed the connection", 5},
		{"too large", answer(200, "["+strings.Repeat(" ", 2000)+"]"), fetch.TooLarge,
			"the answer is larger than the limit of 1000 bytes", "girder.max_size", 1},
		{"too large when decompressed",
			answer(200, compressed("["+strings.Repeat(" ", 2000)+"]"), "Content-Encoding", "gzip"), fetch.TooLarge,
			"the answer is larger than the limit of 1000 bytes", "girder.max_size", 1},
		{"a compressed file, too large", answer(200, compressed("["+strings.Repeat(" ", 2000)+"]")), fetch.TooLarge,
			"the answer is larger than the limit of 1000 bytes", "girder.max_size", 1},
		{"another host", answer(302, "", "Location", "https://elsewhere.example/api/v1"), fetch.Redirected,
			`redirected to "https://elsewhere.example/api/v1"`, "has moved", 1},
		{"redirect loop", answer(302, "", "Location", "/api/v1/app"), fetch.Redirected,
			`redirected to "BASE/api/v1/app"`,
			"has moved", 10},
		{"asks for an hour", answer(503, "", "Retry-After", "3600"), fetch.Gateway,
			"the server answered 503 (an empty answer)", "pause of 1h0m0s", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, requests := serve(t, test.handler)
			_, _, err := get(t.Context(), server.URL, fetch.Options{Retries: 4, MaxSize: 1000})
			failure, ok := errors.AsType[*fetch.Failure](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if failure.Kind != test.kind {
				t.Errorf("kind %q, want %q", failure.Kind, test.kind)
			}
			if diff := cmp.Diff(strings.ReplaceAll(test.problem, "BASE", server.URL), failure.Problem); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
			if hints := fault.Hints(err); fault.KindOf(err) != fault.Source || len(hints) != 1 ||
				!strings.Contains(hints[0], test.hint) {
				t.Errorf("kind %v, hints %q, want one with %q", fault.KindOf(err), hints, test.hint)
			}
			if !strings.HasPrefix(err.Error(), "fetch "+server.URL+"/list?limit=0: ") {
				t.Errorf("the error does not name the URL: %v", err)
			}
			if requests.Load() != test.requests {
				t.Errorf("%d requests, want %d", requests.Load(), test.requests)
			}
		})
	}
}

// TestGetExplains checks that a source can change the hint and the name of the document.
func TestGetExplains(t *testing.T) {
	server, _ := serve(t, answer(500, `oh`))
	err := fetch.New(fetch.Options{}).Get(t.Context(), fetch.Request{
		URL: server.URL + "/list?signature=secret", Name: "the list", Read: func([]byte) error { return nil },
		Explain: func(f *fetch.Failure) { f.Problem, f.Hint = fmt.Sprintf("%d %s", f.Status, f.Body), "Look." },
	})
	if err == nil || err.Error() != "fetch the list: 500 oh" || cmp.Diff([]string{"Look."}, fault.Hints(err)) != "" {
		t.Errorf("error %v, hints %q", err, fault.Hints(err))
	}
}

func TestGetWaits(t *testing.T) {
	later := time.Date(2026, 11, 22, 12, 0, 45, 0, time.UTC)
	now := later.Add(-45 * time.Second)
	server, _ := serve(t,
		answer(503, "", "Retry-After", "7"),
		answer(503, "", "Retry-After", later.Format(http.TimeFormat), "Date", now.Format(http.TimeFormat)),
		answer(503, "", "Retry-After", "soon"),
		answer(503, "", "Retry-After", "-5"),
		answer(200, listing))
	var log bytes.Buffer
	_, pauses, err := get(t.Context(), server.URL, fetch.Options{
		Retries: 4, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Header: http.Header{"Authorization": {"Bearer secret"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(pauses) != 4 || pauses[0] != 7*time.Second || pauses[1] != 45*time.Second {
		t.Fatalf("pauses %v, want 7s, 45s and two more", pauses)
	}
	// Without Retry-After, the pauses are 1, 2, 4 and 8 s, each ±25 %.
	if pauses[2] < 3*time.Second || pauses[2] > 5*time.Second || pauses[3] < 6*time.Second ||
		pauses[3] > 10*time.Second {
		t.Errorf("pauses %v do not double", pauses)
	}
	if got := strings.Count(log.String(),
		`level=INFO msg="retry the source" after="the server answered 503`); got != 4 {
		t.Errorf("%d tries in the log, want 4:\n%s", got, log.String())
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the login is in the log:\n%s", log.String())
	}
}

func TestGetTimeout(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "[")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	server, requests := serve(t, slow)
	_, _, err := get(t.Context(), server.URL, fetch.Options{Timeout: 500 * time.Millisecond, Retries: 1})
	failure, ok := errors.AsType[*fetch.Failure](err)
	if !ok || failure.Kind != fetch.TimedOut || failure.Tries != 2 || requests.Load() != 2 {
		t.Errorf("error %v after %d requests, want two that timed out", err, requests.Load())
	}
	if want := "no complete answer within the time limit (2 tries)"; !strings.HasSuffix(err.Error(), want) {
		t.Errorf("error %v, want %q at the end", err, want)
	}
}

func TestGetCanceled(t *testing.T) {
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
			o := fetch.Options{Retries: 3}
			if when == "waiting" {
				// Get logs right before it waits.
				o.Log = slog.New(slog.NewTextHandler(writer(func() { cancel() }), nil))
			}
			err := fetch.New(o).Get(ctx, fetch.Request{URL: server.URL, Read: func([]byte) error { return nil }})
			if !errors.Is(err, context.Canceled) || fault.KindOf(err) == fault.Source || requests.Load() != 1 {
				t.Errorf("error %v after %d requests, want %v after one", err, requests.Load(), context.Canceled)
			}
		})
	}
}

// writer is a function that is called for each Write.
type writer func()

func (w writer) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

func TestGetConnectionErrors(t *testing.T) {
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
		kind       fetch.Kind
		hint       string
		tries      int
	}{
		{"connection refused", "http://" + closed.Addr().String(), fetch.Unreachable, "is running", 2},
		{"no such host", "http://girder.invalid", fetch.Unreachable, "Check the host name", 2},
		{"unknown certificate authority", secure.URL, fetch.Untrusted, "certificate authorities", 1},
		{"no TLS on that port", strings.Replace(plain.URL, "http:", "https:", 1), fetch.Unreachable, "in a browser", 2},
		{"not a URL", "http://[", fetch.Rejected, "Check the source", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := get(t.Context(), test.base, fetch.Options{Retries: 1})
			failure, ok := errors.AsType[*fetch.Failure](err)
			if !ok || failure.Kind != test.kind || failure.Tries != test.tries ||
				!strings.Contains(failure.Hint, test.hint) {
				t.Errorf("error %v (%+v), want %q after %d tries with hint %q", err, failure, test.kind, test.tries,
					test.hint)
			}
		})
	}
	if _, _, err := get(t.Context(), secure.URL, fetch.Options{HTTP: secure.Client()}); err != nil {
		t.Errorf("with a known certificate: %v", err)
	}
}

// TestGetKeepsToHTTPS checks that a redirect from https to http on the same host is not followed.
func TestGetKeepsToHTTPS(t *testing.T) {
	plain, requests := serve(t, answer(200, listing))
	secure := httptest.NewTLSServer(answer(302, "", "Location", plain.URL))
	defer secure.Close()
	_, _, err := get(t.Context(), secure.URL, fetch.Options{HTTP: secure.Client()})
	failure, ok := errors.AsType[*fetch.Failure](err)
	if !ok || failure.Kind != fetch.Redirected || requests.Load() != 0 {
		t.Errorf("error %v, %d requests without TLS", err, requests.Load())
	}
}

// TestGetProtectsCredentials checks that credentials are sent to one server only, over an encrypted connection.
func TestGetProtectsCredentials(t *testing.T) {
	login := http.Header{"Girder-Token": {"secret"}, "Authorization": {"Bearer secret"}}

	t.Run("not without encryption", func(t *testing.T) {
		_, _, err := get(t.Context(), "http://girder.invalid", fetch.Options{Header: login, Retries: 1})
		failure, ok := errors.AsType[*fetch.Failure](err)
		if !ok || failure.Kind != fetch.Unprotected || fault.KindOf(err) != fault.Usage ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("error %v of kind %v", err, fault.KindOf(err))
		}
	})
	t.Run("not to another port of the host", func(t *testing.T) {
		var got http.Header
		other, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			got = r.Header
			answer(200, listing)(w, r)
		})
		first, _ := serve(t, answer(302, "", "Location", "/here"), answer(302, "", "Location", other.URL))
		if _, _, err := get(t.Context(), first.URL, fetch.Options{Header: login}); err != nil {
			t.Fatal(err)
		}
		if got.Get("Girder-Token") != "" || got.Get("Authorization") != "" {
			t.Errorf("the other server got %v", got)
		}
	})
	t.Run("kept in redirects on the same server", func(t *testing.T) {
		var got http.Header
		server, _ := serve(t, answer(302, "", "Location", "/there"), func(w http.ResponseWriter, r *http.Request) {
			got = r.Header
			answer(200, listing)(w, r)
		})
		if _, _, err := get(t.Context(), server.URL, fetch.Options{Header: login}); err != nil ||
			got.Get("Girder-Token") != "secret" {
			t.Errorf("error %v, the server got %v", err, got)
		}
	})
	t.Run("mentioned in the hint if they are rejected", func(t *testing.T) {
		server, _ := serve(t, answer(403, ""))
		_, _, err := get(t.Context(), server.URL, fetch.Options{Header: login})
		if hints := fault.Hints(err); len(hints) != 1 ||
			!strings.Contains(hints[0], "token or header for the source is valid") {
			t.Errorf("error %v, hints %q", err, hints)
		}
	})
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
