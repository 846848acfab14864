package build_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestMaintenance checks that all pages are answered with status 503 while the file .maintenance exists, and that the
// download API and the files of the maintenance page still work.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := run(t, dir, map[string][]string{"source": {"sample"}}); err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(dir, "public")
	n := testutil.StartNginx(t, public, filepath.Join(dir, "redirects"))
	client := testutil.Client()
	marker := filepath.Join(public, ".maintenance")
	if err := os.WriteFile(marker, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/", "/?version=5.2", "/?os=x", "/releases/", "/releases", "/releases/5.12.4/",
		"/de/", "/de/releases/", "/feed.xml", "/no/such/page/", "/-/error/503.html", "/404.html"} {
		res := get(t, client, http.MethodGet, n.URL+path)
		if res.StatusCode == http.StatusNotFound && (strings.HasPrefix(path, "/-/") || path == "/404.html") {
			continue // internal
		}
		title := "Under maintenance</h1>"
		if strings.HasPrefix(path, "/de/") {
			title = "Wartungsarbeiten</h1>"
		}
		if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(res.body, title) {
			t.Errorf("%s: status %d, body %.300s", path, res.StatusCode, res.body)
		}
		for name, want := range map[string]string{"Retry-After": "600", "Cache-Control": "no-store", "ETag": "",
			"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff"} {
			if got := strings.Join(res.Header.Values(name), ", "); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
	page := get(t, client, http.MethodGet, n.URL+"/").body
	testutil.CheckHTML(t, map[string]string{"maintenance": page})
	assets := regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(assets) < 3 {
		t.Errorf("the page loads only %q", assets)
	}
	works := map[string]int{"/download?os=win&stability=release": 302, "/download?os=x": 400, "/latest/win": 302,
		"/find?os=win": 200, "/findall": 200, "/api/": 200}
	for _, asset := range assets {
		works[asset[1]] = http.StatusOK
	}
	for path, want := range works {
		res := get(t, client, http.MethodGet, n.URL+path)
		if res.StatusCode != want || res.Header.Get("Retry-After") != "" {
			t.Errorf("%s: status %d, want %d; headers %v", path, res.StatusCode, want, res.Header)
		}
	}
	if res := get(t, client, http.MethodPost, n.URL+"/"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d, want 405", res.StatusCode)
	}
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/": 200, "/releases/": 200, "/no/such/page/": 404} {
		if res := get(t, client, http.MethodGet, n.URL+path); res.StatusCode != want {
			t.Errorf("%s after the maintenance: status %d, want %d", path, res.StatusCode, want)
		}
	}
	if log := n.ErrorLog(t); log != "" {
		t.Error(log)
	}
}
