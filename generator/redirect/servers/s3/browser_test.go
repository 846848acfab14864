package s3

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestPageInBrowser opens the page in a browser. It requires Chromium, see testutil.Need.
func TestPageInBrowser(t *testing.T) {
	x := testutil.Index(t, "live")
	rows, err := lookupRows(x)
	if err != nil {
		t.Fatal(err)
	}
	html, err := page(x, redirect.Links(x))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/download" || r.URL.Path == "/find":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write(html)
		case r.URL.Path == "/api/v1/lookup.json":
			w.Header().Set("Content-Type", "application/json")
			w.Write(rows)
		default:
			w.Write([]byte("here"))
		}
	}))
	defer server.Close()
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.ExecPath(testutil.Need(t, "chromium")))...)
	defer stop()
	browser, stop := chromedp.NewContext(allocator)
	defer stop()
	if err := chromedp.Do(browser, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(browser, time.Minute)
	defer stop()
	id := x.Answer("/find", "os=win&version=5.10&offset=-1").Package.ID
	for _, tt := range []struct{ request, path, text string }{
		{"/download?os=win&version=5.10&offset=-1", "/bitstream/" + id, "here"},
		{"/find?os=win&version=5.10&offset=-1", "/api/v1/packages/" + id + ".json", "here"},
		{"/find?os=beos", "/find",
			"The parameter os is missing or is not a known operating system; allowed: win, macosx, linux."},
		{"/find?os=win&version=5&date=2026-01-01", "/find",
			"The parameter mode is given twice: version, revision, closest-revision and date exclude each other"},
		{"/download?os=win&version=9", "/download", "No package matches this query."},
		{"/download", "/download", "This page finds a package by the query in its address."},
	} {
		if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+tt.request)); err != nil {
			t.Fatal(err)
		}
		var path, text string
		for range 100 { // wait for the script of the page
			got, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`[location.pathname, document.body.innerText]`))
			if err == nil {
				path, text = got[0], got[1]
			}
			if path == tt.path && strings.Contains(text, tt.text) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if path != tt.path || !strings.Contains(text, tt.text) {
			t.Errorf("%s: %s, %.200q, want %s, %q", tt.request, path, text, tt.path, tt.text)
		}
	}
}
