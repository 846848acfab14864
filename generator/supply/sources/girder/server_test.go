package girder_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources/girder"
	"github.com/Slicer/sitegen/generator/testutil"
)

// now is the current time in the tests.
var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// options returns options without pauses between tries.
func options(t *testing.T) source.Options {
	return source.Options{
		Scheme: testutil.Scheme(t), Now: func() time.Time { return now }, Girder: source.Girder{App: app},
		Fetch: fetch.New(fetch.Options{Retries: 1, Sleep: func(context.Context, time.Duration) error { return nil }}),
	}
}

// open returns the source for an API base.
func open(t *testing.T, base string, o source.Options) source.Source {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	s, err := girder.Kind().OpenURL(u, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fake is a Girder server. Tests may change it between reads.
type fake struct {
	URL   string // base of the API
	items []map[string]any
	files map[string]any // by item id: a list of files, or the status of an error
	app   string         // answer to the request for the application

	mu    sync.Mutex
	asked []string // ids of items whose files were requested
}

func newFake(t *testing.T) *fake {
	f := &fake{files: map[string]any{}, app: "null"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/app/{app}/package", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(append([]map[string]any{}, f.items...))
	})
	mux.HandleFunc("GET /api/v1/app", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, f.app) })
	mux.HandleFunc("GET /api/v1/item/{id}/files", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		f.mu.Lock()
		f.asked = append(f.asked, id)
		f.mu.Unlock()
		if status, ok := f.files[id].(int); ok {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"message": "no", "type": "rest"}`)
			return
		}
		json.NewEncoder(w).Encode(f.files[id])
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	f.URL = server.URL + "/api/v1"
	return f
}

// add adds a package with one file and returns its id.
func (f *fake) add(n int, change func(item, meta map[string]any)) string {
	id := fmt.Sprintf("%024x", n)
	sum := strings.Repeat(fmt.Sprintf("%08x", n), 16)
	meta := map[string]any{"app_id": app, "baseName": "Aurora", "os": "linux", "arch": "amd64",
		"revision": fmt.Sprint(34000 + n),
		"version":  "5.13.0-2026-11-20", "build_date": "2026-11-20T03:00:00+00:00", "sha512": sum}
	item := map[string]any{"_id": id, "name": fmt.Sprintf("Aurora_%d", n), "size": 1000 + n,
		"created": "2026-11-20T03:00:00+00:00", "updated": "2026-11-20T03:00:00+00:00", "meta": meta}
	f.files[id] = []map[string]any{{"_id": fmt.Sprintf("%024x", n+0xf000), "name": fmt.Sprintf("aurora-%d.tar.gz", n),
		"size": 1000 + n, "sha512": sum}}
	if change != nil {
		change(item, meta)
	}
	f.items = append(f.items, item)
	return id
}

// asks returns the ids requested since the last call, sorted.
func (f *fake) asks() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.Sorted(slices.Values(f.asked))
	f.asked = nil
	return list
}

// read reads the source and publishes what it lists.
func (f *fake) read(t *testing.T, o source.Options, memory source.Memory) (*source.Listing, []*catalog.Package,
	[]catalog.Held) {
	t.Helper()
	list, err := open(t, f.URL, o).Read(t.Context(), memory)
	if err != nil {
		t.Fatal(err)
	}
	published, held := catalog.Publish(o.Scheme, list.Spelling, list.Records)
	return list, published, held
}

func TestRead(t *testing.T) {
	f := newFake(t)
	a, b := f.add(1, nil), f.add(2, nil)
	list, published, held := f.read(t, options(t), nil)
	if len(published) != 2 || len(held) != 0 || list.Warnings != nil {
		t.Fatalf("published %v, held %v, warnings %q", published, held, list.Warnings)
	}
	if diff := cmp.Diff([]string{a, b}, f.asks()); diff != "" {
		t.Errorf("requested items (-want +got):\n%s", diff)
	}
	p := published[1]
	if want := f.URL + "/file/00000000000000000000f001/download"; p.FileName != "aurora-1.tar.gz" || p.URL != want {
		t.Errorf("%q at %s, want aurora-1.tar.gz at %s", p.FileName, p.URL, want)
	}

	// With the memory, nothing is requested again, and the listing is the same.
	again, _, _ := f.read(t, options(t), list.Memory)
	if diff := cmp.Diff(list, again); diff != "" {
		t.Errorf("second read (-first +second):\n%s", diff)
	}
	if asks := f.asks(); asks != nil {
		t.Errorf("requested again: %v", asks)
	}

	// The files of a package are requested again if one of the three values that indicate a new upload changes, and
	// those of a new package are requested.
	f.items[0]["updated"] = "2026-11-21T03:00:00+00:00"
	c := f.add(3, nil)
	third, _, _ := f.read(t, options(t), list.Memory)
	if diff := cmp.Diff([]string{a, c}, f.asks()); diff != "" {
		t.Errorf("requested items (-want +got):\n%s", diff)
	}
	f.items[0]["size"], f.items[1]["meta"].(map[string]any)["sha512"] = 77, strings.Repeat("0", 128)
	f.read(t, options(t), third.Memory)
	if diff := cmp.Diff([]string{a, b}, f.asks()); diff != "" {
		t.Errorf("requested items (-want +got):\n%s", diff)
	}

	// The memory of deleted items is dropped, and a malformed memory is ignored.
	f.items = f.items[2:]
	last, _, _ := f.read(t, options(t), source.Memory{a: third.Memory[a], c: "{"})
	if len(last.Memory) != 1 || last.Memory[c] != third.Memory[c] {
		t.Errorf("memory %v, want that of %s", last.Memory, c)
	}
}

func TestReadRequestsOnlyPublishableItems(t *testing.T) {
	f := newFake(t)
	f.add(1, func(item, meta map[string]any) { meta["os"] = "beos" })
	f.add(2, func(item, meta map[string]any) { meta["app_id"] = "000000000000000000000000" })
	f.add(3, func(item, meta map[string]any) { item["size"] = 0 })
	list, published, _ := f.read(t, options(t), nil)
	if len(published) != 0 || len(list.Memory) != 0 || f.asks() != nil {
		t.Errorf("published %v, memory %v", published, list.Memory)
	}
	f.add(4, nil)
	o := options(t)
	o.Brief = true
	list, published, _ = f.read(t, o, nil)
	if len(published) != 1 || f.asks() != nil || published[0].URL != f.URL+"/item/"+published[0].ID+"/download" {
		t.Errorf("brief: published %v", published)
	}
	if list.Memory == nil {
		t.Error("brief: the memory would be lost")
	}
}

func TestReadHoldsBack(t *testing.T) {
	one := map[string]any{"_id": "0000000000000000000000aa", "name": "a", "size": 1}
	tests := []struct {
		name          string
		files         any
		field, reason string
		again         bool
	}{
		{"private, anonymous", 401, "access", "not public, so visitors cannot download it", true},
		{"private", 403, "access", "not public, so visitors cannot download it", true},
		{"two files", []any{one, one}, "files", "has more than one file: an upload is running or was interrupted",
			true},
		{"no file", []any{}, "files", "has no file", true},
		{"deleted", 400, "_id", "deleted while the listing was read", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(t)
			id := f.add(1, nil)
			f.add(2, nil)
			good := f.files[id]
			f.files[id] = test.files
			list, published, held := f.read(t, options(t), nil)
			if len(published) != 1 || len(held) != 1 || held[0].ID != id || held[0].Field != test.field ||
				held[0].Reason != test.reason {
				t.Fatalf("published %v, held %v", published, held)
			}
			f.asks()

			// The problem may be solved at the next run.
			f.files[id] = good
			_, published, _ = f.read(t, options(t), list.Memory)
			if asks := f.asks(); len(published) != 2 || !slices.Equal(asks, []string{id}) {
				t.Errorf("published %v after requests for %v", published, asks)
			}
		})
	}
}

// TestReadDuringAnUpload checks an upload that is completed between the listing and the request for the files. The
// values of the file are used, because it is what people download, and the files are requested again when the listing
// has changed.
func TestReadDuringAnUpload(t *testing.T) {
	f := newFake(t)
	id := f.add(1, nil)
	sum := strings.Repeat("ef", 64)
	f.files[id].([]map[string]any)[0]["size"], f.files[id].([]map[string]any)[0]["sha512"] = 5000, sum
	list, published, _ := f.read(t, options(t), nil)
	if p := published[0]; p.Size != 5000 || p.SHA512 != sum || len(list.Memory) != 0 {
		t.Errorf("size %d, checksum %.8s, memory %v", p.Size, p.SHA512, list.Memory)
	}
}

func TestReadWithoutDetails(t *testing.T) {
	t.Run("one item fails", func(t *testing.T) {
		f := newFake(t)
		for n := range 30 {
			f.add(n, nil)
		}
		id := f.items[20]["_id"].(string)
		f.files[id] = 500
		list, published, _ := f.read(t, options(t), nil)
		want := fmt.Sprintf(`could not read the files of 1 new package (fetch %s/item/%s/files: the server answered `+
			`500 ("no") (2 tries)): `+
			`until the next build, file names are unknown and downloads cannot be resumed`, f.URL, id)
		if diff := cmp.Diff([]string{want}, list.Warnings); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
		if len(published) != 30 || len(list.Memory) != 29 {
			t.Errorf("%d published, %d remembered", len(published), len(list.Memory))
		}
	})
	t.Run("all fail", func(t *testing.T) {
		f := newFake(t)
		for n := range 500 {
			f.files[f.add(n, nil)] = 503
		}
		list, published, _ := f.read(t, options(t), nil)
		if len(published) != 500 || len(list.Warnings) != 1 ||
			!strings.Contains(list.Warnings[0], "the files of 500 new packages (fetch ") {
			t.Errorf("%d published, warnings %q", len(published), list.Warnings)
		}
		if n := len(f.asks()); n > 2*(2+fetch.Concurrency) {
			t.Errorf("%d requests to a server that is down", n)
		}
	})
	t.Run("answers that are not a list of files", func(t *testing.T) {
		f := newFake(t)
		f.files[f.add(1, nil)] = "no"
		f.files[f.add(2, nil)] = []any{map[string]any{"_id": "../../.."}}
		list, published, _ := f.read(t, options(t), nil)
		if len(published) != 2 || len(list.Warnings) != 1 || len(list.Memory) != 0 {
			t.Errorf("%d published, warnings %q", len(published), list.Warnings)
		}
	})
}

func TestReadReportsProgress(t *testing.T) {
	f := newFake(t)
	for n := range 25 {
		f.add(n, nil)
	}
	var got []int
	o := options(t)
	o.Progress = func(done, total int) { got = append(got, done, total) }
	list, _, _ := f.read(t, o, nil)
	var want []int
	for n := range 26 {
		want = append(want, n, 25)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	got = nil
	if f.read(t, o, list.Memory); got != nil {
		t.Errorf("progress without work: %v", got)
	}
}

func TestReadCanceled(t *testing.T) {
	f := newFake(t)
	for n := range 100 {
		f.add(n, nil)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t)
	o.Progress = func(done, _ int) {
		if done == 10 {
			cancel()
		}
	}
	_, err := open(t, f.URL, o).Read(ctx, nil)
	if n := len(f.asks()); !errors.Is(err, context.Canceled) || n > 10+fetch.Concurrency {
		t.Errorf("error %v after %d looks", err, n)
	}
}

func TestReadWarns(t *testing.T) {
	old := func(item, meta map[string]any) { item["size"], item["created"] = 0, "2026-11-24T11:59:00+00:00" }
	draft := func(item, meta map[string]any) { meta["revision"] = "34500" }
	release := func(item, meta map[string]any) { meta["revision"], meta["release"] = "34500", "5.12.0" }
	tests := []struct {
		name  string
		items []func(item, meta map[string]any)
		want  []string
	}{
		{"nothing", []func(item, meta map[string]any){nil, nil}, nil},
		{"an upload since yesterday", []func(item, meta map[string]any){old}, []string{
			`1 upload unfinished for more than a day; ` +
				`upload again, or delete in Girder: "Aurora_0" ("000000000000000000000000")`,
		}},
		{"an empty zip", []func(item, meta map[string]any){func(item,
			meta map[string]any) {
			old(item, meta)
			item["size"] = 22
		}}, []string{
			`1 upload unfinished for more than a day; ` +
				`upload again, or delete in Girder: "Aurora_0" ("000000000000000000000000")`,
		}},
		{"many uploads", []func(item, meta map[string]any){old, old, old, old, old}, []string{
			`5 uploads unfinished for more than a day; ` +
				`upload again, or delete in Girder: "Aurora_0" ("000000000000000000000000"), ` +
				`"Aurora_1" ("000000000000000000000001"), "Aurora_2" ("000000000000000000000002") and 2 more`,
		}},
		{"an upload of today", []func(item, meta map[string]any){func(item, meta map[string]any) {
			item["size"], item["created"] = 0, "2026-11-24T12:01:00+00:00"
		}}, nil},
		{"an upload of another application", []func(item, meta map[string]any){func(item, meta map[string]any) {
			old(item, meta)
			meta["app_id"] = "000000000000000000000000"
		}}, nil},
		{"a build made twice", []func(item, meta map[string]any){draft, draft}, []string{
			`1 package with the same system, architecture and revision as another; ` +
				`the plugin rejects uploads to them until one is deleted in Girder: ` +
				`"Aurora_1" ("000000000000000000000001") and "Aurora_0" ("000000000000000000000000")`,
		}},
		{"a release copied", []func(item, meta map[string]any){release, release}, []string{
			`1 package with the same system, architecture and revision as another; ` +
				`the plugin rejects uploads to them until one is deleted in Girder: ` +
				`"Aurora_1" ("000000000000000000000001") and "Aurora_0" ("000000000000000000000000")`,
		}},
		{"a release and its draft", []func(item, meta map[string]any){release, draft}, nil},
		{"a build made twice, one held back", []func(item, meta map[string]any){draft, func(item, meta map[string]any) {
			draft(item, meta)
			item["size"] = 0
		}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(t)
			for n, change := range test.items {
				f.add(n, func(item, meta map[string]any) {
					item["created"] = "2026-11-25T11:00:00+00:00"
					if change != nil {
						change(item, meta)
					}
				})
			}
			list, _, _ := f.read(t, options(t), nil)
			if diff := cmp.Diff(test.want, list.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadOfAnEmptyApplication(t *testing.T) {
	f := newFake(t)
	for _, answer := range []string{`null`, `[{"_id": "5f44"}]`} { // unknown id, malformed id
		f.app = answer
		_, err := open(t, f.URL, options(t)).Read(t.Context(), nil)
		want := fmt.Sprintf("%s: the server has no application %q", f.URL, app)
		if err == nil || err.Error() != want || fault.KindOf(err) != fault.Source || len(fault.Hints(err)) != 1 {
			t.Errorf("%s: error %v, want %s", answer, err, want)
		}
	}
	// An existing application, or a private one, may have no packages. It is up to the gate to refuse that.
	for _, answer := range []string{`{"_id": "5f44"}`, `<html>`} {
		f.app = answer
		if list, published, _ := f.read(t, options(t), nil); len(list.Records)+len(published) != 0 {
			t.Errorf("%s: %v", answer, list.Records)
		}
	}
}

func TestReadFails(t *testing.T) {
	const failed = `{"message": "An unexpected error occurred on the server.", "type": "internal", "uid": "bd9dc2b6"}`
	tests := []struct {
		name    string
		status  int
		body    string
		kind    fetch.Kind
		problem string // the complete problem
		hint    string // a part of the hint
	}{
		{"bad app", 400, `{"field": "id", "message": "Invalid ObjectId: 123", "type": "validation"}`,
			fetch.Rejected, `the server answered 400 ("Invalid ObjectId: 123")`, "Check app: it is the _id"},
		{"bad parameter", 400, `{"message": "Invalid value for limit: \"0\".", "type": "rest"}`,
			fetch.Rejected, `the server answered 400 ("Invalid value for limit: \"0\".")`, "0.8 to 0.11"},
		{"another server's 400", 400, `no`, fetch.Rejected, `the server answered 400 (found "no")`, "/api/v1"},
		{"no plugin", 400, `{"message": "No matching route for \"GET app/5f44/package\"", "type": "rest"}`,
			fetch.NotFound, `the server answered 400 ("No matching route for \"GET app/5f44/package\"")`,
			"package manager plugin"},
		{"sign in", 401, `{"message": "You must be logged in.", "type": "access"}`,
			fetch.Denied, `the server answered 401 ("You must be logged in.")`, "sent no credentials"},
		{"not found", 404, "404 page not found\n", fetch.NotFound,
			`the server answered 404 (found "404 page not found\n")`, "/api/v1"},
		{"internal error", 500, failed, fetch.ServerError,
			`the server answered 500 ("An unexpected error occurred on the server.", uid "bd9dc2b6")`,
			"search the server's log for the uid"},
		{"error of Girder", 500, `{"message": "File missing", "type": "girder"}`, fetch.ServerError,
			`the server answered 500 ("File missing")`, "server's log"},
		{"web server in front of Girder", 500, `<html>`, fetch.Gateway,
			`the server answered 500 (an HTML page: "<html>")`,
			"Girder is down"},
		{"bad gateway", 502, "<html>", fetch.Gateway, `the server answered 502 (an HTML page: "<html>")`,
			"Girder is down"},
		{"another status", 202, "[]", fetch.NoListing, `the server answered 202 (found "[]")`, "/api/v1"},
		{"page with status 200", 200, "<!DOCTYPE html><title>Girder</title>", fetch.NoListing,
			`a page instead of a list of packages (an HTML page: "<!DOCTYPE html><title>Girder</title>")`, "/api/v1"},
		{"error with status 200", 200, failed, fetch.NoListing,
			`an object instead of a listing ("An unexpected error occurred on the server.", uid "bd9dc2b6")`,
			"/api/v1"},
		{"object with status 200", 200, `{"apiVersion": 3}`, fetch.NoListing,
			`line 1, column 1 of the listing: not a JSON array (found "{\"apiVersion\": 3}")`, "/api/v1"},
		{"not JSON", 200, "[{]", fetch.NoListing,
			`line 1, column 3 of the listing: item 1: invalid character ']' at start of value`, "/api/v1"},
		{"22-byte zip", 200, "PK\x05\x06" + strings.Repeat("\x00", 18), fetch.NoListing,
			`line 1, column 1 of the listing: not a JSON array (found "PK\x05\x06` + strings.Repeat(`\x00`, 18) + `")`,
			"/api/v1"},
		{"cut off", 200, "[{}", fetch.CutOff, "line 1, column 4 of the listing: item 2: cut off",
			"closed the connection"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			}))
			defer server.Close()
			_, err := open(t, server.URL, options(t)).Read(t.Context(), nil)
			failure, ok := errors.AsType[*fetch.Failure](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if failure.Kind != test.kind {
				t.Errorf("kind %q, want %q", failure.Kind, test.kind)
			}
			if diff := cmp.Diff(test.problem, failure.Problem); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
			if hints := fault.Hints(err); fault.KindOf(err) != fault.Source || len(hints) != 1 ||
				!strings.Contains(hints[0], test.hint) {
				t.Errorf("kind %v, hints %q, want one with %q", fault.KindOf(err), hints, test.hint)
			}
			if !strings.HasPrefix(err.Error(), "fetch "+server.URL+"/app/"+app+"/package?limit=0: ") {
				t.Errorf("the error does not name the URL: %v", err)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	f := newFake(t)
	f.add(1, nil)
	list, _, _ := f.read(t, options(t), nil)
	data, err := json.Marshal(f.items)
	if err != nil {
		t.Fatal(err)
	}
	o := options(t)
	_, err = girder.Kind().ReadFile(source.File{Path: "saved.json", Data: data}, o, nil)
	if err == nil || fault.KindOf(err) != fault.Usage || len(fault.Hints(err)) != 1 ||
		err.Error() != "saved.json: a saved Girder listing does not contain the address of its server" {
		t.Errorf("without an API: %v, hints %q", err, fault.Hints(err))
	}

	o.Girder.API = api + "/"
	saved, err := girder.Kind().ReadFile(source.File{Path: "saved.json", Data: data}, o, nil)
	if err != nil || saved.Records[0].URL != api+"/item/000000000000000000000001/download" {
		t.Errorf("%v, error %v", saved, err)
	}
	// The details that the server returned earlier are still used.
	saved, err = girder.Kind().ReadFile(source.File{Path: "saved.json", Data: data}, o, list.Memory)
	if err != nil || saved.Records[0].URL != api+"/file/00000000000000000000f001/download" ||
		cmp.Diff(list.Memory, saved.Memory) != "" {
		t.Errorf("with memory: %v, error %v", saved, err)
	}

	for body, want := range map[string]string{
		"[\n  {\"_id\": \"a\"},\n  {\"_id\": oops}\n]": "saved.json:3:11: item 2: invalid character 'o' at start " +
			"of value",
		"{}":        `saved.json:1:1: not a JSON array (found "{}")`,
		`[{"_id":"`: "saved.json:1:10: item 1: cut off",
	} {
		_, err := girder.Kind().ReadFile(source.File{Path: "saved.json", Data: []byte(body)}, o, nil)
		if err == nil || err.Error() != want || fault.KindOf(err) != fault.Source ||
			!strings.HasPrefix(fault.Hints(err)[0], "Save the answer") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
