package cloudfront

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

//go:generate env UPDATE_DOCS=1 go test -count=1 -run ^TestReads$ .

const (
	readsDocument = "../../../../docs/redirects.md"
	beginReads    = "<!-- begin: written by go generate ./generator/redirect/servers/cloudfront -->\n\n"
	endReads      = "\n<!-- end -->"
)

// readKinds lists kinds of requests, and the maximum number of reads from the store that one of them may take with the
// archive catalogue.
var readKinds = []struct {
	name string
	most int
}{
	{"a page", 3},
	{"`/bitstream/<id>`", 3},
	{"the record of a package", 4},
	{"`/download`, `/find`", 4},
	{"`/download`, `/find` with an offset", 8},
	{"`/findall`", 12},
	{"`/?QUERY`", 20},
	{"an error page of the download API", 8},
}

// readKind returns the number of the kind of a request.
func readKind(q string, a redirect.Answer) int {
	switch {
	case a.Status >= 400:
		return 7
	case strings.HasPrefix(q, lookup.BitstreamPrefix):
		return 1
	case strings.HasPrefix(q, "/api/v1/packages/"):
		return 2
	case a.API.Kind == lookup.Objects:
		return 5
	case a.API.Kind == lookup.Page && strings.Contains(q, "?"):
		return 6
	case a.API.Kind == lookup.NotOurs || a.API.Kind == lookup.Page:
		return 0
	case strings.Contains(q, "offset="):
		return 4
	}
	return 3
}

// readCatalogues lists the test catalogues with their recorded requests.
var readCatalogues = []struct{ profile, file string }{{"live", "golden.jsonl"}, {"archive", "golden-archive.jsonl"}}

// readRequests returns the table of a catalogue with the pages of its site, and requests: the recorded ones, and for all
// pages and some packages.
func readRequests(t testing.TB, profile, file string) (tab *redirect.Table, requests []string) {
	t.Helper()
	tab = newTable(t, profile, "")
	tab.Files.Pages = redirect.FilesOf(rendered(t, tab.Index).Paths()).Pages
	for _, g := range testutil.Goldens(t, file) {
		requests = append(requests, g.Q)
	}
	records := records(tab)
	for path := range tab.Files.Pages {
		if !records[path] && !strings.HasSuffix(path, "/index.html") {
			requests = append(requests, path)
		}
	}
	for i, p := range tab.Index.Packages() {
		if i%20 == 0 {
			requests = append(requests, lookup.BitstreamPrefix+p.ID, redirect.RecordPath(p))
		}
	}
	return tab, requests
}

// TestReads checks that the function reads few keys for a request. It asks the recorded requests, and for all pages and
// some packages. With UPDATE_DOCS=1, it writes the table in docs/redirects.md.
func TestReads(t *testing.T) {
	most, sum, n := [2][8]int{}, [2][8]int{}, [2][8]int{}
	for c, tt := range readCatalogues {
		tab, requests := readRequests(t, tt.profile, tt.file)
		e := start(t, compiled(t, tab))
		for _, q := range requests {
			path, query, _ := strings.Cut(q, "?")
			kind, before := readKind(q, tab.Answer(path, query)), e.reads
			e.ask(t, "GET", q)
			reads := e.reads - before
			if reads > readKinds[kind].most {
				t.Errorf("%s, %s: %d reads, at most %d are allowed", tt.profile, q, reads, readKinds[kind].most)
			}
			most[c][kind] = max(most[c][kind], reads)
			sum[c][kind] += reads
			n[c][kind]++
		}
	}
	var b strings.Builder
	b.WriteString("| Request | live (756 packages): at most, on average | archive (11,452) |\n| --- | --- | --- |\n")
	for k, kind := range readKinds {
		fmt.Fprintf(&b, "| %s | %d, %.1f | %d, %.1f |\n", kind.name, most[0][k],
			float64(sum[0][k])/float64(max(n[0][k], 1)),
			most[1][k], float64(sum[1][k])/float64(max(n[1][k], 1)))
	}
	data, err := os.ReadFile(readsDocument)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), beginReads)
	_, after, closed := strings.Cut(rest, endReads)
	if !ok || !closed {
		t.Fatalf("%s has no place for the table of reads", readsDocument)
	}
	text := slices.Concat([]byte(before), []byte(beginReads), []byte(b.String()), []byte(endReads), []byte(after))
	switch {
	case string(text) == string(data) || testing.Short():
	case os.Getenv("UPDATE_DOCS") != "":
		if err := os.WriteFile(readsDocument, text, 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is out of date: run go generate ./generator/redirect/servers/cloudfront\n%s", readsDocument, &b)
	}
}

// BenchmarkKinds reports the CPU time that the function takes in goja for a request of each kind as cpu-µs/op, with
// GOMAXPROCS=1. If OTHER is set to a folder, it asks the function of another version the same requests in turn, and
// reports its time and the ratio of the two. The folder has the folders live and archive, each with the function.js and
// keyvaluestore.json that the other version compiles for the catalogue; docs/redirects.md has the commands.
func BenchmarkKinds(b *testing.B) {
	for _, tt := range readCatalogues {
		tab, requests := readRequests(b, tt.profile, tt.file)
		edges := []*Edge{start(b, compiled(b, tab)).Edge}
		if folder := os.Getenv("OTHER"); folder != "" {
			edges = append(edges, other(b, filepath.Join(folder, tt.profile)))
		}
		kinds := make([][]string, len(readKinds))
		for _, q := range requests {
			path, query, _ := strings.Cut(q, "?")
			kind := readKind(q, tab.Answer(path, query))
			kinds[kind] = append(kinds[kind], q)
		}
		for kind, list := range kinds {
			b.Run(tt.profile+"/"+readKinds[kind].name, func(b *testing.B) {
				used := make([]time.Duration, len(edges))
				for i := 0; b.Loop(); i++ {
					path, query, _ := strings.Cut(list[i%len(list)], "?")
					for n, e := range edges {
						before := cpu(b)
						if _, err := e.call("GET", "", path, query); err != nil {
							b.Fatal(err)
						}
						used[n] += cpu(b) - before
					}
				}
				b.ReportMetric(float64(used[0].Microseconds())/float64(b.N), "cpu-µs/op")
				if len(used) > 1 {
					b.ReportMetric(float64(used[1].Microseconds())/float64(b.N), "other-cpu-µs/op")
					b.ReportMetric(float64(used[0])/float64(used[1]), "ratio")
				}
			})
		}
	}
}

// other returns an edge location with the function and the store in a folder.
func other(t testing.TB, folder string) *Edge {
	t.Helper()
	function, err := os.ReadFile(filepath.Join(folder, functionFile))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(folder, storeFile))
	if err != nil {
		t.Fatal(err)
	}
	store, err := ParseStore(data)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEdge(function, func(key string) (string, bool) { v, ok := store[key]; return v, ok }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// cpu returns the CPU time that the process has used.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
