package deploy

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestFullBucket deploys to a bucket that becomes full. The proxy answers as versitygw does on a full disk.
func TestFullBucket(t *testing.T) {
	w := newWorld(t)
	target, err := url.Parse("http://" + w.API)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which is signed
	}}
	var room atomic.Int64 // number of objects
	room.Store(1000)
	server := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && room.Add(-1) < 0 {
			_, _ = io.Copy(io.Discard, r.Body)
			res.WriteHeader(http.StatusInsufficientStorage)
			fmt.Fprint(res, "<Error><Code>InsufficientStorage</Code><Message>No space left on device.</Message></Error>")
			return
		}
		proxy.ServeHTTP(res, r)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	w.deploy()
	before := w.keys.Keys()

	w.page("hello", "second text")
	w.page("more", "another page")
	w.run(0, "build", "--quiet")
	room.Store(1)
	_, messages := w.run(9, "deploy", "--quiet")
	if !strings.Contains(messages, "No space left on device (InsufficientStorage)") ||
		!strings.Contains(messages, "hint: Visitors still see the previous deploy. Have the quota increased") {
		t.Errorf("a full bucket: %s", messages)
	}
	if !maps.Equal(w.keys.Keys(), before) || len(w.list("deploys/")) != 1 {
		t.Error("a deploy to a full bucket has changed the store, or left a record")
	}
	w.see(production, "/hello/", 200, "first text")

	room.Store(1000)
	w.deploy()
	w.seeAll()
}

// TestFullStore deploys to a key-value store that other programs have filled.
func TestFullStore(t *testing.T) {
	w := newWorld(t)
	w.deploy()
	for i := range 4900 {
		w.keys.Put(fmt.Sprintf("other-%04d", i), strings.Repeat("x", 1000))
	}
	w.page("hello", "second text")
	w.run(0, "build", "--quiet")
	before, objects := w.keys.Keys(), w.list("")
	for _, args := range [][]string{{"--dry-run"}, {}} {
		_, messages := w.run(8, append([]string{"deploy"}, args...)...)
		if !strings.Contains(messages, "the key-value store is full: it would have 5,") ||
			!strings.Contains(messages, "hint: Visitors still see the previous deploy") {
			t.Errorf("deploy %s: %s", args, messages)
		}
	}
	if !maps.Equal(w.keys.Keys(), before) || !slices.Equal(w.list(""), objects) {
		t.Error("a deploy that does not fit has written something")
	}
	w.see(production, "/hello/", 200, "first text")
}
