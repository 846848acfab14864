package main

import (
	"errors"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// fullSite is a site on a small disk, which is filled.
type fullSite struct {
	*testutil.Disk
	from string // path of the folder that it is a copy of
}

// command runs a command in the folder of the site. It returns the exit code and everything that the command prints.
func (s fullSite) command(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	text, err := s.Command("site", args[0], args[1:]...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(text)
}

// must runs a command that must succeed, and returns what it prints.
func (s fullSite) must(t *testing.T, args ...string) string {
	t.Helper()
	code, out := s.command(t, args...)
	if code != 0 {
		t.Fatalf("%q: exit code %d\n%s", args, code, out)
	}
	return out
}

// reset makes the site as it was.
func (s fullSite) reset(t *testing.T) {
	t.Helper()
	out, err := s.Command("", "sh", "-c", `rm -rf filler site && cp -a "$1" site`, "sh", s.from).CombinedOutput()
	if err != nil {
		t.Fatalf("copy the site: %v\n%s", err, out)
	}
}

// state describes what commands change: downloads, packages, what is held back, and the backups.
func (s fullSite) state(t *testing.T) string {
	t.Helper()
	return s.must(t, "sitegen", "stats", "export") +
		s.must(t, "sitegen", "packages", "list", "--state", "all", "--quiet") +
		s.must(t, "sh", "-c", "cat redirects/holds.yaml; ls backups")
}

// fullMessage matches the message of a command on a full disk: it names a file and what to do.
var fullMessage = regexp.MustCompile(`(?s)(var|redirects|public|backups)/\S+: .*(no space left on device|disk is full)` +
	`.*hint: The disk (of \S+ )?is full.* Free some space`)

// TestFullDisk runs each command that writes on a disk with little space. It says what is full, and leaves the old
// state or the new one. After some space has been freed, the same command succeeds.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	site := newBackedUp(t)
	half := strings.LastIndexByte(string(site.log[:len(site.log)/2]), '\n') + 1
	site.write(t, "access.log", site.log[:half])
	site.run(t, "stats", "--quiet", "access.log")
	held := site.ids[len(site.ids)-1]
	site.run(t, "packages", "hold", "--quiet", "--why", "crashes", "--by", "ada", held)
	site.run(t, "backup", "--quiet", "backups/whole.tar.zst")
	site.write(t, "all.log", site.log)
	site.write(t, "next.json", site.sources[0])
	s := fullSite{testutil.NewDisk(t, 64<<20), site.dir}
	s.reset(t)
	old := s.state(t)

	free := []int{0, 40 << 10, 300 << 10} // bytes
	for _, test := range []struct {
		command string
		step    bool // the state is changed in steps, and the next run goes on after the last one
	}{
		{"packages hold --why slow --by bob " + site.ids[len(site.ids)-2], false},
		{"packages unhold " + held, false},
		{"backup backups/new.tar.zst", false},
		{"backup --keep 1 " + t.TempDir(), false},
		{"restore --force --identity identity backups/whole.tar.zst", false},
		{"stats all.log", true},
		{"build --force --source next.json", true},
	} {
		args := append([]string{"sitegen"}, strings.Fields(test.command)...)
		s.reset(t)
		s.must(t, args...)
		want := s.state(t)
		s.reset(t)
		failures, done := 0, false
		for _, n := range free[:testutil.Amount(len(free), 2)] {
			s.Fill(t, n)
			code, out := s.command(t, args...)
			if done = code == 0; done { // there is enough space
				break
			}
			failures++
			if code != 1 || !fullMessage.MatchString(out) {
				t.Errorf("%s with %d bytes: exit code %d\n%s", test.command, n, code, out)
			}
			if got := s.state(t); got != old && got != want && !test.step {
				t.Errorf("%s with %d bytes: neither the old state nor the new one (-old +got):\n%s", test.command, n,
					cmp.Diff(old, got))
			}
			if code, out := s.command(t, "sitegen", "status"); code != 0 {
				t.Errorf("status after %s: exit code %d\n%s", test.command, code, out)
			}
			if left := s.must(t, "find", "backups", "redirects", "-name", ".*.*"); strings.TrimSpace(left) != "" {
				t.Errorf("%s with %d bytes: files are left: %s", test.command, n, left)
			}
		}
		if failures == 0 {
			t.Errorf("%s: no failure", test.command)
		}
		if s.Fill(t, 16<<20); !done {
			s.must(t, args...)
		}
		if got := s.state(t); got != want {
			t.Errorf("%s after space was freed: another state than without a full disk", test.command)
		}
	}
}

// TestFullDiskMails runs jobs of cron on a full disk. The error is printed once, although no new file can be written.
// After some space has been freed, the first run prints that the job works again.
func TestFullDiskMails(t *testing.T) {
	t.Parallel()
	site := newBackedUp(t)
	site.write(t, "access.log", site.log)
	s := fullSite{testutil.NewDisk(t, 64<<20), site.dir}
	s.reset(t)
	job := []string{"sitegen", "stats", "--cron", "access.log"}
	s.must(t, "sitegen", "stats", "--quiet", "access.log")
	s.Fill(t, 0)
	if code, out := s.command(t, job...); code != 1 || !strings.Contains(out, "no space left on device") {
		t.Errorf("first run: exit code %d\n%s", code, out)
	}
	for range 2 {
		if code, out := s.command(t, job...); code != 1 || out != "" {
			t.Errorf("another run: exit code %d\n%s", code, out)
		}
	}
	if out := s.must(t, "sitegen", "status"); !strings.Contains(out, "3 failed runs since") {
		t.Errorf("status:\n%s", out)
	}
	s.Fill(t, 16<<20)
	if out := s.must(t, job...); !strings.Contains(out, "stats works again after 3 failed runs") {
		t.Errorf("after space was freed:\n%s", out)
	}
}

// TestFullDiskDoctor checks that the commands that only look work on a full disk, and that doctor finds it.
func TestFullDiskDoctor(t *testing.T) {
	t.Parallel()
	site := newBackedUp(t)
	s := fullSite{testutil.NewDisk(t, 64<<20), site.dir}
	s.reset(t)
	s.Fill(t, 0)
	code, out := s.command(t, "sitegen", "doctor", "--offline", "--quiet", "--web-user", "root")
	if code != 14 || !slices.Contains(strings.Split(out, "\n"), "problem  folders  var: only 0 B are free") {
		t.Errorf("doctor: exit code %d\n%s", code, out)
	}
	for _, command := range []string{"status", "packages list", "redirects check", "explain /download"} {
		s.must(t, append([]string{"sitegen"}, strings.Fields(command)...)...)
	}
}

// TestReadOnlyDisk checks that each command that writes ends with a message about a read-only disk, which names a file.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	site := newBackedUp(t)
	site.write(t, "access.log", site.log)
	site.run(t, "stats", "--quiet", "access.log")
	s := fullSite{testutil.NewDisk(t, 64<<20), site.dir}
	s.reset(t)
	s.must(t, "mount", "-o", "remount,ro", s.Dir)
	message := regexp.MustCompile(`(var|redirects|backups)(/\S+)?: .*read-only file system`)
	for _, command := range []string{
		"build", "stats access.log", "backup backups/new.tar.zst", "packages hold --why crashes " + site.ids[0],
	} {
		code, out := s.command(t, append([]string{"sitegen"}, strings.Fields(command)...)...)
		if first, _, _ := strings.Cut(out, "\n"); code != 1 || !message.MatchString(first) {
			t.Errorf("%s: exit code %d\n%s", command, code, out)
		}
	}
	s.must(t, "sitegen", "status")
}
