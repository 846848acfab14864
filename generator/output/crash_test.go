package output_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/testutil"
)

// In the site of the crash test, pages and maps name the records that they need, in lines that begin with this word.
// Every file ends with a hash of the lines above, which shows whether it is whole.
const needs = "needs "

func seal(lines ...string) []byte {
	text := strings.Join(lines, "\n") + "\n"
	return fmt.Appendf(nil, "%s%x", text, sha256.Sum256([]byte(text)))
}

// generation returns site number g: a few hundred files. From one generation to the next, many stay and many change;
// some exist in one generation only, and are needed there.
func generation(g int) []output.File {
	var files []output.File
	var list []string
	for i := range 150 {
		name := fmt.Sprintf("r/%d.json", i)
		files = append(files, output.File{Path: name,
			Data: seal(fmt.Sprint("record ", i), fmt.Sprint("version ", (g+i)/5))})
		list = append(list, needs+name)
	}
	for i := range 30 {
		name := fmt.Sprintf("r/only-%d/%d.json", g, i)
		files = append(files, output.File{Path: name, Data: seal(fmt.Sprint("record ", i))})
		list = append(list, needs+name)
	}
	for i := range 60 {
		f := output.File{Group: output.Pages, Path: fmt.Sprintf("p/%d/index.html", i),
			Data: seal(fmt.Sprint("page ", i))}
		if i%2 == 0 {
			f.Data = seal(append(list, fmt.Sprint("page ", i))...)
		}
		if i%5 == 0 {
			f = streamed(f)
		}
		files = append(files, f)
	}
	body := append([]string{fmt.Sprintf("generation %08d", g)}, list...)
	for _, name := range []string{"http/a.map", "server/b.map"} {
		files = append(files, output.File{Root: output.Redirects, Group: output.Maps, Path: name, Data: seal(body...)})
	}
	return files
}

// churn writes one generation after the other until it is killed. Without commands, it has the web server read the
// maps after each run, as people do.
func churn(s *site, g int) error {
	w, err := output.Open(s.options)
	if err != nil {
		return err
	}
	for ; ; g++ {
		p, err := w.Plan(context.Background(), generation(g))
		if err != nil {
			return err
		}
		if err := w.Apply(context.Background(), p, fmt.Sprint(g)); err != nil {
			return err
		}
		if len(s.options.AfterChange) == 0 {
			if err := s.load(); err != nil {
				return err
			}
		}
	}
}

// load has the web server of the crash test read its maps: it copies one of them to the file "loaded".
func (s *site) load() error {
	text, err := os.ReadFile(s.place("redirects/server/b.map"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.place("loading"), text, 0o644); err != nil {
		return err
	}
	return os.Rename(s.place("loading"), s.place("loaded"))
}

// checkWhole checks what readers would see, and a web server with the maps on disk or those that it has loaded.
func (s *site) checkWhole() {
	s.t.Helper()
	tree := s.tree()
	maps := map[string]string{}
	if loaded, err := os.ReadFile(s.place("loaded")); err == nil {
		tree["loaded"] = string(loaded)
	}
	for name, text := range tree {
		if text == "dir" || strings.HasPrefix(path.Base(name), ".sitegen-tmp-") {
			continue
		}
		if ext := path.Ext(name); ext == ".gz" || ext == ".br" {
			text = unpack(s.t, name, text)
		}
		sum := max(0, len(text)-2*sha256.Size)
		if fmt.Sprintf("%x", sha256.Sum256([]byte(text[:sum]))) != text[sum:] {
			s.t.Fatalf("%s is not whole", name)
		}
		for line := range strings.Lines(text) {
			if record, ok := strings.CutPrefix(strings.TrimSpace(line), needs); ok {
				if _, there := tree["public/"+record]; !there {
					s.t.Fatalf("%s needs %s, which is not there", name, record)
				}
			}
		}
		if strings.HasSuffix(name, ".map") {
			maps[path.Base(name)], _, _ = strings.Cut(text, "\n")
		}
	}
	if maps["a.map"] < maps["b.map"] {
		s.t.Fatalf("a.map (%s) is older than b.map (%s), which is written after it", maps["a.map"], maps["b.map"])
	}
}

func TestKilledAtAnyInstant(t *testing.T) {
	for _, test := range []struct {
		name     string
		commands [][]string
	}{
		{"with commands", [][]string{
			{"true"},
			{"sh", "-c", `cd "$SITEGEN_REDIRECTS/.." && cp redirects/server/b.map loading && mv loading loaded`},
		}},
		{"without commands", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
			s.options.AfterChange = test.commands
			s.killOften(rand.New(rand.NewPCG(1, 1)))
		})
	}
}

// killOften kills children that write one generation after the other.
func (s *site) killOften(r *rand.Rand) {
	s.t.Helper()
	t := s.t.(*testing.T)
	midway := 0
	for kills := range testutil.Amount(40, 8) {
		child, out := assignment{Do: "churn", Dir: s.place("."), From: 1000 * (kills + 1),
			AfterChange: s.options.AfterChange}.start(t)
		line(t, out)
		time.Sleep(time.Duration(r.IntN(150)) * time.Millisecond)
		kill(child)
		s.checkWhole()
		s.awaitUnlocked()
		if text, err := os.ReadFile(s.place("var/manifest.json")); err == nil {
			if strings.Contains(string(text[:40]), `"complete":false`) {
				midway++
			} else if len(s.options.AfterChange) == 0 { // the run has ended, so people have the maps read
				if err := s.load(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if kills%3 == 2 { // and the manifest is lost
			s.lose(r)
		}
		if kills%4 == 3 {
			s.checkMended(generation(1000*(kills+1) + r.IntN(3)))
		}
	}
	if midway < testutil.Amount(10, 1) {
		t.Errorf("only %d of the kills hit a run midway", midway)
	}
}

// lose loses the manifest, if there is one: all of it, its end, or a byte.
func (s *site) lose(r *rand.Rand) {
	s.t.Helper()
	text, err := os.ReadFile(s.place("var/manifest.json"))
	if err != nil {
		return
	}
	switch r.IntN(3) {
	case 0:
		s.remove("var/manifest.json")
		return
	case 1:
		text = text[:r.IntN(len(text))]
	default:
		text[r.IntN(len(text)-1)] ^= 1 // a changed last byte, the newline, changes nothing
	}
	s.put("var/manifest.json", string(text))
}

// awaitUnlocked waits until the lock of a killed child is free. The child itself is gone. But if it was about to start
// a command, its copy of itself still has all open files, the lock among them, until it dies or becomes the command.
func (s *site) awaitUnlocked() {
	s.t.Helper()
	for range 1000 {
		w, err := output.Open(s.options)
		if err == nil {
			w.Close()
			return
		}
		if locked := (*output.LockedError)(nil); !errors.As(err, &locked) {
			s.t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatal("the lock of a killed run stays")
}

// checkMended checks that a run leaves what it would have written into an empty folder.
func (s *site) checkMended(files []output.File) {
	s.t.Helper()
	s.build(files...)
	s.checkWhole()
	if len(s.options.AfterChange) == 0 { // the next run removes what the maps no longer refer to
		if err := s.load(); err != nil {
			s.t.Fatal(err)
		}
		s.build(files...)
		s.checkWhole()
	}
	fresh := newSite(s.t)
	fresh.options.Precompress = s.options.Precompress
	fresh.build(files...)
	if diff := cmp.Diff(fresh.tree(), s.tree()); diff != "" {
		s.t.Fatal(diff)
	}
	left, err := filepath.Glob(s.place("var/.sitegen-tmp-*"))
	if err != nil || len(left) > 0 {
		s.t.Fatalf("in the data folder: %q, %v", left, err)
	}
}

// After a run was killed while the web server tested its maps, the next run has them tested again. If they are refused,
// the maps from before the killed run are put back.
func TestKilledDuringTheCommands(t *testing.T) {
	for _, test := range []struct {
		name string
		next []output.File
		test string // the script of the next run
		want map[string]string
	}{
		{"same site, accepted", []output.File{record("new.json", "1"), nginxMap("a.conf", "new"),
			nginxMap("b.conf", "new")},
			"true", map[string]string{"public/new.json": "1", "redirects/a.conf": "new", "redirects/b.conf": "new"}},
		{"same site, refused", []output.File{record("new.json", "1"), nginxMap("a.conf", "new"),
			nginxMap("b.conf", "new")},
			"false", map[string]string{"public/new.json": "1", "public/old.json": "1", "redirects/a.conf": "old"}},
		{"newer site, refused", []output.File{record("newer.json", "1"), nginxMap("a.conf", "newer"),
			nginxMap("c.conf", "newer")},
			"false", map[string]string{"public/new.json": "1", "public/newer.json": "1", "public/old.json": "1",
				"redirects/a.conf": "old"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.build(record("old.json", "1"), nginxMap("a.conf", "old"))
			child, out := assignment{Do: "maps", Dir: s.place("."), AfterChange: [][]string{
				s.sh("testing", "mkfifo wait && cat wait"),
			}}.start(t)
			for {
				if _, err := os.Stat(s.place("wait")); err == nil {
					break
				}
				time.Sleep(time.Millisecond)
			}
			kill(child)
			s.awaitUnlocked()
			if n := out.Buffered(); n > 0 {
				t.Fatal(line(t, out))
			}
			during := map[string]string{
				"public/new.json": "1", "public/old.json": "1", "redirects/a.conf": "new", "redirects/b.conf": "new",
			}
			if diff := cmp.Diff(during, s.tree()); diff != "" {
				t.Fatal(diff)
			}
			s.put("ran", "")
			s.options.AfterChange = [][]string{s.sh("test", test.test), s.sh("reload", "true")}
			_, err := s.try("inputs", test.next...)
			if (err == nil) != (test.test == "true") {
				t.Errorf("error is %v", err)
			}
			if want := map[string]string{"true": "test reload", "false": "test"}[test.test]; s.ran() != want {
				t.Errorf("did not run %q", want)
			}
			if diff := cmp.Diff(test.want, s.tree()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
