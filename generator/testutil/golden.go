package testutil

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// AskGoldens sends all recorded requests for a catalogue to the server at base and compares the answers. It sends every
// tenth request with HEAD, too.
func AskGoldens(t *testing.T, client *http.Client, base, profile string) {
	t.Helper()
	names := []string{"golden.jsonl", "golden-objects.jsonl"}
	if profile == "archive" {
		names = []string{"golden-archive.jsonl"}
	}
	for _, name := range names {
		for i, g := range Goldens(t, name) {
			res, _ := AskGolden(t, client, base, g)
			if i%10 > 0 {
				continue
			}
			head, body := Ask(t, client, "HEAD", base+g.Q)
			if head.StatusCode != res.StatusCode || head.Header.Get("Location") != g.Location || body != "" {
				t.Errorf("HEAD %s: %d to %q, want %d to %q", g.Q, head.StatusCode, head.Header.Get("Location"),
					res.StatusCode, g.Location)
			}
		}
	}
}

// AskGolden sends one recorded request and compares the answer.
func AskGolden(t *testing.T, client *http.Client, base string, g Golden) (*http.Response, string) {
	t.Helper()
	res, body := Ask(t, client, "GET", base+g.Q)
	if got := res.Header.Get("Location"); g.Status != 0 && res.StatusCode != g.Status || got != g.Location {
		t.Errorf("%s: status %d to %q, want %d to %q", g.Q, res.StatusCode, got, g.Status, g.Location)
		return res, body
	}
	switch {
	case g.JSON != nil:
		if diff := cmp.Diff(Parsed(t, string(g.JSON)), Parsed(t, body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", g.Q, diff)
		}
	case g.ID != "":
		if got := Parsed(t, body).(map[string]any)["download_url"]; got != "/bitstream/"+g.ID {
			t.Errorf("%s: %v, want %s", g.Q, got, g.ID)
		}
	case g.IDs != nil:
		if diff := cmp.Diff(g.IDs, cellIDs(t, body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", g.Q, diff)
		}
	case g.Links != nil:
		if got := PageIDs(body); !slices.Equal(got, g.Links) {
			t.Errorf("%s: links %q, want %q", g.Q, got, g.Links)
		}
	}
	return res, body
}

// Parsed parses JSON.
func Parsed(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.300q", err, text)
	}
	return v
}

var bitstreamRE = regexp.MustCompile(`href="?/bitstream/([0-9A-Za-z._-]+)(?:#unnumbered)?["\s>]`)

// PageIDs returns the ids of the packages that a page links to, in order, without links that end in another fragment:
// those lead to packages for other architectures than the query asks for.
func PageIDs(page string) []string {
	ids := []string{}
	for _, m := range bitstreamRE.FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// cellIDs returns the ids in an answer of /findall, by os and stability.
func cellIDs(t *testing.T, body string) map[string]map[string]*string {
	t.Helper()
	ids := map[string]map[string]*string{}
	for os, row := range Parsed(t, body).(map[string]any) {
		ids[os] = map[string]*string{}
		for stability, cell := range row.(map[string]any) {
			ids[os][stability] = nil
			if object, ok := cell.(map[string]any); ok {
				id := strings.TrimPrefix(object["download_url"].(string), "/bitstream/")
				ids[os][stability] = &id
			}
		}
	}
	return ids
}
