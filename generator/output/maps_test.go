package output_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/output"
)

// sh returns a command of after_change that runs in the site's folder and appends its name to the file "ran".
func (s *site) sh(name, script string) []string {
	return []string{"sh", "-c", "cd '" + s.place(".") + "' && echo " + name + " >> ran && " + script}
}

// ran returns the commands that have run since the last call.
func (s *site) ran() string {
	defer s.put("ran", "")
	return strings.Join(strings.Fields(s.text("ran")), " ")
}

func TestAfterChange(t *testing.T) {
	old := []output.File{
		record("old.json", "1"), record("same.json", "1"),
		nginxMap("http/a.conf", "old a"), nginxMap("http/b.conf", "old b"), nginxMap("http/empty.conf", ""),
	}
	next := []output.File{
		record("new.json", "1"), record("same.json", "1"),
		nginxMap("http/a.conf", "new a"), nginxMap("http/empty.conf", "full"), nginxMap("http/new/c.conf", "new c"),
	}
	oldMaps := map[string]string{"redirects/http/a.conf": "old a", "redirects/http/b.conf": "old b",
		"redirects/http/empty.conf": ""}
	newMaps := map[string]string{"redirects/http/a.conf": "new a", "redirects/http/empty.conf": "full",
		"redirects/http/new/c.conf": "new c"}
	tests := []struct {
		name         string
		test, reload string // scripts
		ran          string
		failed       *output.CommandError // without Argv and Err
		maps         map[string]string
		oldRecord    bool   // still there
		again        string // what runs when the commands work again and the old site is built
	}{
		{"both succeed", "true", "true", "test reload", nil, newMaps, false, "test reload"},
		{"at the time of the commands, what old and new maps refer to is there",
			`test -e public/new.json && test -e public/old.json && grep -q new "$SITEGEN_REDIRECTS/http/a.conf" && ! test -e redirects/http/b.conf`, "true",
			"test reload", nil, newMaps, false, "test reload"},
		{"the test fails", "echo first; echo 'a.conf:1: unexpected }' >&2; exit 3", "true", "test",
			&output.CommandError{Status: 3, Output: "first\na.conf:1: unexpected }", Restored: true}, oldMaps, true,
			"test reload"},
		{"the reload fails", "true", "exit 4", "test reload",
			&output.CommandError{Status: 4}, newMaps, true, "test reload"},
		{"the test is killed", "kill -9 $$", "true", "test",
			&output.CommandError{Status: -1, Restored: true}, oldMaps, true, "test reload"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.put("ran", "")
			fine := [][]string{s.sh("test", "true"), s.sh("reload", "true")}
			s.options.AfterChange = fine
			s.build(old...)
			if got := s.ran(); got != "test reload" {
				t.Fatalf("first build: ran %q", got)
			}
			s.build(old...)
			s.build(append(old, page("new.html", "1"))...)
			if got := s.ran(); got != "" {
				t.Fatalf("without a change of maps: ran %q", got)
			}

			s.options.AfterChange = [][]string{s.sh("test", test.test), s.sh("reload", test.reload)}
			_, err := s.try("inputs", next...)
			var failed *output.CommandError
			if errors.As(err, &failed) {
				if failed.Err == nil || len(failed.Argv) == 0 {
					t.Errorf("error is %#v", failed)
				}
				failed.Argv, failed.Err = nil, nil
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.failed, failed); diff != "" {
				t.Error(diff)
			}
			if s.verifies("inputs") != (test.failed == nil) {
				t.Error("the failed run verifies, or the good one does not")
			}
			if got := s.ran(); got != test.ran {
				t.Errorf("ran %q, want %q", got, test.ran)
			}
			tree := s.tree()
			_, there := tree["public/old.json"]
			if there != test.oldRecord {
				t.Errorf("the old record is there: %v, want %v", there, test.oldRecord)
			}
			for name := range tree {
				if strings.HasPrefix(name, "public/") {
					delete(tree, name)
				}
			}
			if diff := cmp.Diff(test.maps, tree); diff != "" {
				t.Error(diff)
			}

			s.options.AfterChange = fine
			s.build(old...)
			if got := s.ran(); got != test.again {
				t.Errorf("back: ran %q, want %q", got, test.again)
			}
			want := map[string]string{"public/old.json": "1", "public/same.json": "1"}
			for name, text := range oldMaps {
				want[name] = text
			}
			if diff := cmp.Diff(want, s.tree()); diff != "" {
				t.Error(diff)
			}
			before := s.stamps()
			s.build(old...)
			if diff := cmp.Diff(before, s.stamps()); diff != "" {
				t.Errorf("a second run has written: %s", diff)
			}
		})
	}
}

func TestFailedReloadIsRepeated(t *testing.T) {
	s := newSite(t)
	s.put("ran", "")
	reload := "exit 1"
	run := func(files ...output.File) error {
		s.options.AfterChange = [][]string{s.sh("test", "true"), s.sh("reload", reload)}
		_, err := s.try("inputs", files...)
		return err
	}
	for range 2 { // the second changes nothing
		if err := run(nginxMap("a.conf", "1")); err == nil || s.ran() != "test reload" {
			t.Fatalf("error is %v", err)
		}
	}
	reload = "true"
	if err := run(nginxMap("a.conf", "1")); err != nil || s.ran() != "test reload" {
		t.Fatal(err)
	}
	if err := run(nginxMap("a.conf", "1")); err != nil || s.ran() != "" {
		t.Fatal(err)
	}
}

// When a test fails, the maps are put back that were accepted last, even if their reload failed.
func TestRestoresTheLastAccepted(t *testing.T) {
	s := newSite(t)
	s.put("ran", "")
	run := func(test, reload, text string) error {
		s.options.AfterChange = [][]string{s.sh("test", test), s.sh("reload", reload)}
		_, err := s.try("inputs", nginxMap("a.conf", text))
		return err
	}
	if err := run("true", "true", "1"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ test, text, want string }{{"true", "2", "2"}, {"false", "3", "2"},
		{"false", "4", "2"}} {
		if err := run(step.test, "false", step.text); err == nil {
			t.Fatal("no error")
		}
		if got := s.text("redirects/a.conf"); got != step.want {
			t.Fatalf("after %+v: the map is %q", step, got)
		}
	}
}

func TestCommandThatCannotRun(t *testing.T) {
	for _, argv := range [][]string{{"/nonexistent/nginx", "-t"}, {}} {
		s := newSite(t)
		s.put("redirects/a.conf", "# generated by sitegen\n")
		s.options.AfterChange = [][]string{argv}
		_, err := s.try("", nginxMap("a.conf", "1"))
		var failed *output.CommandError
		if !errors.As(err, &failed) || failed.Status != -1 || !failed.Restored {
			t.Errorf("%q: error is %v", argv, err)
		}
		if got := s.text("redirects/a.conf"); got != "# generated by sitegen\n" {
			t.Errorf("%q: the map is %q", argv, got)
		}
	}
}

func TestCommandIsInterrupted(t *testing.T) {
	s := newSite(t)
	s.build(nginxMap("a.conf", "1"))
	s.put("ran", "")
	s.options.AfterChange = [][]string{s.sh("test", "exec sleep 60")}
	w := s.open()
	p, err := w.Plan(t.Context(), []output.File{nginxMap("a.conf", "2")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for text := ""; text == ""; {
			data, _ := os.ReadFile(s.place("ran")) // the test has made it
			text = string(data)
			time.Sleep(time.Millisecond)
		}
	}()
	if err := w.Apply(ctx, p, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if got := s.text("redirects/a.conf"); got != "1" {
		t.Errorf("the map is %q", got)
	}
}

// A command that hangs is stopped with everything that it has started, even if that ignores SIGTERM.
func TestCommandHangs(t *testing.T) {
	s := newSite(t)
	s.build(nginxMap("a.conf", "1"))
	s.put("ran", "")
	s.options.AfterChange = [][]string{s.sh("test", "trap '' TERM; (exec sleep 600) & echo $! > pid; wait; sleep 600")}
	s.options.CommandTime = 2 * time.Second
	_, err := s.try("", nginxMap("a.conf", "2"))
	var failed *output.CommandError
	if !errors.As(err, &failed) || !failed.Restored ||
		!strings.Contains(err.Error(), "did not end within 2s, the limit set by after_change_timeout") ||
		!strings.Contains(err.Error(), "trap") {
		t.Errorf("error is %v", err)
	}
	if got := s.text("redirects/a.conf"); got != "1" {
		t.Errorf("the map is %q", got)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(s.text("pid")))
	if err != nil {
		t.Fatal(err)
	}
	for state := "R"; state != "Z" && state != ""; state = stateOf(pid) { // killed, perhaps not yet reaped
		time.Sleep(time.Millisecond)
	}
}

// stateOf returns the letter of a process's state, "" if there is no such process.
func stateOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return after[:1]
}

// Maps are written in the order of the build, whatever their names are: each after those that it refers to.
func TestMapsAreWrittenInOrder(t *testing.T) {
	s := newSite(t)
	now := s.options.Now()
	s.options.Now = func() time.Time { now = now.Add(time.Second); return now }
	files := []output.File{nginxMap("m.conf", "1"), nginxMap("z/z.conf", "1"), nginxMap("a.conf", "1"),
		nginxMap("b.conf", "1")}
	s.build(files...)
	for i := 1; i < len(files); i++ {
		before, after := "redirects/"+files[i-1].Path, "redirects/"+files[i].Path
		if !s.mtime(before).Before(s.mtime(after)) {
			t.Errorf("%s is not older than %s", before, after)
		}
	}
}

// A page that has become too small for variants loses them when it is written, not at the end of the run.
func TestNoStaleVariantStays(t *testing.T) {
	s := newSite(t)
	s.options.Precompress = output.Precompress{Gzip: true, Brotli: true}
	s.build(page("a.html", long(2000)), nginxMap("a.conf", "1"))
	s.options.AfterChange = [][]string{{"false"}}
	if _, err := s.try("", page("a.html", "small"), nginxMap("a.conf", "2")); err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(map[string]string{"public/a.html": "small", "redirects/a.conf": "1"}, s.tree()); diff != "" {
		t.Error(diff)
	}
}

// A command may start a daemon that keeps its output open: the run does not wait for it.
func TestCommandLeavesADaemon(t *testing.T) {
	s := newSite(t)
	s.put("ran", "")
	s.options.AfterChange = [][]string{s.sh("start", "sleep 20 & exit 0")}
	s.build(nginxMap("a.conf", "1"))
	if got := s.text("redirects/a.conf"); got != "1" {
		t.Errorf("the map is %q", got)
	}
}

// Without commands, maps are accepted as they are, and nothing is ever due.
func TestNoCommands(t *testing.T) {
	s := newSite(t)
	s.options.AfterChange = [][]string{{"false"}}
	if _, err := s.try("inputs", nginxMap("a.conf", "1")); err == nil {
		t.Fatal("no error")
	}
	s.options.AfterChange = nil
	s.build(nginxMap("a.conf", "1"))
	if !s.verifies("inputs") {
		t.Error("does not verify")
	}
	if diff := cmp.Diff(map[string]string{"redirects/a.conf": "1"}, s.tree()); diff != "" {
		t.Error(diff)
	}
}
