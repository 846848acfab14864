package build_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/testutil"
)

// hostileValues are values that could break out of a page, a configuration file, a header or a path.
var hostileValues = []string{
	`"`, `'`, `\`, "$host", "${args}", "{", "}", ";", "#", "a b", "a\nb", "a\r\nX-Injected: 1", "a\x00b",
	"</script><script>alert(1)</script>",
	`"><img src=x onerror=alert(1)>`, "javascript:alert(1)", "../../etc/passwd", "..", ".", "/", "a/../b", "%2e%2e",
	"<!--#include virtual=\"/etc/passwd\" -->",
	"{{.Site}}", "<!-- -->", "a?b=c", "a&b", "~^x", "default", "\u202e", "é", strings.Repeat("9", 5000), "-1", "1e9",
	" 34645", "0x10",
}

// hostileFields are the fields of an item that come from the source.
var hostileFields = []string{"_id", "name", "size", "app_id", "baseName", "os", "arch", "revision", "version",
	"release", "build_date", "sha512", "pre_release"}

// hostileListing returns the live listing with an additional item for each combination of field and hostile value.
func hostileListing(t *testing.T) []byte {
	t.Helper()
	var items []map[string]any
	if err := json.Unmarshal(testutil.Listing(t, "live"), &items); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, field := range hostileFields {
		for _, value := range hostileValues {
			n++
			meta := map[string]any{
				"app_id": testutil.App, "os": "linux", "arch": "i386", "baseName": "Viewer",
				"revision": fmt.Sprint(20_000 + n), "pre_release": false,
				"release": fmt.Sprintf("4.0.%d", n), "version": fmt.Sprintf("4.0.%d", n),
				"build_date": "2015-05-05T05:05:05+00:00", "sha512": strings.Repeat("a", 128),
			}
			item := map[string]any{"_id": fmt.Sprintf("5%023x", n), "name": fmt.Sprintf("Viewer_linux_i386_%d", n),
				"size": 1_000_000, "meta": meta}
			if _, top := item[field]; top {
				item[field] = value
			} else {
				meta[field] = value
			}
			items = append(items, item)
		}
	}
	body, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestHostileListing builds a site from hostile values and serves it with Nginx. Values that are not held back must
// appear as text, and the answers for all other packages must not change.
func TestHostileListing(t *testing.T) {
	dir := folder(t, hostileListing(t))
	report, err := run(t, dir, map[string][]string{"force": {"true"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Held) < 200 || report.Published < 760 {
		t.Errorf("%d published, %d held back: want hostile items among both", report.Published, len(report.Held))
	}
	n := testutil.StartNginx(t, filepath.Join(dir, "public"), filepath.Join(dir, "redirects"))
	if out, err := n.Test(t); err != nil || strings.Contains(out, "[warn]") {
		t.Fatalf("nginx -t: %v\n%s", err, out)
	}
	client := testutil.Client()
	for i, g := range testutil.Goldens(t, "golden.jsonl") {
		if _, query := g.Split(); i%5 == 0 && !strings.Contains(query, "i386") {
			testutil.AskGolden(t, client, n.URL, g)
		}
	}
	for path, data := range tree(t, filepath.Join(dir, "public")) {
		if strings.HasSuffix(path, ".html") {
			checkMarkup(t, path, data)
		}
		if strings.HasSuffix(path, ".json") && !strings.HasPrefix(path, "-/") && !json.Valid([]byte(data)) {
			t.Errorf("%s is not JSON", path)
		}
	}
	for path := range tree(t, dir) {
		if strings.ContainsAny(path, "<>\"'$;{}\n\\ ") {
			t.Errorf("a file is named %q", path)
		}
	}
}

// checkMarkup checks that a page has only the elements and links of the layouts.
func checkMarkup(t *testing.T, path, data string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for node := range doc.Descendants() {
		switch {
		case node.Type == html.CommentNode && strings.HasPrefix(node.Data, "#") && !strings.HasPrefix(path, "-/home/"):
			t.Errorf("%s: server-side include %q", path, node.Data)
		case node.Type != html.ElementNode:
		case node.Data == "img" && !isLogo(node) || node.Data == "iframe" || node.Data == "object" ||
			(node.Data == "script" && !trustedScript(node)):
			t.Errorf("%s: element %s", path, node.Data)
		default:
			for _, a := range node.Attr {
				if strings.HasPrefix(a.Key, "on") ||
					((a.Key == "href" || a.Key == "src") &&
						strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:")) {
					t.Errorf("%s: %s=%q", path, a.Key, a.Val)
				}
			}
		}
	}
}

// trustedScript reports whether a script comes from the layouts: data for search engines, or a file with a checksum.
func trustedScript(node *html.Node) bool {
	has := func(key, value string) bool {
		return slices.ContainsFunc(node.Attr, func(a html.Attribute) bool {
			return a.Key == key && (value == "" || a.Val == value)
		})
	}
	return has("type", "application/ld+json") || (has("src", "") && has("integrity", ""))
}

// TestHostileQueries sends queries that could break out of a header or redirect to another site.
func TestHostileQueries(t *testing.T) {
	n := serve(t, "live")
	client := testutil.Client()
	for _, value := range []string{
		"%0d%0aX-Injected:%201", "%0aX-Injected:1", "//evil.example", "https://evil.example", "%2f%2fevil.example",
		"$host", "%24args", "%00", "%zz", "%", "%c0%af",
		strings.Repeat("5", 7000), strings.Repeat("%41", 2500), "'\"><script>", "..%2f..%2f", "javascript:alert(1)",
	} {
		for _, name := range []string{"os", "stability", "version", "revision", "closest-revision", "date", "offset",
			"arch", "checkout-date", "utm"} {
			for _, path := range []string{"/find", "/download", "/findall", "/"} {
				query := "os=win&" + name + "=" + value
				if name == "os" {
					query = name + "=" + value
				}
				res := get(t, client, "GET", n.URL+path+"?"+query)
				location := res.Header.Get("Location")
				if res.Header.Get("X-Injected") != "" || strings.Contains(location, "evil") ||
					strings.Contains(res.body, "<script>") ||
					(location != "" && !strings.HasPrefix(location, lookup.BitstreamPrefix)) || res.StatusCode >= 500 {
					t.Errorf("%s?%s: status %d, headers %v", path, query, res.StatusCode, res.Header)
				}
			}
		}
	}
}

// isLogo reports whether an image is the one of the header.
func isLogo(img *html.Node) bool {
	for _, a := range img.Attr {
		if a.Key == "src" {
			return strings.HasPrefix(a.Val, "/assets/logo.")
		}
	}
	return false
}
