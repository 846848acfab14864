package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// serve starts a server and returns it as a server to send requests to.
func serve(t *testing.T, o Options, h http.HandlerFunc) *Server {
	t.Helper()
	ts := httptest.NewServer(h)
	t.Cleanup(ts.Close)
	s, err := NewServer(ts.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAsk checks what a server receives: the target byte by byte, no cookies and no encoding, and no second request
// after a redirect, whatever its target.
func TestAsk(t *testing.T) {
	var seen []string
	s := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.RequestURI)
		for _, name := range []string{"Cookie", "Authorization", "Accept-Encoding", "Referer"} {
			if r.Header.Get(name) != "" {
				t.Errorf("%s: header %s: %s", r.RequestURI, name, r.Header.Get(name))
			}
		}
		if r.UserAgent() != UserAgent {
			t.Errorf("user agent %q", r.UserAgent())
		}
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Location", ":not a URL")
		w.WriteHeader(http.StatusFound)
	})
	for _, target := range []string{"/", "//find?os=win", "/a%2Fb/../c?x=%zz&y=+", "/?", "/café"} {
		reply, err := s.Ask(t.Context(), Request{Method: "GET", Target: target})
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		if reply.Status != 302 || reply.Header.Get("Location") != ":not a URL" {
			t.Errorf("%s: status %d to %q", target, reply.Status, reply.Header.Get("Location"))
		}
		if got := seen[len(seen)-1]; got != "GET "+target {
			t.Errorf("%s: the server received %q", target, got)
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d requests, want 5: %q", len(seen), seen)
	}
}

// TestRetries checks that a request is repeated if the connection fails, but not after an answer or a time-out.
func TestRetries(t *testing.T) {
	var n atomic.Int64
	s := serve(t, Options{Timeout: 10 * time.Second}, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1); {
		case r.URL.Path == "/busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/never" || n.Load() < 3:
			panic(http.ErrAbortHandler) // closes the connection
		}
	})
	s.transport.DisableKeepAlives = true // it would repeat a request itself on a kept connection
	for _, tt := range []struct {
		target string
		status int // 0: no answer
		tries  int64
	}{{"/", 200, 3}, {"/busy", 503, 1}, {"/never", 0, 3}} {
		n.Store(0)
		reply, err := s.Ask(t.Context(), Request{Method: "GET", Target: tt.target})
		if (err == nil) != (tt.status != 0) || err == nil && reply.Status != tt.status || n.Load() != tt.tries {
			t.Errorf("%s: %+v, %v after %d tries, want status %d after %d", tt.target, reply, err, n.Load(), tt.status,
				tt.tries)
		}
	}

	closed := make(chan struct{})
	slow := serve(t, Options{Timeout: time.Millisecond}, func(http.ResponseWriter, *http.Request) {
		n.Add(1)
		<-closed
	})
	n.Store(0)
	_, err := slow.Ask(t.Context(), Request{Method: "GET", Target: "/"})
	close(closed)
	if err == nil || Reason(err) != "timed out" || n.Load() > 1 {
		t.Errorf("slow server: %v after %d tries", err, n.Load())
	}
}

// TestBodyLimit checks that only the beginning of a long body is read.
func TestBodyLimit(t *testing.T) {
	s := serve(t, Options{MaxBody: 10}, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Repeat("x", len(r.URL.Path)))
	})
	for target, cut := range map[string]bool{"/23456789a": false, "/23456789ab": true} {
		reply, err := s.Ask(t.Context(), Request{Method: "GET", Target: target})
		if err != nil || len(reply.Body) != 10 || reply.Cut != cut {
			t.Errorf("%s: %+v, %v", target, reply, err)
		}
	}
}

// TestHTTP2 checks that HTTP/2 is used where the server offers it, unless it is turned off, and that a password in the
// address is sent but not printed.
func TestHTTP2(t *testing.T) {
	ts := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		fmt.Fprint(w, r.Proto, r.RequestURI, user, password)
	}))
	ts.EnableHTTP2 = true
	ts.StartTLS()
	defer ts.Close()
	for _, http1 := range []bool{false, true} {
		s, err := NewServer(strings.Replace(ts.URL, "https://", "https://jane:secret@", 1), Options{HTTP1: http1})
		if err != nil {
			t.Fatal(err)
		}
		s.transport.TLSClientConfig = ts.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		s.transport.TLSClientConfig.NextProtos = nil
		reply, err := s.Ask(t.Context(), Request{Method: "GET", Target: "/x?y=%zz"})
		want := "HTTP/2.0/x?y=%zzjanesecret"
		if http1 {
			want = "HTTP/1.1/x?y=%zzjanesecret"
		}
		if err != nil || string(reply.Body) != want {
			t.Errorf("%v, %v, want %q", reply, err, want)
		}
		if strings.Contains(s.String(), "secret") {
			t.Errorf("the password is printed: %s", s)
		}
	}
}

// TestAddress checks the addresses of servers.
func TestAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://Download.example.org/": "download.example.org", "http://127.0.0.1:80": "127.0.0.1",
		"https://[::1]:8443": "[::1]:8443", "download.example.org": "must begin with http:// or https://",
		"https://": "has no host", "https://example.org/x": "must be the address of a server, without a path",
		"http://a b": "is not a URL",
	} {
		s, err := NewServer(address, Options{})
		got := fmt.Sprint(err)
		if err == nil {
			got = s.Host()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// TestRate checks on a fake clock that a remote server gets no more requests per second than it should, however many
// are waiting.
func TestRate(t *testing.T) {
	for _, tt := range []struct {
		address string
		rate    float64
		want    time.Duration // for 101 requests
	}{
		{"https://download.example.org", 0, 5 * time.Second},
		{"https://download.example.org", 2, 50 * time.Second},
		{"http://127.0.0.1:8080", 100, time.Second},
		{"http://127.0.0.1:8080", 0, 0},
		{"http://localhost", 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, err := NewServer(tt.address, Options{Rate: tt.rate})
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			done := make(chan error)
			for range 101 {
				go func() { done <- s.pace.wait(t.Context(), 0) }()
			}
			for range 101 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			if got := time.Since(begin); got != tt.want {
				t.Errorf("%s at %v per second: %v, want %v", tt.address, tt.rate, got, tt.want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := pacer{interval: time.Hour}
		_ = p.wait(t.Context(), 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("interrupted while waiting: %v", err)
		}
	})
}

// TestConnect connects to another place than the host of the address. The request and the certificate are those of the
// address.
func TestConnect(t *testing.T) {
	var host, name string
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		host, name = r.Host, ""
		if r.TLS != nil {
			name = r.TLS.ServerName
		}
	})
	secure := httptest.NewUnstartedServer(h) // its certificate is that of example.com
	secure.EnableHTTP2 = true
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused certificate
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(h)
	defer plain.Close()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // would reach the site by its name
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	for _, test := range []struct{ address, connect, host, name string }{
		{"http://example.com", plain.Listener.Addr().String(), "example.com", ""},
		{"http://example.com:81", plain.Listener.Addr().String(), "example.com:81", ""},
		{"http://example.com:" + portOf(plain.Listener), "127.0.0.1", "example.com:" + portOf(plain.Listener), ""},
		{"https://example.com", secure.Listener.Addr().String(), "example.com", "example.com"},
	} {
		s, err := NewServer(test.address, Options{Connect: test.connect})
		if err != nil {
			t.Fatal(err)
		}
		s.transport.TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig
		if _, err := s.Ask(t.Context(), Request{Method: "GET", Target: "/"}); err != nil {
			t.Errorf("%s at %s: %v", test.address, test.connect, err)
			continue
		}
		if host != test.host || name != test.name || s.pace.interval != 0 {
			t.Errorf("%s at %s: host %q, TLS name %q, interval %v", test.address, test.connect, host, name, s.pace.interval)
		}
		if want := test.address + " at " + test.connect; s.String() != want {
			t.Errorf("%s, want %s", s, want)
		}
	}
	s, err := NewServer("https://example.org", Options{Connect: secure.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	s.transport.TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig
	if _, err := s.Ask(t.Context(), Request{Method: "GET", Target: "/"}); err == nil ||
		!strings.Contains(err.Error(), "not example.org") {
		t.Errorf("the certificate of another site: %v", err)
	}
}

func portOf(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestParseConnect(t *testing.T) {
	for text, want := range map[string][2]string{
		"203.0.113.7": {"203.0.113.7", ""}, "203.0.113.7:8080": {"203.0.113.7", "8080"},
		"2001:db8::7": {"2001:db8::7", ""}, "[2001:db8::7]": {"2001:db8::7", ""},
		"[2001:db8::7]:443": {"2001:db8::7", "443"}, "new.example.org": {"new.example.org", ""},
		"new.example.org:81": {"new.example.org", "81"},
	} {
		if host, port, err := ParseConnect(text); host != want[0] || port != want[1] || err != nil {
			t.Errorf("%s: %q, %q, %v", text, host, port, err)
		}
	}
	for _, text := range []string{"", ":80", "a:b", "https://a", "a/b", "a b", "1:2:3", "[a", "a:99999", "u@a"} {
		if host, port, err := ParseConnect(text); err == nil {
			t.Errorf("%q: %q, %q", text, host, port)
		}
	}
}
