package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/Slicer/sitegen/generator/accesslog/loggen"
	"github.com/Slicer/sitegen/generator/backup/githubserver"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/testutil"
)

// backedUp is the folder of a site whose packages and logs change, and that is backed up.
type backedUp struct {
	dir     string
	ids     []string           // of the packages of the first state
	sources [2][]byte          // two listings of packages
	states  [2]map[string]bool // the ids that they publish
	log     []byte
}

// newBackedUp makes the folder. Backups contain the key of visitors, for the identity in the file identity.
func newBackedUp(t *testing.T) *backedUp {
	t.Helper()
	listing, err := os.ReadFile("../../generator/supply/sources/sample/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	var items []map[string]any
	if err := json.Unmarshal(listing, &items); err != nil {
		t.Fatal(err)
	}
	s := &backedUp{dir: t.TempDir()}
	for i, list := range [][]map[string]any{items, items[:len(items)*2/3]} {
		if s.sources[i], err = json.Marshal(list); err != nil {
			t.Fatal(err)
		}
	}
	for _, item := range items {
		s.ids = append(s.ids, item["_id"].(string))
	}
	var b bytes.Buffer
	if _, err := loggen.Write(&b, loggen.Options{Seed: 1, Lines: 20_000, IDs: s.ids, Addresses: 500, Agents: 20, Days: 3,
		Start: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	s.log = b.Bytes()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "identity", []byte(identity.String()+"\n"))
	s.write(t, "sitegen.yaml", fmt.Appendf(nil, "servers: [nginx]\nprecompress: []\nsource: girder.json\nbackup:\n"+
		"  target: backups\n  recipients: [%s]\n  keep: 0\n", identity.Recipient()))
	if err := os.Mkdir(filepath.Join(s.dir, "backups"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range s.sources {
		s.write(t, "girder.json", s.sources[i])
		s.run(t, "build", "--quiet", "--force")
		s.states[i] = s.published(t, s.dir)
	}
	return s
}

func (s *backedUp) write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o644); err != nil {
		t.Error(err)
	}
}

// command returns a command in the folder of the site.
func (s *backedUp) command(args ...string) *exec.Cmd {
	cmd := exec.Command("sitegen", args...)
	cmd.Dir = s.dir
	return cmd
}

// run runs a command that must succeed, and returns what it prints.
func (s *backedUp) run(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := s.command(args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("sitegen %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.String()
}

// published returns the ids of the packages in the catalogue of a site.
func (s *backedUp) published(t *testing.T, dir string) map[string]bool {
	t.Helper()
	r, err := history.OpenReadOnly(t.Context(), filepath.Join(dir, "var", history.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	packages, err := r.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, p := range packages {
		ids[p.ID] = true
	}
	return ids
}

// files returns the names in the folder of the backups.
func (s *backedUp) files(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.dir, "backups"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestBackupUnderWrites makes backups while builds and statistics run all the time. Each is restored on a new machine,
// and goes on there to the same statistics.
func TestBackupUnderWrites(t *testing.T) {
	t.Parallel()
	s := newBackedUp(t)
	lines := bytes.SplitAfter(s.log, []byte("\n"))
	s.write(t, "access.log", bytes.Join(lines[:100], nil))
	lines = lines[100:]
	s.run(t, "stats", "--quiet", "access.log")

	done, turn := make(chan struct{}), make(chan struct{})
	var writers sync.WaitGroup
	var builds, counts int
	loop := func(n *int, work func(i int)) {
		writers.Go(func() {
			for ; ; *n++ {
				select {
				case <-done:
					return
				case turn <- struct{}{}: // a backup begins at the same time
				default:
				}
				work(*n)
			}
		})
	}
	loop(&builds, func(i int) {
		s.write(t, "next.json", s.sources[i%2])
		if err := os.Rename(filepath.Join(s.dir, "next.json"), filepath.Join(s.dir, "girder.json")); err != nil {
			t.Error(err)
		}
		s.run(t, "build", "--quiet", "--force")
	})
	loop(&counts, func(int) {
		f, err := os.OpenFile(filepath.Join(s.dir, "access.log"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		n := min(300, len(lines))
		if _, err := f.Write(bytes.Join(lines[:n], nil)); err != nil {
			t.Error(err)
		}
		lines = lines[n:]
		s.run(t, "stats", "--quiet", "access.log")
	})
	number := testutil.Amount(20, 3)
	for i := range number {
		<-turn
		s.run(t, "backup", "--quiet", fmt.Sprintf("backups/%d.tar.zst", i))
	}
	close(done)
	writers.Wait()
	s.run(t, "stats", "--quiet", "access.log")
	want := s.run(t, "stats", "export")

	seen := map[string]bool{}
	for i := range number {
		fresh := &backedUp{dir: t.TempDir()}
		for _, name := range []string{"sitegen.yaml", "identity", "girder.json", "access.log"} {
			data, err := os.ReadFile(filepath.Join(s.dir, name))
			if err != nil {
				t.Fatal(err)
			}
			fresh.write(t, name, data)
		}
		fresh.run(t, "restore", "--quiet", "--identity", "identity",
			filepath.Join(s.dir, "backups", fmt.Sprintf("%d.tar.zst", i)))
		got := fresh.published(t, fresh.dir)
		if !equal(got, s.states[0]) && !equal(got, s.states[1]) {
			t.Errorf("backup %d: %d packages, which is neither state", i, len(got))
		}
		seen[fresh.run(t, "stats", "export")] = true
		fresh.run(t, "stats", "--quiet", "access.log")
		fresh.run(t, "stats", "verify", "--quiet")
		if got := fresh.run(t, "stats", "export"); got != want {
			t.Errorf("backup %d: other statistics after the next run", i)
		}
	}
	t.Logf("%d backups with %d different statistics, during %d builds and %d runs of statistics", number, len(seen),
		builds, counts)
}

func equal(a, b map[string]bool) bool {
	if len(a) != len(b) {
		return false
	}
	for id := range a {
		if !b[id] {
			return false
		}
	}
	return true
}

// kill starts a command and kills it after a random time. It returns whether the command was killed, and not faster.
func (s *backedUp) kill(t *testing.T, longest time.Duration, args ...string) bool {
	t.Helper()
	cmd := s.command(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(rand.N(longest), func() { cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		t.Errorf("sitegen %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return false
}

// duration returns the time that a command takes.
func (s *backedUp) duration(t *testing.T, args ...string) time.Duration {
	t.Helper()
	begin := time.Now()
	s.run(t, args...)
	return time.Since(begin)
}

// TestBackupKilled kills backups at random times. What is at the target is whole, and the next backup succeeds.
func TestBackupKilled(t *testing.T) {
	t.Parallel()
	s := newBackedUp(t)
	s.write(t, "access.log", s.log)
	s.run(t, "stats", "--quiet", "access.log")
	longest := s.duration(t, "backup", "--quiet")
	kills := 0
	for range testutil.Amount(30, 10) {
		if s.kill(t, longest, "backup", "--quiet") {
			kills++
		}
	}
	for _, name := range s.files(t) {
		if !strings.HasPrefix(name, ".") {
			s.run(t, "backup", "--verify", "--quiet", filepath.Join("backups", name))
		}
	}
	s.run(t, "backup", "--quiet", "--keep", "1")
	if names := s.files(t); len(names) != 1 {
		t.Errorf("files after the last backup: %v", names)
	}
	s.run(t, "stats", "verify", "--quiet")
	t.Logf("%d kills", kills)
}

// TestRestoreKilled kills restores of two backups at random times. After each, all files are those of one backup.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	s := newBackedUp(t)
	half := len(s.log) / 2
	half += bytes.IndexByte(s.log[half:], '\n') + 1
	var backups, exports, keys [2]string
	for i, text := range [][]byte{s.log[:half], s.log} {
		if err := os.Remove(filepath.Join(s.dir, "var", "stats.key")); err != nil && i > 0 {
			t.Fatal(err)
		}
		s.write(t, "girder.json", s.sources[i])
		s.run(t, "build", "--quiet", "--force")
		s.write(t, "access.log", text)
		s.run(t, "stats", "--quiet", "access.log")
		backups[i] = fmt.Sprintf("backups/%d.tar.zst", i)
		s.run(t, "backup", "--quiet", backups[i])
		exports[i], keys[i] = s.run(t, "stats", "export"), s.key(t)
	}
	if exports[0] == exports[1] || keys[0] == keys[1] || equal(s.states[0], s.states[1]) {
		t.Fatal("the two states are the same")
	}
	longest := s.duration(t, "restore", "--quiet", "--force", "--identity", "identity", backups[0])
	kills := 0
	counts := [2]int{}
	for i := range testutil.Amount(40, 12) {
		if s.kill(t, longest*3/2, "restore", "--quiet", "--force", "--identity", "identity", backups[(i+1)%2]) {
			kills++
		}
		export := s.run(t, "stats", "export")
		state := slices.Index(exports[:], export)
		if state < 0 || s.key(t) != keys[state] || !equal(s.published(t, s.dir), s.states[state]) {
			t.Fatalf("kill %d: statistics of the state %d, key and packages of another", i, state)
		}
		counts[state]++
	}
	t.Logf("%d kills; states %v", kills, counts)
}

// key returns the file with the key of visitors.
func (s *backedUp) key(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "var", "stats.key"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestBackupDiskFull limits the size of files. Nothing is stored or replaced, and no older backup is removed.
func TestBackupDiskFull(t *testing.T) {
	t.Parallel()
	s := newBackedUp(t)
	s.write(t, "access.log", s.log)
	s.run(t, "stats", "--quiet", "access.log")
	s.run(t, "backup", "--quiet", "backups/whole.tar.zst")
	s.run(t, "backup", "--quiet")
	before, export := s.files(t), s.run(t, "stats", "export")
	for _, command := range []string{
		"backup --keep 1", "restore --force --identity identity backups/whole.tar.zst", "restore --force",
	} {
		for _, blocks := range []int{0, 8, 200} { // of 512 bytes
			cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -f %d; exec sitegen %s", blocks, command))
			cmd.Dir = s.dir
			out, err := cmd.CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
				t.Errorf("%s with %d blocks: %v\n%s", command, blocks, err, out)
			} else if !strings.Contains(strings.ToLower(string(out)), "disk") {
				t.Errorf("%s with %d blocks: %s", command, blocks, out)
			}
			if names := s.files(t); !slices.Equal(names, before) {
				t.Errorf("%s with %d blocks: files %v, before %v", command, blocks, names, before)
			}
			if got := s.run(t, "stats", "export"); got != export {
				t.Errorf("%s with %d blocks: other statistics", command, blocks)
			}
		}
	}
	s.run(t, "backup", "--quiet", "--keep", "1")
	s.run(t, "restore", "--quiet", "--identity", "identity")
}

// TestBackupOnGitHub stores a backup in a release and restores it. No message has the token, whatever goes wrong.
func TestBackupOnGitHub(t *testing.T) {
	t.Parallel()
	s := newBackedUp(t)
	server := githubserver.Start(t)
	const target = "github://" + githubserver.Repository + "/download-site"
	environ := []string{"GITHUB_API_URL=" + server.URL, "GITHUB_TOKEN=" + githubserver.Token}
	run := func(code int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		cmd := s.command(args...)
		cmd.Env = append(cmd.Environ(), environ...)
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run() // the exit code is checked
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Errorf("sitegen %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, &out)
		}
		for _, v := range environ {
			if name, value, _ := strings.Cut(v, "="); strings.HasSuffix(name, "TOKEN") && strings.Contains(out.String(), value) {
				t.Errorf("sitegen %s: the token is printed\n%s", strings.Join(args, " "), &out)
			}
		}
		return out.String()
	}
	for range 3 {
		run(0, "backup", "--keep", "1", target)
	}
	if len(server.Assets) != 1 {
		t.Errorf("%d assets, want 1", len(server.Assets))
	}
	run(0, "backup", "--verify", target)
	if err := os.RemoveAll(filepath.Join(s.dir, "var")); err != nil {
		t.Fatal(err)
	}
	run(0, "restore", target)
	if got := s.published(t, s.dir); !equal(got, s.states[1]) {
		t.Errorf("%d packages restored", len(got))
	}
	for _, a := range server.Assets {
		a.Data[len(a.Data)/3] ^= 4
	}
	run(1, "restore", "--force", target)

	server.Private = false
	if out := run(2, "backup", target); !strings.Contains(out, "--public") {
		t.Errorf("a public repository: %s", out)
	}
	run(0, "backup", "--public", "--verbose", target)
	environ[1] = "GITHUB_TOKEN=ghp_wrong"
	run(9, "backup", "--verbose", target)
	environ[1] = "SITEGEN_GITHUB_TOKEN=ghp_another"
	run(9, "restore", "--verbose", target)
	run(0, "config")
	environ[1] = "SITEGEN_GITHUB_TOKEN=ghp_with\na line"
	run(2, "backup", "--verbose", target)
}
