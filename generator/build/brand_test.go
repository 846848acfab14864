package build_test

import (
	"testing"

	"github.com/Slicer/sitegen/generator/testutil/browser"
)

// TestBrand opens the site of testdata/aurora, whose configuration has a logo, an icon and colours, in Chromium.
func TestBrand(t *testing.T) {
	t.Parallel()
	site := serveAurora(t)
	chromium := browser.Start(t)
	for dark, want := range map[bool][2]string{ // colours of the button, and of its text
		false: {"rgb(15, 118, 110)", "rgb(255, 255, 255)"},
		true:  {"rgb(94, 234, 212)", "rgb(0, 0, 0)"},
	} {
		b := chromium.Open(t, site.URL, browser.Settings{Width: 1280, Dark: dark})
		for _, path := range []string{"/", "/releases/3.4/", "/preview/"} {
			b.Visit(path)
			b.CheckAccessible()
			if got := browser.Eval[int](b, `document.querySelector('.brand img').naturalWidth`); got == 0 {
				t.Errorf("%s, dark %v: the logo is not shown", path, dark)
			}
		}
		b.Visit("/")
		style := browser.Eval[[2]string](b, `(({backgroundColor, color}) => [backgroundColor, color])(
			getComputedStyle(document.querySelector('#systems .mine .get')))`)
		if style != want {
			t.Errorf("dark %v: the button has the colours %q, want %q", dark, style, want)
		}
	}
}
