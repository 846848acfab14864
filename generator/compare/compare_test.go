package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/replay"
)

// reply returns a reply with headers: "Name: value".
func reply(status int, body string, headers ...string) *replay.Reply {
	r := &replay.Reply{Status: status, Header: http.Header{}, Body: []byte(body)}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r
}

const (
	jsonType = "Content-Type: application/json"
	htmlType = "Content-Type: text/html; charset=utf-8"
	textType = "Content-Type: text/plain"
)

// TestCompare compares pairs of replies.
func TestCompare(t *testing.T) {
	tests := []struct {
		name     string
		html     Pages
		old, now *replay.Reply
		want     []string
	}{
		{"same", "", reply(200, `{"a":1}`, jsonType, "Date: x"), reply(200, `{"a":1}`, jsonType, "ETag: y"), nil},
		{"status hides the rest", "", reply(200, "x", textType), reply(404, "y", htmlType), []string{"status 200 -> 404"}},
		{"redirects with another status and target", "", reply(301, "", "Location: /a"), reply(302, "", "Location: /b"),
			[]string{"status 301 -> 302", "location /a -> /b"}},
		{"own hosts", "", reply(302, "", "Location: https://OLD.example/a?b=c", htmlType),
			reply(302, "x", "Location: http://new.example:8080/a?b=c", textType), nil},
		{"own host by another name", "", reply(302, "", "Location: https://www.example"),
			reply(302, "", "Location: /"), nil},
		{"default port", "", reply(302, "", "Location: https://old.example:443/a"), reply(302, "", "Location: /a"), nil},
		{"another port is another server", "", reply(302, "", "Location: http://new.example/a"),
			reply(302, "", "Location: /a"), []string{"location http://new.example/a -> /a"}},
		{"another host", "", reply(302, "", "Location: https://old.example.evil/a"), reply(302, "", "Location: /a"),
			[]string{"location https://old.example.evil/a -> /a"}},
		{"escapes", "", reply(302, "", "Location: /a%2dé"), reply(302, "", "Location: /a-é"), nil},
		{"no target", "", reply(302, "", "Location: /a"), reply(302, ""), []string{"location /a -> none"}},
		{"headers", "", reply(200, "", "Cache-Control: Public, max-age=300", "Allow: GET,HEAD", "X-Own: https://old.example/a"),
			reply(200, "", "Cache-Control: max-age=300", "Cache-Control: public", "Allow: head, get", "X-Own: /a"), nil},
		{"other headers", "", reply(200, "", "Cache-Control: no-cache", "X-A: 1"),
			reply(200, "", "Cache-Control: no-store", "Access-Control-Allow-Origin: *"),
			[]string{"header access-control-allow-origin: none -> *", "header cache-control: no-cache -> no-store",
				"header x-a: 1 -> none"}},
		{"ignored header", "", reply(200, "", "X-Ignored: 1"), reply(200, ""), nil},
		{"content type", "", reply(200, "x", "Content-Type: text/html;charset=UTF-8"), reply(200, "x", htmlType), nil},
		{"order, blanks and form of numbers in JSON", "", reply(200, `{"a":1.0,"b":[true,null]}`, jsonType),
			reply(200, " {\"b\" : [true, null],\n\"a\":1e0}", jsonType), nil},
		{"large numbers", "", reply(200, `[9007199254740993]`, jsonType), reply(200, `[9007199254740992]`, jsonType),
			[]string{"json [0]: 9007199254740993 -> 9007199254740992"}},
		{"values in JSON", "", reply(200, `{"win":{"id":"1","url":"https://old.example/b/1","old":0},"l":[1,2]}`, jsonType),
			reply(200, `{"win":{"id":1,"url":"/b/1","new":null},"l":[1]}`, jsonType),
			[]string{"json l[]: 2 elements -> 1 elements", `json win.id: "1" -> 1`, "json win.new: none -> null",
				"json win.old: 0 -> none"}},
		{"another package", "", reply(200, `{"win":{"download_url":"/b/1","size":1,"os":"win"}}`, jsonType),
			reply(200, `{"win":{"download_url":"/b/2","size":2}}`, jsonType),
			[]string{`json win.download_url: "/b/1" -> "/b/2"`}},
		{"null and object", "", reply(200, `null`, jsonType), reply(200, `{}`, jsonType), []string{"json whole: null -> {}"}},
		{"JSON that is none", "", reply(200, `{"a":1}`, jsonType), reply(200, `{"a":1`, jsonType),
			[]string{`body 7 bytes, at 6 "{\"a\":1}" -> 6 bytes, at 6 "{\"a\":1"`}},
		{"JSON as text", "", reply(200, `{"a":1}`, jsonType), reply(200, `{"a":2}`, textType),
			[]string{"header content-type: application/json -> text/plain", "json a: 1 -> 2"}},
		{"text with an own host", "", reply(200, "see https://old.example/a", textType), reply(200, "see /a", textType), nil},
		{"text", "", reply(200, "abc", textType), reply(200, "abd", textType),
			[]string{`body 3 bytes, at 2 "abc" -> 3 bytes, at 2 "abd"`}},
		{"pages look different", "", reply(200, `<title>A</title><a href="/bitstream/1#x"><A HREF=/bitstream/2>`, htmlType),
			reply(200, `<a class=b href="https://new.example:8080/bitstream/2#unnumbered">x</a>`, htmlType), nil},
		{"other downloads", "", reply(200, `<a href="/bitstream/1"><a href="/bitstream/2">`, htmlType),
			reply(200, `<a href="/bitstream/1">`, htmlType), []string{"html download link 2: /bitstream/2 -> none"}},
		{"pages are not compared", PagesNone, reply(200, `<a href="/bitstream/1">`, htmlType), reply(200, ``, htmlType), nil},
		{"titles and links", PagesLinks, reply(200, `<title> A  b</title><a href="/x#y"><a href="https://a.example">`, htmlType),
			reply(200, `<title>C</title><a href="/z">`, htmlType),
			[]string{"html title: A b -> C", "html link: /x -> none", "html link: none -> /z"}},
		{"bytes of pages", PagesAll, reply(200, `<p>`, htmlType), reply(200, `<b>`, htmlType),
			[]string{`body 3 bytes, at 1 "<p>" -> 3 bytes, at 1 "<b>"`}},
		{"page and JSON", "", reply(200, `<p>`, htmlType), reply(200, `{}`, jsonType),
			[]string{"header content-type: text/html; charset=utf-8 -> application/json"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Old: "https://old.example", New: "http://new.example:8080", Hosts: []string{"WWW.example"},
				Ignored: []string{"X-Ignored"}, HTML: tt.html}
			if o.HTML == "" {
				o.HTML = PagesDownloads
			}
			c, err := newComparison(o, serverNames())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range c.differ.compare(http.MethodGet, tt.old, tt.now) {
				got = append(got, string(d.Kind)+" "+d.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(tt.want) == 0 {
				if back := c.differ.compare(http.MethodGet, tt.now, tt.old); len(back) > 0 {
					t.Errorf("the other way round: %v", back)
				}
			}
		})
	}
}

// TestGroups checks that differences of one cause are one group, and that known ones are counted apart.
func TestGroups(t *testing.T) {
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/bitstream/"):
			http.Redirect(w, r, "https://files.example/item"+r.URL.Path[10:]+"/download", http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/gone/"):
			http.NotFound(w, r)
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"id":%q,"size":1}`, r.URL.RawQuery)
		}
	}))
	defer old.Close()
	now := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/bitstream/"):
			http.Redirect(w, r, "https://files.example/file"+r.URL.Path[10:]+"/download", http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/gone/"):
			w.WriteHeader(http.StatusGone)
		default:
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"id":%q,"size":2,"os":null}`, r.URL.RawQuery)
		}
	}))
	defer now.Close()
	allow := filepath.Join(t.TempDir(), "known.txt")
	if err := os.WriteFile(allow, []byte("json  /find?*  os: none -> null  # a new key\n"+
		"status /gone/* 404 -> 410   # gone for good\nany /nowhere # unused\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := newComparison(Options{Old: old.URL, New: now.URL, Parallel: 4, HTML: PagesDownloads, Allow: allow}, serverNames())
	if err != nil {
		t.Fatal(err)
	}
	var requests []replay.Request
	for i := range 1000 {
		requests = append(requests, replay.Request{Method: "GET", Target: fmt.Sprintf("/bitstream/%024x", i), Count: 2},
			replay.Request{Method: "GET", Target: fmt.Sprintf("/find?x=%d", i), Count: 1})
	}
	requests = append(requests, replay.Request{Method: "GET", Target: "/gone/1", Count: 1},
		replay.Request{Method: "HEAD", Target: "/find", Count: 1})
	r, err := c.run(t.Context(), requests, func() {})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range r.Groups {
		got = append(got, fmt.Sprintf("%s %s: %d %d %d %s", g.Kind, g.Cause, g.Requests, g.Count, len(g.Examples),
			g.Examples[0].Request))
	}
	want := []string{
		"location https://files.example/item/#/download -> https://files.example/file/#/download: 1000 2000 3 " +
			"/bitstream/000000000000000000000000",
		"json size: other values: 1000 1000 3 /find?x=0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if r.Same != 1 || r.Allowed != 1 || r.Different != 2000 || len(r.Differences) != 3001 {
		t.Errorf("%d same, %d allowed, %d different, %d differences", r.Same, r.Allowed, r.Different, len(r.Differences))
	}
	if a := r.Allowances; a[0].Count != 1000 || a[1].Count != 1 || len(r.Unused()) != 1 || r.Unused()[0].Line != 3 {
		t.Errorf("allowances: %+v", a)
	}
	if fault.KindOf(r.Err()) != fault.Differences {
		t.Errorf("error %v", r.Err())
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// TestManyCauses checks that the smallest groups of a kind are joined.
func TestManyCauses(t *testing.T) {
	var list []Found
	for i := range 30 {
		for n := range 31 - i {
			list = append(list, Found{Request: fmt.Sprint("/x?", i, n), Count: 1, path: "/x",
				Difference: Difference{Kind: Header, Name: "x-" + strings.Repeat("a", i+1), Old: "a", New: "b"}})
		}
	}
	got := groups(list)
	last := got[len(got)-1]
	if len(got) != maxGroups+1 || last.Cause != "10 other causes" || last.Requests != 65 || len(last.Examples) != 3 {
		t.Errorf("%d groups, the last is %+v", len(got), last)
	}
}

// TestSilentServer checks that the comparison ends if a server stops answering, and that single failures are
// differences.
func TestSilentServer(t *testing.T) {
	answer := httptest.NewServer(http.NotFoundHandler())
	defer answer.Close()
	abort := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			panic(http.ErrAbortHandler)
		}
		http.NotFound(w, r)
	}))
	defer abort.Close()
	c, err := newComparison(Options{Old: answer.URL, New: abort.URL, Parallel: 2 * maxSilent}, serverNames())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.reach(t.Context()); err != nil {
		t.Fatal(err)
	}
	request := replay.Request{Method: "GET", Target: "/x", Count: 1}
	r, err := c.run(t.Context(), []replay.Request{request}, func() {})
	if err != nil || len(r.Groups) != 1 || r.Groups[0].Kind != Unanswered {
		t.Errorf("one failure: %+v, %v", r, err)
	}
	many := make([]replay.Request, 2*maxSilent)
	for i := range many {
		many[i] = request
	}
	if _, err = c.run(t.Context(), many, func() {}); fault.KindOf(err) != fault.Unreachable ||
		!strings.HasPrefix(err.Error(), "NEW (http://127.0.0.1:") {
		t.Errorf("silent server: %v", err)
	}
	abort.Close()
	if err := c.reach(t.Context()); fault.KindOf(err) != fault.Unreachable {
		t.Errorf("no server: %v", err)
	}
}

// TestAllowances checks the mistakes in a file of known differences.
func TestAllowances(t *testing.T) {
	text := "\ufeff# known\r\n\r\nstatus /a # b\r\nstatus /a\nstatuss /a # b\nheader # b\nany /\xff* # c\nlocation /x /y -> /z # r # s"
	list, err := ParseAllowances("known.txt", []byte(text))
	want := `known.txt:4: no reason at the end of the line (# REASON)
known.txt:5: unknown kind of difference (found "statuss"); did you mean "status"?; the kinds are any, unanswered, status, location, header, json, html, body
known.txt:6: no pattern for requests after the kind
known.txt:7: the pattern for requests is not valid text (found "/\xff*")`
	if err == nil || err.Error() != want {
		t.Errorf("error (-want +got):\n%s", cmp.Diff(want, fmt.Sprint(err)))
	}
	if len(list) != 2 || list[0].Line != 3 || list[1].What != "/y -> /z" || list[1].Reason != "r # s" {
		t.Errorf("allowances %+v", list)
	}
	var findings fault.Findings
	if !errors.As(err, &findings) || fault.KindOf(err) != fault.Usage {
		t.Errorf("error of kind %v", fault.KindOf(err))
	}
}

// TestOldSite checks that the known differences to the old site, which docs/moving.md refers to, have no mistakes.
func TestOldSite(t *testing.T) {
	text, err := os.ReadFile("../../docs/known-old-site.txt")
	if err != nil {
		t.Fatal(err)
	}
	if list, err := ParseAllowances("known-old-site.txt", text); err != nil || len(list) == 0 {
		t.Errorf("%d lines, %v", len(list), err)
	}
}

// FuzzAllowances checks that each line of a file of known differences is an allowance, a comment or a mistake, and that
// an allowance matches what it was written for.
func FuzzAllowances(f *testing.F) {
	f.Add("status /find?*date=* 200 -> 400 # no such day\n", "/find?os=win&date=1", "", "200", "400")
	f.Add("any * # r\n# c\nheader * x: * -> none # r", "/", "x", "y", "none")
	f.Add("json /\x00 [0]: (  # \xff", "/", "[0]", "(", "*")
	f.Fuzz(func(t *testing.T, text, request, name, old, now string) {
		list, err := ParseAllowances("known.txt", []byte(text))
		var findings fault.Findings
		errors.As(err, &findings)
		lines := 0
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")); line != "" && line[0] != '#' {
				lines++
			}
		}
		if len(list)+len(findings) != lines {
			t.Errorf("%d allowances and %d mistakes in %d lines", len(list), len(findings), lines)
		}
		for _, a := range list {
			a.matches(request, Difference{Kind: Header, Name: name, Old: old, New: now})
		}
		target := strings.Join(strings.Fields(strings.ToValidUTF8(request, "")), "")
		d := Difference{Kind: JSON, Name: "a", Old: strings.ToValidUTF8(old, ""), New: strings.ToValidUTF8(now, "")}
		if target == "" || strings.Contains(target+d.String(), "#") { // which begins the reason; targets have no fragment
			return
		}
		own, err := ParseAllowances("known.txt", []byte("json "+target+" "+strings.Join(strings.Fields(d.String()), " ")+" # x"))
		if err != nil || len(own) != 1 || !own[0].matches(target, d) {
			t.Errorf("%q %q: %v", target, d.String(), err)
		}
	})
}
