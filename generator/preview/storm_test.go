package preview_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// storyPage returns the text of page i of a branch, which links to the next page.
func storyPage(branch string, i, pages int) string {
	return fmt.Sprintf("---\ntitle: %s %d\n---\n[next](/%s/p%d/)\n", branch, i, branch, (i+1)%pages)
}

// TestStorm replaces all pages, as git checkout does: it removes the old ones, writes the new ones one after the other,
// and pauses. The links are broken meanwhile. The terminal shows one line for all of it.
func TestStorm(t *testing.T) {
	const pages = 60
	files := map[string]string{}
	for i := range pages {
		files[fmt.Sprintf("content/old/p%d.md", i)] = storyPage("old", i, pages)
	}
	w := open(t, files, nil)
	w.browse("/old/p1/")
	before := len(w.log.String())
	w.check(os.Rename(w.path("content/old"), w.path("gone")))
	for i := range pages {
		w.write(fmt.Sprintf("content/new/p%d.md", i), storyPage("new", i, pages))
		if i%20 == 0 {
			time.Sleep(150 * time.Millisecond)
		}
	}
	w.prints("and 117 more")
	time.Sleep(500 * time.Millisecond) // for messages that should not follow
	printed := w.log.String()[before:]
	if n := strings.Count(printed, "\n"); n != 1 {
		t.Errorf("%d lines, want one:\n%s", n, printed)
	}

	// A mistake in all pages is one line and twenty mistakes.
	before = len(w.log.String())
	for i := range pages {
		w.write(fmt.Sprintf("content/new/p%d.md", i), "---\ntitle: New\n---\n[x](/none/)\n")
	}
	w.prints("and 40 more; sitegen build lists all of them")
	printed = w.log.String()[before:]
	if n := strings.Count(printed, "built in"); n != 1 {
		t.Errorf("%d lines about builds, want one:\n%s", n, printed)
	}
	if n := strings.Count(printed, "link to /none/"); n != 20 {
		t.Errorf("%d mistakes, want 20:\n%s", n, printed)
	}
}

// TestFetchedApart checks that the time of a slow source is not part of the time of the build.
func TestFetchedApart(t *testing.T) {
	const slow = 1200 * time.Millisecond
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(slow)
		_, _ = w.Write([]byte(`{"version": 1, "packages": []}`))
	}))
	defer source.Close()
	w := open(t, map[string]string{"sitegen.yaml": "title: T\nproject: P\nbase_url: https://p.example\nsource: " +
		source.URL + "/packages.json\n"}, nil)
	m := regexp.MustCompile(`fetched the packages in (\d+) ms, built in (\d+) ms`).FindStringSubmatch(w.log.String())
	if m == nil {
		t.Fatalf("no times in the terminal:\n%s", w.log)
	}
	var fetched, built int
	if _, err := fmt.Sscan(m[1], &fetched); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(m[2], &built); err != nil {
		t.Fatal(err)
	}
	if fetched < int(slow.Milliseconds()) || built >= fetched {
		t.Errorf("fetched in %d ms, built in %d ms; the source needs %v", fetched, built, slow)
	}
}
