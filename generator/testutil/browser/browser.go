// Package browser opens pages in a real Chromium, for tests:
//
//	b := browser.Open(t, server.URL, browser.Settings{Width: 390, Dark: true})
//	b.Visit("/releases/")
//	if got := b.Text("h1"); got != "Releases" { … }
//
// An exception, warning or error in a page fails the test, and so does a request to another site.
package browser

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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

// Browser is a tab.
type Browser struct {
	t        testing.TB
	ctx      context.Context
	url      string // of the site
	mu       sync.Mutex
	problems []string
}

// Settings describe a device and its browser.
type Settings struct {
	Width     int64                        // of the window (CSS pixels)
	Dark      bool                         // prefers a dark colour scheme
	NoScripts bool                         // scripts are switched off
	Agent     string                       // user agent; "" for that of Chromium on Linux
	Hints     *emulation.UserAgentMetadata // client hints that go with Agent; nil for a browser without them
	Touch     bool                         // has a touch screen
}

// Process is a Chromium that several tabs run in.
type Process struct {
	ctx context.Context
}

// Start starts a browser, which runs until the end of the test. It needs Chromium, see testutil.Need.
func Start(t testing.TB) *Process {
	t.Helper()
	allocator, kill := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.ExecPath(testutil.Need(t, "chromium")))...)
	t.Cleanup(kill)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &Process{ctx}
}

// Open opens a tab for the site at url. The tab shares no cookies, cache or settings with others.
func (p *Process) Open(t testing.TB, url string, s Settings) *Browser {
	t.Helper()
	tab, stop := chromedp.NewContext(p.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	b := &Browser{t: t, ctx: tab, url: url}
	if err := chromedp.Do(tab); err != nil { // opens the tab, which the deadline below must not close
		t.Fatal(err)
	}
	if err := chromedp.Listen(tab, b.onEvent); err != nil {
		t.Fatal(err)
	}
	b.ctx, stop = context.WithTimeout(tab, 2*time.Minute)
	t.Cleanup(stop)
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	Call(b, network.Enable, network.EnableParams{})
	Call(b, log.Enable, cdp.Empty{})
	Call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.Width, Height: 900, DeviceScaleFactor: 1, Mobile: s.Width < 500,
	})
	Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	Call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.NoScripts})
	if s.Agent != "" {
		Call(b, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
			UserAgent: s.Agent, UserAgentMetadata: s.Hints,
		})
	}
	if s.Touch {
		Call(b, emulation.SetTouchEmulationEnabled,
			emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5})
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
func (b *Browser) onEvent(event any) {
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

// Ignore discards the problems reported so far whose description contains text.
func (b *Browser) Ignore(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = slices.DeleteFunc(b.problems, func(p string) bool { return strings.Contains(p, text) })
}

// Call runs a command of the DevTools protocol.
func Call[P, R any](b *Browser, c cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, c, params); err != nil {
		b.t.Fatalf("%s: %v", c.Method, err)
	}
}

// Do runs actions.
func (b *Browser) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// Visit opens a page of the site and waits until it is loaded.
func (b *Browser) Visit(path string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(b.url + path))
}

// Eval returns the value of a JavaScript expression. If it is a promise, Eval waits for its result.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Text returns the visible text of the first element that a selector matches, with single spaces.
func (b *Browser) Text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		b.t.Fatalf("text of %s: %v", selector, err)
	}
	return strings.Join(strings.Fields(text), " ")
}

// CheckAccessible fails the test if axe-core finds a violation in the page, or if the page is wider than the window.
func (b *Browser) CheckAccessible() {
	b.t.Helper()
	source, err := os.ReadFile(filepath.Join(filepath.Dir(testutil.Path("")), ".cache", "axe.min.js"))
	if errors.Is(err, fs.ErrNotExist) {
		testutil.Missing(b.t, "axe-core")
	}
	if err != nil {
		b.t.Fatal(err)
	}
	Eval[any](b, string(source)+"; null")
	found := Eval[struct {
		Violations []string `json:"violations"`
		Passes     int      `json:"passes"`
	}](b, `axe.run({ resultTypes: ['violations'] }).then((r) => ({ passes: r.passes.length, violations:
		r.violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.failureSummary + ' ' + n.html)) }))`)
	for _, v := range found.Violations {
		b.t.Error(v)
	}
	if found.Passes < 10 {
		b.t.Errorf("axe-core checked only %d rules", found.Passes)
	}
	if over := Eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		b.t.Errorf("the page is %d pixels wider than the window", over)
	}
}
