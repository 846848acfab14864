package statspage_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
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

	"github.com/Slicer/sitegen/generator/testutil"
)

// serve starts a web server for public/ that sends the policy of the CloudFormation template.
func serve(t testing.TB, public string) *httptest.Server {
	policy := testutil.ContentSecurityPolicy(t)
	files := http.FileServer(http.Dir(public))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// browser is a tab of a real Chromium. An exception, warning or error in its pages fails the test, and so does a
// request to another site.
type browser struct {
	t        testing.TB
	ctx      context.Context
	url      string // of the site
	mu       sync.Mutex
	problems []string
}

// settings describe a device and its browser.
type settings struct {
	width       int64 // of the window (CSS pixels)
	dark        bool  // prefers a dark colour scheme
	noScripts   bool  // scripts are switched off
	blockScript bool  // scripts are switched on, but stats.js cannot be loaded
}

var desktop = settings{width: 1280}

// chromium is the process that all tabs run in. The first test that opens a tab starts it, and TestMain stops it.
var chromium struct {
	start sync.Once
	ctx   context.Context
	err   error
	stop  context.CancelFunc
}

// TestMain runs the tests, then stops the browser that they have started.
func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

// startChromium starts the browser unless it runs. It needs Chromium, see testutil.Need.
func startChromium(t testing.TB) context.Context {
	t.Helper()
	path := testutil.Need(t, "chromium")
	chromium.start.Do(func() {
		allocator, kill := chromedp.NewExecAllocator(context.Background(),
			append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.ExecPath(path))...)
		var cancel context.CancelFunc
		chromium.ctx, cancel = chromedp.NewContext(allocator)
		chromium.stop = func() { cancel(); kill() }
		chromium.err = chromedp.Do(chromium.ctx)
	})
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	return chromium.ctx
}

// open opens a tab, which shares no cookies, cache or settings with those of other tests.
func open(t testing.TB, site *httptest.Server, s settings) *browser {
	t.Helper()
	tab, stop := chromedp.NewContext(startChromium(t), chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	b := &browser{t: t, ctx: tab, url: site.URL}
	if err := chromedp.Do(tab); err != nil { // opens the tab, which the deadline below must not close
		t.Fatal(err)
	}
	if err := chromedp.Listen(tab, b.onEvent); err != nil {
		t.Fatal(err)
	}
	b.ctx, stop = context.WithTimeout(tab, 2*time.Minute)
	t.Cleanup(stop)
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: 900, DeviceScaleFactor: 1, Mobile: s.width < 500,
	})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.noScripts})
	if s.blockScript {
		call(b, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{
			{URLPattern: "*://*:*/download-stats/assets/stats.*.js", Block: true},
		}})
	}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, text := range b.problems {
			t.Error("in the browser: " + text)
		}
	})
	return b
}

// onEvent records the problems that the browser reports.
func (b *browser) onEvent(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.problems = append(b.problems, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.problems = append(b.problems, string(e.Args[0].Value))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.problems = append(b.problems, e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		own := []string{b.url + "/", "data:", "blob:" + b.url + "/"}
		if !slices.ContainsFunc(own, func(prefix string) bool { return strings.HasPrefix(e.Request.URL, prefix) }) {
			b.problems = append(b.problems, "request to "+e.Request.URL)
		}
	}
}

// call runs a command of the DevTools protocol.
func call[P, R any](b *browser, c cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, c, params); err != nil {
		b.t.Fatalf("%s: %v", c.Method, err)
	}
}

// do runs actions.
func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// run returns the result of an action.
func run[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// visit opens the page with a query, which is "" or begins with "?".
func (b *browser) visit(query string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.url + "/download-stats/" + query))
}

// explore opens the page with a query and waits until the script has drawn its charts.
func (b *browser) explore(query string) {
	b.t.Helper()
	b.visit(query)
	b.do(chromedp.WaitVisible(chromedp.CSS(".explored .values")))
}

// eval returns the value of a JavaScript expression. If it is a promise, eval waits for its result.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	return run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// text returns the visible text of the first element that a selector matches.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return strings.Join(strings.Fields(run(b, chromedp.Text(chromedp.CSS(selector)))), " ")
}

// ignore discards the problems whose description contains text.
func (b *browser) ignore(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = slices.DeleteFunc(b.problems, func(s string) bool { return strings.Contains(s, text) })
}
