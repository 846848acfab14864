package preview_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/preview"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers/nginx"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// memory holds the files of a site by path.
type memory map[string][]byte

func (m memory) Paths() []string {
	var list []string
	for p := range m {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

func (m memory) File(path string) ([]byte, error) {
	if data, ok := m[path]; ok {
		return data, nil
	}
	return nil, fs.ErrNotExist
}

// Has implements emulate.Files.
func (m memory) Has(path string) bool { return m[path] != nil }

// fixed is a Builder of a site that does not change.
type fixed struct{ *preview.State }

func (f fixed) Build(context.Context) (*preview.State, error)           { return f.State, nil }
func (f fixed) Check(context.Context, *preview.State) ([]string, error) { return nil, nil }
func (f fixed) Refresh() func(context.Context) (func() bool, error)     { return nil }
func (f fixed) Watched() []string                                       { return nil }
func (f fixed) Read(string) ([]byte, error)                             { return nil, fs.ErrNotExist }

// newState returns a state with the default pages for a test catalogue.
func newState(t testing.TB, profile string) *preview.State {
	t.Helper()
	x := testutil.Index(t, profile)
	files, _, err := site.Render(t.Context(), site.Input{
		Options: site.Options{Title: "Viewer", Project: "Viewer", BaseURL: "https://download.example", Jobs: 2,
			Minify: true},
		Index: x, Content: sitegen.Content(), Layouts: sitegen.Layouts(),
	})
	if err != nil {
		t.Fatal(err)
	}
	m := memory{}
	for _, f := range files {
		m[f.Path] = f.Data
	}
	written, err := redirect.Parse("rules.txt", rulesText)
	if err != nil {
		t.Fatal(err)
	}
	table := &redirect.Table{Index: x, Rules: redirect.NewRules(append(written, testutil.Inherited(t, x)...)),
		Headers: redirect.Headers(nil)}
	return &preview.State{Files: m, Catalogue: "test data", Table: table, As: nginx.Server{}}
}

// live is the state of the live catalogue, which no test changes.
var live struct {
	once  sync.Once
	state *preview.State
}

// liveState returns a copy of the state of the live catalogue; all copies share its files and table. The first call
// renders them.
func liveState(t testing.TB) *preview.State {
	t.Helper()
	live.once.Do(func() { live.state = newState(t, "live") })
	if live.state == nil {
		t.Fatal("the site could not be rendered: see the failure of another test")
	}
	s := *live.state
	return &s
}

// rulesText contains a rule of each kind.
const rulesText = `/old /releases/ 301
/temporary /preview/ 302
/wiki/* https://wiki.example/new/:splat 301
/gone 410
/missing 404
/newest /releases/index.html 200
/store id=:id /releases/:id/ 302
`

// start serves a state over HTTP until the test ends, and returns its URL.
func start(t testing.TB, s *preview.State) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	server := preview.New(preview.Options{
		Listen: "127.0.0.1:0", AllowedHosts: []string{"box.example"},
		Ready: func(url string) { ready <- strings.TrimSuffix(url, "/") },
		Log:   slog.New(slog.DiscardHandler), Now: time.Now,
	}, fixed{s})
	go func() { done <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("the server ended with %v", err)
		}
	})
	select {
	case url := <-ready:
		return url
	case err := <-done:
		done <- err
		t.Fatal(err)
	}
	return ""
}

// response is a response with its body.
type response struct {
	*http.Response
	body string
}

var client = testutil.Client()

func ask(t testing.TB, method, url string) response {
	t.Helper()
	res, body := testutil.Ask(t, client, method, url)
	return response{res, body}
}

func send(t testing.TB, req *http.Request) response {
	t.Helper()
	res, body := testutil.Send(t, client, req)
	return response{res, body}
}

// TestGolden sends the recorded requests of the test catalogues.
func TestGolden(t *testing.T) {
	t.Run("live", func(t *testing.T) { testutil.AskGoldens(t, client, start(t, liveState(t)), "live") })
	t.Run("archive", func(t *testing.T) {
		testutil.AskGoldens(t, client, start(t, newState(t, "archive")), "archive")
	})
}

// TestRandomRequests compares the answers to 10,000 random requests with those of the index.
func TestRandomRequests(t *testing.T) {
	s := liveState(t)
	url := start(t, s)
	for q := range testutil.RandomRequests(s.Table.Index, 5, 10_000) {
		path, query, _ := strings.Cut(q, "?")
		if diff := differs(t, s.Table.Index.Answer(path, query), ask(t, "GET", url+q)); diff != "" {
			t.Errorf("%s: %s", q, diff)
		}
	}
}

// differs describes how a response differs from the answer of the index; "" if it does not.
func differs(t *testing.T, want lookup.Answer, got response) string {
	if got.StatusCode != want.Status {
		return fmt.Sprintf("status %d, want %d", got.StatusCode, want.Status)
	}
	switch want.Kind {
	case lookup.Redirect:
		location := testutil.API(t) + "/item/" + want.Package.ID + "/download"
		if want.Query.Route == lookup.Download {
			location = lookup.Location(want.Package)
		}
		if got.Header.Get("Location") != location {
			return "leads to " + got.Header.Get("Location") + ", want " + location
		}
	case lookup.Object:
		if !strings.Contains(got.body, want.Package.ID) {
			return "not package " + want.Package.ID
		}
	case lookup.Objects:
		return cmp.Diff(testutil.Parsed(t, string(lookup.ObjectsJSON(testutil.Spec(t), want.Cells))),
			testutil.Parsed(t, got.body))
	case lookup.Page:
		ids := []string{}
		for _, c := range want.Cells {
			if c.Package != nil {
				ids = append(ids, c.Package.ID)
			}
		}
		return cmp.Diff(ids, testutil.PageIDs(got.body))
	case lookup.BadQuery:
		if !strings.Contains(got.body, want.Problem.Param) {
			return "the page does not name " + want.Problem.Param
		}
	}
	return ""
}
