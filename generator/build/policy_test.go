package build_test

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// everyMarkdown is a page with everything that Markdown can express and a policy could forbid.
const everyMarkdown = `---
title: Everything
---
| Left | Right |
| :--- | ---: |
| a | 1 |

![A picture](/manual.png)
![A small one](data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=)

- [x] Done

> [!NOTE]
> A footnote.[^1]

[^1]: The footnote.

` + "```go\nfunc main() {}\n```\n"

// recordViolations makes a page record what a Content-Security-Policy has kept it from doing.
const recordViolations = `window.violations = [];
addEventListener('securitypolicyviolation', e => violations.push(e.effectiveDirective + ' ' + e.blockedURI))`

// violations waits until the browser has reported all violations of a page, and returns them.
const violations = `new Promise(done => setTimeout(() => done(violations), 20))`

// TestPolicy opens the pages of a site in Chromium with the Content-Security-Policy of the CloudFormation template. It
// forbids nothing that the pages do; without any of its exceptions, it would.
func TestPolicy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	public := filepath.Join(dir, "public")
	writeFile(t, filepath.Join(dir, "content", "everything.md"), everyMarkdown)
	writeFile(t, filepath.Join(public, "manual.png"), "not a picture")
	writeFile(t, filepath.Join(dir, "sitegen.yaml"), "project: Test\n") // its folder is that of content/
	if _, err := run(t, dir, map[string][]string{"source": {"sample"}}); err != nil {
		t.Fatal(err)
	}

	var policy atomic.Value
	files := http.FileServer(http.Dir(public))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy.Load().(string))
		w.Header().Set("Cache-Control", "no-store")
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	tab := openTab(t)
	visit := func(path string) []string {
		t.Helper()
		if err := chromedp.Do(tab, chromedp.Navigate(server.URL+path)); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		found, err := chromedp.Run(tab, chromedp.Evaluate[[]string](violations, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return found
	}

	full := testutil.ContentSecurityPolicy(t)
	policy.Store(full)
	for i, path := range pagePaths(t, public) {
		if i%testutil.Amount(1, 4) != 0 {
			continue
		}
		if found := visit(path); len(found) > 0 {
			t.Errorf("%s violates the policy: %q", path, found)
		}
	}
	for _, tc := range []struct{ exception, instead, want string }{
		{"default-src 'self'", "default-src 'none'", "style-src-elem"},
		{" data:", "", "img-src data"},
	} {
		less := strings.Replace(full, tc.exception, tc.instead, 1)
		if less == full {
			t.Errorf("the policy does not contain %q", tc.exception)
		}
		policy.Store(less)
		if found := strings.Join(visit("/everything/"), "\n"); !strings.Contains(found, tc.want) {
			t.Errorf("without %q, the page violates %q, want %q", tc.exception, found, tc.want)
		}
	}
}

// pagePaths returns the paths of all pages of a site.
func pagePaths(t *testing.T, public string) (paths []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(public), ".", func(path string, d fs.DirEntry, err error) error {
		if path == "-" { // pieces of pages
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".html") {
			paths = append(paths, "/"+strings.TrimSuffix(path, "index.html"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// openTab starts Chromium and opens a tab whose pages record violations of their policy.
func openTab(t *testing.T) context.Context {
	t.Helper()
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.ExecPath(testutil.Need(t, "chromium")))...)
	t.Cleanup(stop)
	tab, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	if err := chromedp.Do(tab); err != nil {
		t.Fatal(err)
	}
	tab, stop = context.WithTimeout(tab, 3*time.Minute)
	t.Cleanup(stop)
	if _, err := chromedp.Call(tab, page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: recordViolations}); err != nil {
		t.Fatal(err)
	}
	return tab
}
