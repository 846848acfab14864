package testutil

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "update the expected files")

// Update reports whether go test was run with -update, so tests must update their expected files.
func Update() bool { return *update }

// Pair is a file of testdata/redirect: rules, requests with the expected answers, and the compiled files of each
// server. Lines of dashes separate its parts; each part except the first starts with "# name".
type Pair struct {
	Name     string
	Rules    string
	Requests []PairRequest
	names    []string // names of the parts, in order
	parts    map[string]string
	path     string
}

// PairRequest is a line "request status target" of the part "# requests". The status "-" means that no rule matches.
// For a server that answers differently, a word "name:status" follows.
type PairRequest struct {
	Request string // path and query, encoded
	Want    string // "301 /new", "404", "200 /page.html" or "-"
	Except  map[string]string
}

// WantOn returns the expected answer of a server.
func (r PairRequest) WantOn(server string) string {
	if s, ok := r.Except[server]; ok {
		return s
	}
	return r.Want
}

const dashes = "----------------------------------------\n"

// Pairs reads all files of testdata/redirect.
func Pairs(t testing.TB) []Pair {
	t.Helper()
	paths, err := filepath.Glob(Path("redirect/*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no pairs of rules and results (%v)", err)
	}
	var pairs []Pair
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p := Pair{Name: strings.TrimSuffix(filepath.Base(path), ".txt"), path: path, parts: map[string]string{}}
		for i, part := range strings.Split(string(text), dashes) {
			name, body, _ := strings.Cut(part, "\n")
			if i == 0 {
				p.Rules = part
				continue
			}
			name = strings.TrimPrefix(name, "# ")
			p.names, p.parts[name] = append(p.names, name), body
		}
		p.Requests = pairRequests(t, p.parts["requests"])
		pairs = append(pairs, p)
	}
	return pairs
}

func pairRequests(t testing.TB, text string) []PairRequest {
	t.Helper()
	var list []PairRequest
	for line := range strings.Lines(text) {
		r := PairRequest{Except: map[string]string{}}
		var want []string
		for i, word := range strings.Fields(line) {
			server, status, ok := strings.Cut(word, ":")
			switch {
			case i == 0:
				r.Request = word
			case ok && !strings.ContainsAny(server, "/"):
				if server != "https" && server != "http" {
					r.Except[server] = strings.ReplaceAll(status, ",", " ")
					continue
				}
				fallthrough
			default:
				want = append(want, word)
			}
		}
		r.Want = strings.Join(want, " ")
		if r.Request == "" || r.Want == "" {
			t.Fatalf("not a request: %q", line)
		}
		list = append(list, r)
	}
	return list
}

// Compare compares a server's part of the file with the result of compiling the rules. With go test -update, it updates
// the file instead.
func (p Pair) Compare(t testing.TB, server, got string) {
	t.Helper()
	if !*update {
		if diff := cmp.Diff(p.parts[server], got); diff != "" {
			t.Errorf("%s (-want +got); to accept the change, run go test -update:\n%s", p.Name, diff)
		}
		return
	}
	if _, ok := p.parts[server]; !ok {
		p.names = append(p.names, server)
	}
	p.parts[server] = got
	text := p.Rules
	for _, name := range p.names {
		text += dashes + "# " + name + "\n" + p.parts[name]
	}
	if err := os.WriteFile(p.path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
