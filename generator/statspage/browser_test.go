package statspage_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// policy is what a careful site sends: everything from the site itself, and no script or style inside pages. The
// icon of the site's base layout is empty, a data: URL.
const policy = "default-src 'self'; img-src 'self' data:"

// serve serves public/ as a web server would, with the policy.
func serve(t testing.TB, public string) *httptest.Server {
	files := http.FileServer(http.Dir(public))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// browser is a tab of a real Chromium. Whatever goes wrong in its pages is an error of the test, and so is a
// request to anybody but the site.
type browser struct {
	t       testing.TB
	ctx     context.Context
	url     string // of the site
	mu      sync.Mutex
	trouble []string
}

// look is how the tab shows pages.
type look struct {
	width     int64
	dark      bool
	noScripts bool
	made      bool // as the page was made: the page's own script does not arrive
}

var desktop = look{width: 1280}

// open starts a browser. Without Chromium the test fails.
func open(t testing.TB, site *httptest.Server, l look) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	tab, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	b := &browser{t: t, ctx: tab, url: site.URL}
	if err := chromedp.Listen(tab, b.hear); err != nil {
		t.Fatal(err)
	}
	b.ctx, stop = context.WithTimeout(tab, 2*time.Minute)
	t.Cleanup(stop)
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: 900, DeviceScaleFactor: 1, Mobile: l.width < 500})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: l.noScripts})
	if l.made {
		call(b, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/download-stats/assets/stats.*.js", Block: true}}})
	}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, text := range b.trouble {
			t.Error("in the browser: " + text)
		}
	})
	return b
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.trouble = append(b.trouble, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.trouble = append(b.trouble, string(e.Args[0].Value))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.trouble = append(b.trouble, e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, b.url+"/") && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "blob:"+b.url+"/") {
			b.trouble = append(b.trouble, "request to "+u)
		}
	}
}

// call runs a command of the protocol.
func call[P, R any](b *browser, c cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, c, params); err != nil {
		b.t.Fatalf("%s: %v", c.Method, err)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// run gives the value of an action.
func run[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// visit opens the page with a query, "" or "?…".
func (b *browser) visit(query string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.url + "/download-stats/" + query))
}

// explore opens the page, and waits for the script.
func (b *browser) explore(query string) {
	b.t.Helper()
	b.visit(query)
	b.do(chromedp.WaitVisible(chromedp.CSS(".explored .values")))
}

// eval gives the value of an expression; promises are awaited.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	return run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// text is the text of the first element of a selector, as people see it.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(run(b, chromedp.Text(chromedp.CSS(selector)))), " ")
}

// forget lets errors pass that have a text in them.
func (b *browser) forget(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble = slices.DeleteFunc(b.trouble, func(s string) bool { return strings.Contains(s, text) })
}
