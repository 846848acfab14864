package output_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

// counting returns a file that is produced from text, and counts how often it is.
func counting(path, version, text string, times *int) output.File {
	return output.File{Group: output.Pages, Path: path, Version: version, Write: func(w io.Writer) error {
		*times++
		_, err := io.WriteString(w, text)
		return err
	}}
}

func TestProducedOnlyWhenNeeded(t *testing.T) {
	both := output.Precompress{Gzip: true, Brotli: true}
	text := long(100_000)
	tests := []struct {
		name            string
		change          func(*site)
		version, text   string
		produced, moved bool // whether the file is produced again, and put in place
	}{
		{"same version", func(*site) {}, "1", text, false, false},
		{"same version, touched", func(s *site) { s.put("public/a.json", text) }, "1", text, false, false},
		{"another version", func(*site) {}, "2", long(90_000), true, true},
		{"another version, same size", func(*site) {}, "2", strings.ToUpper(text), true, true},
		{"another version, same content", func(*site) {}, "2", text, true, false},
		{"no version, same content", func(*site) {}, "", text, true, false},
		{"no version, another content", func(*site) {}, "", long(90_000), true, true},
		{"edited", func(s *site) { s.put("public/a.json", strings.ToUpper(text)) }, "1", text, true, true},
		{"cut short", func(s *site) { s.put("public/a.json", text[:99]) }, "1", text, true, true},
		{"removed", func(s *site) { s.remove("public/a.json") }, "1", text, true, true},
		{"variant edited", func(s *site) { s.put("public/a.json.gz", "x") }, "1", text, false, false},
		{"variants removed", func(s *site) { s.remove("public/a.json.gz"); s.remove("public/a.json.br") },
			"1", text, false, false},
		{"small now", func(*site) {}, "2", "small", true, true},
		{"no longer compressible", func(*site) {}, "2", noise(100_000), true, true},
		{"manifest lost", func(s *site) { s.remove("var/manifest.json"); s.options.Force = true }, "1", text, true,
			false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.options.Precompress = both
			times := 0
			s.build(counting("a.json", "1", text, &times))
			if times != 1 {
				t.Fatalf("the first build has produced it %d times", times)
			}
			test.change(s)
			at := func() time.Time {
				info, err := os.Lstat(s.place("public/a.json"))
				if err != nil {
					return time.Time{}
				}
				return info.ModTime()
			}
			before := at()
			p := s.build(counting("a.json", test.version, test.text, &times))
			if produced := times > 1; produced != test.produced || produced != (len(p.Public.Written) > 0) {
				t.Errorf("produced: %v, want %v; plan: %+v", produced, test.produced, p.Public)
			}
			if moved := !at().Equal(before); moved != test.moved {
				t.Errorf("put in place: %v, want %v", moved, test.moved)
			}

			// Everything is as if it had been written by one build from bytes.
			want := newSite(t)
			want.options.Precompress = both
			want.build(page("a.json", test.text))
			if diff := cmp.Diff(names(want), names(s)); diff != "" {
				t.Error(diff)
			}
			for name, text := range s.tree() {
				if ext := filepath.Ext(name); ext != ".json" {
					text = unpack(t, name, text)
				}
				if text != test.text {
					t.Errorf("%s holds %d other bytes", name, len(text))
				}
				if test.name != "same version, touched" && !s.mtime(name).Equal(at()) {
					t.Errorf("%s is of %v, the file of %v", name, s.mtime(name), at())
				}
			}
			if times = 0; test.version != "" {
				before := s.stamps()
				s.build(counting("a.json", test.version, test.text, &times))
				if diff := cmp.Diff(before, s.stamps()); diff != "" || times > 0 {
					t.Errorf("the next build produces it %d times and writes: %s", times, diff)
				}
			}
		})
	}
}

// TestCopies writes a file and a copy of it. The content must be produced once, and again only if neither it nor its
// variants can be copied.
func TestCopies(t *testing.T) {
	tests := []struct {
		name   string
		change func(*site)
		want   int // how often the content is produced after the change
	}{
		{"unchanged", func(*site) {}, 0},
		{"copy removed", func(s *site) { s.remove("public/b/b.json") }, 0},
		{"copy edited", func(s *site) { s.put("public/b/b.json", "x") }, 0},
		{"variant of the copy removed", func(s *site) { s.remove("public/b/b.json.br") }, 0},
		{"file edited", func(s *site) { s.put("public/a.json", "x") }, 1},
		{"both edited", func(s *site) { s.put("public/a.json", "x"); s.put("public/b/b.json", "x") }, 1},
		{"manifest lost", func(s *site) { s.remove("var/manifest.json"); s.options.Force = true }, 1},
	}
	for _, text := range []string{long(100_000), noise(100_000), "small"} {
		for _, test := range tests {
			s := newSite(t)
			s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
			times := 0
			files := []output.File{counting("a.json", "1", text, &times), counting("b/b.json", "1", text, &times)}
			files[0].Group, files[1].CopyOf = output.Records, "a.json"
			s.build(files...)
			first := 1
			if text != long(100_000) {
				first = 2 // there are no variants to copy
			}
			if times != first {
				t.Errorf("%s, %.10q: the first build has produced it %d times, want %d", test.name, text, times, first)
			}
			if strings.Contains(test.name, "variant") && text != long(100_000) {
				continue
			}
			times = 0
			test.change(s)
			s.build(files...)
			if text == long(100_000) && times != test.want {
				t.Errorf("%s: produced %d times, want %d", test.name, times, test.want)
			}
			want := newSite(t)
			want.options.Precompress = s.options.Precompress
			want.build(streamed(page("a.json", text)), streamed(page("b/b.json", text)))
			if diff := cmp.Diff(want.tree(), s.tree()); diff != "" {
				t.Errorf("%s, %.10q: %s", test.name, text, diff)
			}
		}
	}
}

// names returns the names of all files.
func names(s *site) map[string]bool {
	names := map[string]bool{}
	for name := range s.tree() {
		names[name] = true
	}
	return names
}

// Variants that are asked for later are made from the file on disk.
func TestVariantsOfProducedFiles(t *testing.T) {
	s := newSite(t)
	times := 0
	file := counting("a.json", "1", long(100_000), &times)
	for _, ask := range []output.Precompress{{}, {Gzip: true}, {Brotli: true}, {Gzip: true, Brotli: true}} {
		s.options.Precompress = ask
		s.build(file)
		want := 1
		for ext, on := range map[string]bool{".gz": ask.Gzip, ".br": ask.Brotli} {
			if on {
				want++
				if got := unpack(t, ext, s.text("public/a.json"+ext)); got != long(100_000) {
					t.Errorf("%+v: %s holds %d other bytes", ask, ext, len(got))
				}
			}
		}
		if got := len(s.tree()); got != want {
			t.Errorf("%+v: %d files, want %d", ask, got, want)
		}
	}
	if times != 1 {
		t.Errorf("produced %d times", times)
	}
}

// However large a file is, writing it needs little memory.
func TestLargeFileNeedsLittleMemory(t *testing.T) {
	s := newSite(t)
	s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
	s.options.Jobs = 1
	const pieces = 64
	piece := bytes.Repeat([]byte(long(1<<10)), 1<<10) // 1 MB
	file := output.File{Path: "big.json", Version: "1", Write: func(w io.Writer) error {
		for range pieces {
			if _, err := w.Write(piece); err != nil {
				return err
			}
		}
		return nil
	}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.build(file)
	s.options.Precompress.Brotli = false
	s.build(file)
	s.put("public/big.json", "x")
	s.build(file)
	runtime.ReadMemStats(&after)
	if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > pieces/2 {
		t.Errorf("%d MB were allocated for a file of %d MB", allocated, pieces)
	}
	if info, err := os.Stat(s.place("public/big.json")); err != nil || info.Size() != int64(pieces*len(piece)) {
		t.Errorf("%v, %v", info, err)
	}
}

func TestProductionFails(t *testing.T) {
	s := newSite(t)
	s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
	old := page("a.json", long(3000))
	s.build(old)
	before := s.tree()
	broken := &os.PathError{Op: "read", Path: "downloads.sqlite", Err: errors.New("disk I/O error")}
	_, err := s.try("inputs", output.File{Path: "a.json", Write: func(w io.Writer) error {
		fmt.Fprint(w, long(200_000))
		return broken
	}})
	want := "write " + s.place("public/a.json") + ": read downloads.sqlite: disk I/O error"
	if !errors.Is(err, broken) || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
	if diff := cmp.Diff(before, s.tree()); diff != "" {
		t.Error(diff)
	}
	if s.verifies("inputs") {
		t.Error("the failed run verifies")
	}
	s.build(old)
	if !s.verifies("inputs") {
		t.Error("the next run has not completed it")
	}
}

// Ctrl-C ends the production of a file, even if that ignores the errors of its writer.
func TestProductionIsInterrupted(t *testing.T) {
	kilobyte := long(1000)
	for _, heedless := range []bool{false, true} {
		s := newSite(t)
		s.build(page("a.json", "old"))
		ctx, cancel := context.WithCancel(t.Context())
		w := s.open()
		p, err := w.Plan(ctx, []output.File{{Path: "a.json", Write: func(w io.Writer) error {
			for i := range 1_000_000 {
				if i == 100 {
					cancel()
				}
				if _, err := io.WriteString(w, kilobyte); err != nil && !heedless {
					return err
				}
			}
			return nil
		}}})
		if err != nil {
			t.Fatal(err)
		}
		err = w.Apply(ctx, p, "inputs")
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the next run does the rest") {
			t.Errorf("error is %v", err)
		}
		if diff := cmp.Diff(map[string]string{"public/a.json": "old"}, s.tree()); diff != "" {
			t.Error(diff)
		}
		w.Close()
	}
}

func TestKilledDuringProduction(t *testing.T) {
	s := newSite(t)
	s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
	s.build(page("data/a.json", long(3000)))
	before := s.tree()
	child, out := assignment{Do: "produce", Dir: s.place(".")}.start(t)
	line(t, out)
	left, err := filepath.Glob(s.place("public/data/.sitegen-tmp-*"))
	if err != nil || len(left) != 3 {
		t.Fatalf("temporary files are %q, %v", left, err)
	}
	kill(child)
	s.awaitUnlocked()
	during := s.tree()
	for _, place := range left {
		delete(during, "public/data/"+filepath.Base(place))
	}
	if diff := cmp.Diff(before, during); diff != "" {
		t.Error(diff)
	}
	s.build(streamed(page("data/a.json", long(100_000))))
	want := newSite(t)
	want.options.Precompress = s.options.Precompress
	want.build(streamed(page("data/a.json", long(100_000))))
	if diff := cmp.Diff(want.tree(), s.tree()); diff != "" {
		t.Error(diff)
	}
}
