package output_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/testutil"
)

// Whatever was built, edited or interrupted before, a build leaves what it would write into an empty folder, and other
// people's files.
func TestAnySequenceIsAFreshWrite(t *testing.T) {
	strangers := map[string]string{
		"public/.git/HEAD": "ref", "public/.gitkeep": "", "public/d/mine.txt": "mine", "redirects/rules.txt": "/a /b",
	}
	for seed := range uint64(testutil.Amount(20, 4)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			s := newSite(t)
			for name, text := range strangers {
				s.put(name, text)
			}
			for round := range 8 {
				files := randomFiles(r)
				s.options.Precompress = output.Precompress{Gzip: r.IntN(4) > 0, Brotli: r.IntN(4) > 0}
				if round > 0 {
					s.meddle(r, strangers)
				}
				if r.IntN(4) == 0 {
					s.options.AfterChange = [][]string{{"false"}}
					if _, err := s.try("", randomFiles(r)...); err != nil &&
						!strings.Contains(err.Error(), "after_change") {
						t.Fatal(err)
					}
					s.options.AfterChange = nil
				}
				before := s.tree()
				plan := s.build(files...)
				waiting := s.tree()

				fresh := newSite(t)
				fresh.options.Precompress = s.options.Precompress
				fresh.build(files...)
				want := fresh.tree()
				maps.Copy(want, strangers)
				// Files that the site no longer has may wait for the next run, if maps have changed.
				for name, text := range waiting {
					if _, ok := want[name]; !ok && plan.Reload && strings.HasPrefix(name, "public/") &&
						text == before[name] {
						delete(waiting, name)
					}
				}
				if diff := cmp.Diff(want, waiting); diff != "" {
					t.Fatalf("round %d: %s", round, diff)
				}
				if p := s.build(files...); len(p.Public.Written)+len(p.Redirects.Written) > 0 || p.Reload {
					t.Fatalf("round %d: the second run does %+v", round, p)
				}
				if diff := cmp.Diff(want, s.tree()); diff != "" {
					t.Fatalf("round %d, second run: %s", round, diff)
				}
				if !s.verifies("inputs") {
					t.Fatalf("round %d: does not verify", round)
				}
			}
		})
	}
}

// randomFiles returns files that can exist beside each other. A name may be a file in one result and a folder in
// another; contents are around the size that is worth compressing.
func randomFiles(r *rand.Rand) []output.File {
	var files []output.File
	for _, name := range []string{
		"a", "a/b", "a/b/c", "a/b.html", "a/b.html.gz", "d/e.html", "d/f/g.json", "h.txt", "h.txt.br", "index.html",
		"-/x.html",
	} {
		if r.IntN(2) == 0 && !slices.ContainsFunc(files,
			func(f output.File) bool { return strings.HasPrefix(name, f.Path+"/") }) {
			f := page(name, randomText(r))
			f.Group = output.Group(r.IntN(2))
			if r.IntN(4) == 0 {
				f = streamed(f)
			}
			files = append(files, f)
		}
	}
	for _, name := range []string{"m", "m/n", "nginx/http/a.conf", "nginx/server/b.conf"} {
		if r.IntN(2) == 0 && !slices.ContainsFunc(files,
			func(f output.File) bool { return f.Root == output.Redirects && path.Dir(name) == f.Path }) {
			files = append(files, nginxMap(name, randomText(r)))
		}
	}
	r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	return files
}

func randomText(r *rand.Rand) string {
	text := fmt.Sprint(r.IntN(3))
	switch r.IntN(3) {
	case 0:
		return text
	case 1:
		return text + long(1500)
	}
	noise := make([]byte, 1500)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	return text + string(noise)
}

// meddle edits and removes files that sitegen has written, as people do.
func (s *site) meddle(r *rand.Rand, strangers map[string]string) {
	tree := s.tree()
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		if _, ok := strangers[name]; ok || tree[name] == "dir" {
			continue
		}
		switch r.IntN(8) {
		case 0:
			s.put(name, strings.Repeat("x", len(tree[name])))
		case 1:
			s.put(name, "edited")
		case 2:
			s.remove(name)
		}
	}
}

// The bytes of a compressed variant do not depend on the files that the run has written before.
func TestVariantsDependOnNothingElse(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for text.Len() < 3<<20 {
		fmt.Fprintf(&text, `{"revision":%d,"name":"product-5.%d.%d"}`+"\n", rng.IntN(1e6), rng.IntN(20), rng.IntN(9))
	}
	large := page("large.json", text.String())
	var files []output.File
	for i := range 50 {
		files = append(files, page(fmt.Sprintf("%d.json", i), text.String()[i*3000:(i+1)*3000]))
	}
	var variants []string
	for _, files := range [][]output.File{{large}, append(files, large)} {
		s := newSite(t)
		s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
		s.build(files...)
		variants = append(variants, s.text("public/large.json.gz")+s.text("public/large.json.br"))
	}
	if variants[0] != variants[1] {
		t.Error("the variants of a file differ after other files")
	}
}
