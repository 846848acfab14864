package preview_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// newBrowser starts Chromium, see testutil.Need.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	flags := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true),
		chromedp.NoFirstRun,
		chromedp.ExecPath(testutil.Need(t, "chromium")))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(stop)
	browser, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	if err := chromedp.Do(browser, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return browser
}

// newTab opens a tab of a browser.
func newTab(t *testing.T, browser context.Context) context.Context {
	t.Helper()
	tab, stop := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(tab, 3*time.Minute)
	t.Cleanup(stop)
	return ctx
}

// waitFor waits until a JavaScript expression is true in the page. The page may still be loading.
func waitFor(t *testing.T, ctx context.Context, what, expression string) {
	t.Helper()
	for range 600 {
		if good, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && good {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	const content = `document.head.outerHTML + document.querySelector("main")?.textContent.slice(0, 500) +
		document.body.outerHTML.slice(-500) +
		(document.querySelector("sitegen-preview")?.shadowRoot.innerHTML ?? "no preview")`
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](content))
	t.Fatalf("%s: not in the page (%v):\n%s", what, err, text)
}

// evaluate runs a JavaScript expression in the page.
func evaluate(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](expression)); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
}

// JavaScript expressions for the parts that the preview adds to a page.
const (
	overlayShown = `!document.querySelector("sitegen-preview").shadowRoot.getElementById("overlay").hidden`
	overlayText  = `document.querySelector("sitegen-preview").shadowRoot.getElementById("problems").textContent`
	barColor     = `getComputedStyle(document.querySelector("sitegen-preview").shadowRoot.getElementById("bar")).` +
		`backgroundColor`
	barText = `document.querySelector("sitegen-preview").shadowRoot.getElementById("bar").textContent`
)

// longPage returns a page that is longer than a window.
func longPage(first string) string {
	return "---\ntitle: Long\n---\n" + first + "\n" + strings.Repeat("\nMore text.\n", 200)
}

// TestBrowser edits sites while a browser shows them.
func TestBrowser(t *testing.T) {
	browser := newBrowser(t)
	t.Run("edits", func(t *testing.T) { testEdits(t, newTab(t, browser)) })
	t.Run("first build is mended", func(t *testing.T) { testFirstBuildFails(t, newTab(t, browser)) })
}

// testEdits changes a page, a style sheet and a layout, and makes mistakes in them.
func testEdits(t *testing.T, ctx context.Context) {
	css, err := os.ReadFile("../../layouts/assets/site.css")
	if err != nil {
		t.Fatal(err)
	}
	w := open(t, map[string]string{"content/long.md": longPage("First"), "layouts/assets/site.css": string(css)}, nil)
	if err := chromedp.Do(ctx, chromedp.Navigate(w.url+"/long/")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "the bar", barText+`.includes("preview · nginx · the 79 packages of the sample")`)
	waitFor(t, ctx, "the number of warnings", barText+`.includes("0 warnings")`)
	waitFor(t, ctx, "the style of the bar, in spite of the page's policy", barColor+` === "rgb(31, 41, 55)"`)

	t.Run("reload", func(t *testing.T) {
		evaluate(t, ctx, `scrollTo(0, 1234); window.old = true`)
		w.write("content/long.md", longPage("Second"))
		waitFor(t, ctx, "the edited text", `document.body.textContent.includes("Second") && !window.old`)
		waitFor(t, ctx, "the scroll position", `scrollY === 1234`)
	})
	t.Run("style sheet", func(t *testing.T) {
		evaluate(t, ctx, `window.old = true; void 0`)
		w.write("layouts/assets/site.css", string(css)+"\nmain { outline: 7px solid rgb(1, 2, 3); }\n")
		waitFor(t, ctx, "the new style",
			`getComputedStyle(document.querySelector("main")).outlineColor === "rgb(1, 2, 3)"`)
		waitFor(t, ctx, "one style sheet, without a reload",
			`window.old && document.querySelectorAll('link[href*="/assets/site."]').length === 1`)
		w.write("layouts/assets/site.css", string(css)+"\nmain { outline: 7px solid rgb(4, 5, 6); }\n")
		waitFor(t, ctx, "the second new style",
			`window.old && getComputedStyle(document.querySelector("main")).outlineColor === "rgb(4, 5, 6)"`)
	})
	t.Run("mistake", func(t *testing.T) {
		w.write("content/long.md", "---\ntitle: Long\ntitel: x\n---\n[a](/nowhere/)\n")
		waitFor(t, ctx, "the overlay", overlayShown)
		for _, want := range []string{
			`content/long.md:3:1: unknown key "titel"; did you mean "title"?`,
			">    3 | titel: x\n       | ^",
			"content/long.md:5:5: link to /nowhere/: not a part of this site",
		} {
			waitFor(t, ctx, "the mistake", overlayText+fmt.Sprintf(".includes(%q)", want))
		}
		w.prints(`msg="content/long.md:3:1: unknown key`)
		waitFor(t, ctx, "the last good page behind it", `document.querySelector("main").textContent.includes("Second")`)
		evaluate(t, ctx, `document.querySelector("sitegen-preview").shadowRoot.getElementById("behind").click()`)
		waitFor(t, ctx, "the overlay gone", `!(`+overlayShown+`)`)
		if err := chromedp.Do(ctx, chromedp.Reload()); err != nil {
			t.Fatal(err)
		}
		waitFor(t, ctx, "the last good page after a reload, and the overlay",
			overlayShown+` && document.querySelector("main").textContent.includes("Second")`)
		w.write("content/long.md", longPage("Third"))
		waitFor(t, ctx, "the corrected page",
			`document.body.textContent.includes("Third") && !(`+overlayShown+`) && `+overlayText+` === ""`)
	})
	t.Run("mistake in a layout", func(t *testing.T) {
		w.write("layouts/partials/footer.html", "<footer>{{.Page.Nope}}</footer>")
		waitFor(t, ctx, "the overlay", overlayShown+` && `+overlayText+`.includes("layouts/partials/footer.html:1:")`)
		waitFor(t, ctx, "the last good page behind it", `document.body.textContent.includes("Third")`)
		w.write("layouts/partials/footer.html", "<footer>The end</footer>")
		waitFor(t, ctx, "the corrected layout", `document.body.textContent.includes("The end") && !(`+overlayShown+`)`)
	})
	t.Run("details", func(t *testing.T) {
		waitFor(t, ctx, "the bar", barText+`.includes("details")`)
		evaluate(t, ctx, `document.querySelector("sitegen-preview").shadowRoot.querySelector("a").click()`)
		waitFor(t, ctx, "the details page",
			`location.pathname === "/-/" && document.body.textContent.includes("content/long.md")`)
		evaluate(t, ctx, `document.querySelector("input").value = "/download?os=win"`)
		evaluate(t, ctx, `document.querySelector("button").click()`)
		waitFor(t, ctx, "the explanation",
			`document.getElementById("explained")?.textContent.includes("candidates for win, release")`)
	})
}

// testFirstBuildFails starts with a mistake. The page must appear as soon as the mistake is corrected.
func testFirstBuildFails(t *testing.T, ctx context.Context) {
	w := open(t, map[string]string{"content/a.md": "no title"}, nil)
	if err := chromedp.Do(ctx, chromedp.Navigate(w.url+"/a/")); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "the overlay", overlayShown+` && `+overlayText+`.includes("content/a.md:1:1: no title")`)
	w.write("content/a.md", "---\ntitle: A\n---\nHere it is.\n")
	waitFor(t, ctx, "the page", `document.body.textContent.includes("Here it is.") && !(`+overlayShown+`)`)
}
