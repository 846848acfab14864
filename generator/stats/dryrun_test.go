package stats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Slicer/sitegen/generator/fault"
)

// state lists the files and folders below folders, with their permissions, and for files their sizes and times.
func state(t *testing.T, folders ...string) string {
	t.Helper()
	var b strings.Builder
	for _, folder := range folders {
		if err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			fmt.Fprintln(&b, path, info.Mode())
			if !d.IsDir() {
				fmt.Fprintln(&b, info.Size(), info.ModTime())
			}
			return nil
		}); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return b.String()
}

// counted reads the first half of a log into a new data folder. It returns the options, and the path of the log, which
// then has both halves.
func counted(t *testing.T) (o Options, log string) {
	t.Helper()
	o = options(t, t.TempDir())
	lines := bytes.SplitAfter(text(t, "access.log.gz"), []byte("\n"))
	log = write(t, t.TempDir(), "access.log", bytes.Join(lines[:3000], nil))
	e := open(t, o)
	read(t, e, log)
	publishedFiles(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Dir(log), "access.log", bytes.Join(lines, nil))
	return o, log
}

// privateTemp sets an empty temporary folder for the test and its child processes, and returns it.
func privateTemp(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return dir
}

// TestDryRun checks that a dry run reports the same as a real run, and changes nothing.
func TestDryRun(t *testing.T) {
	o, log := counted(t)
	tmp := privateTemp(t)
	if err := os.Chmod(filepath.Join(o.Dir, "stats.key"), 0o640); err != nil { // a real run corrects it
		t.Fatal(err)
	}
	before := state(t, o.Dir, tmp)
	type result struct {
		Report  *Report
		Summary *Summary
		Files   map[string]string
		Total   int64
	}
	count := func(o Options) (r result) {
		t.Helper()
		e := open(t, o)
		r.Report = read(t, e, log)
		r.Files = published(t, e)
		var err error
		if r.Summary, err = e.Summary(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.Total = r.Report.Total
		verified(t, e)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		return r
	}
	real := o
	o.DryRun = true
	dry := count(o)
	if diff := cmp.Diff(before, state(t, o.Dir, tmp)); diff != "" {
		t.Error(diff)
	}
	if dry.Report.New == 0 || len(dry.Files) != 55 {
		t.Errorf("dry run: %d new hits, %d files", dry.Report.New, len(dry.Files))
	}
	if diff := cmp.Diff(count(real), dry, cmpopts.IgnoreFields(Report{}, "Seconds")); diff != "" {
		t.Errorf("difference between real run (-) and dry run (+): %s", diff)
	}
}

// TestDryRunWithoutData checks that a dry run without a data folder does not create one.
func TestDryRunWithoutData(t *testing.T) {
	site := t.TempDir()
	tmp := privateTemp(t)
	before := state(t, site, tmp)
	o := options(t, filepath.Join(site, "var"))
	o.DryRun = true
	e := open(t, o)
	if r := read(t, e, testLog("access.log.gz")); r.New == 0 {
		t.Error("nothing was counted")
	}
	if files := published(t, e); len(files) != 55 {
		t.Errorf("%d files", len(files))
	}
	if diff := cmp.Diff(string(text(t, "truth-daily.tsv")), export(t, e)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, state(t, site, tmp)); diff != "" {
		t.Error(diff)
	}
}

// TestDryRunFails checks that a dry run that fails or is killed leaves no file in the temporary folder, where SQLite
// has the private copy, and does not change the data folder.
func TestDryRunFails(t *testing.T) {
	o, log := counted(t)
	o.DryRun = true
	tmp := privateTemp(t)
	before := state(t, o.Dir, tmp)
	t.Run("error during the run", func(t *testing.T) {
		o := o
		o.Rules = write(t, t.TempDir(), "rules.yaml", []byte("user_agent_parsers: 1"))
		if _, err := open(t, o).Read(t.Context(), []string{log}, func(int64) {}); err == nil {
			t.Error("no error")
		}
	})
	t.Run("error while opening", func(t *testing.T) {
		o := o
		o.Dir = t.TempDir()
		write(t, o.Dir, "stats.key", []byte("{"))
		if _, err := Open(t.Context(), o); err == nil {
			t.Error("no error")
		}
	})
	t.Run("Ctrl-C", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := open(t, o).Read(ctx, []string{log}, func(int64) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("kill", func(t *testing.T) {
		long, _ := crashLog(t)
		before := state(t, tmp)
		begin := time.Now()
		if cmd, stderr := start(t, o.Dir, long, childDry+"=1"); cmd.Wait() != nil {
			t.Fatal(stderr)
		}
		whole, killed := time.Since(begin), 0
		for i := range 3 {
			cmd, stderr := start(t, o.Dir, long, childDry+"=1")
			time.Sleep(whole * time.Duration(i+1) / 5)
			_ = cmd.Process.Kill() // it may have ended
			if err := cmd.Wait(); err != nil {
				killed++
			}
			if stderr.Len() > 0 {
				t.Error(stderr)
			}
		}
		if killed == 0 {
			t.Error("no run was killed")
		}
		if diff := cmp.Diff(before, state(t, tmp)); diff != "" {
			t.Error(diff)
		}
	})
	if diff := cmp.Diff(before, state(t, o.Dir, tmp)); diff != "" {
		t.Error(diff)
	}
}

// TestReader checks that a Reader changes nothing, and can read before and while an Engine is open.
func TestReader(t *testing.T) {
	o, log := counted(t)
	tmp := privateTemp(t)
	rules := write(t, t.TempDir(), "rules.yaml", []byte(`user_agent_parsers:
- regex: '(Nothing)'
os_parsers:
- regex: 'iPhone'
  os_replacement: Symbian OS
device_parsers:
- regex: 'Firefox'
  device_replacement: Spider
`))
	before := state(t, o.Dir, tmp)
	readAll := func() (table string) {
		t.Helper()
		r, err := OpenReader(t.Context(), o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		var b bytes.Buffer
		if err := r.Export(t.Context(), &b, Filter{}, Table{Format: "tsv"}); err != nil {
			t.Fatal(err)
		}
		if differences, days, err := r.Verify(t.Context()); len(differences) != 0 || days == 0 || err != nil {
			t.Errorf("%d days, differences %v, %v", days, differences, err)
		}
		if changes, err := r.Reclassified(t.Context(), rules); len(changes) == 0 || err != nil {
			t.Errorf("changes %v, %v", changes, err)
		}
		return b.String()
	}
	half := readAll()
	if diff := cmp.Diff(before, state(t, o.Dir, tmp)); diff != "" {
		t.Error(diff)
	}
	e := open(t, o)
	if diff := cmp.Diff(half, readAll()); diff != "" {
		t.Error(diff)
	}
	read(t, e, log)
	if diff := cmp.Diff(string(text(t, "truth-daily.tsv")), readAll()); diff != "" {
		t.Error(diff)
	}
}

// TestVerifyReadOnlyFolder verifies the statistics in a folder that is not writable: after a run, during a run, and
// after a run was killed.
func TestVerifyReadOnlyFolder(t *testing.T) {
	o, log := counted(t)
	killed := filepath.Join(t.TempDir(), "var")
	for dir := o.Dir; strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(when, dir string) {
		t.Helper()
		files, err := filepath.Glob(dir + "/*")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files { // only their owner may read them; see verifyAsNobody
			if err := os.Chown(file, nobodyOr(os.Getuid()), -1); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(dir, 0o755)
		before := state(t, dir)
		cmd, stderr := start(t, dir, "")
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v, %s", when, err, stderr)
		}
		if diff := cmp.Diff(before, state(t, dir)); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
	verify("after a run", o.Dir)
	e := open(t, o)
	read(t, e, log)
	verify("during a run", o.Dir)
	// A run that is killed leaves the files that exist while it is open.
	if err := os.CopyFS(killed, os.DirFS(o.Dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(killed, "downloads.sqlite-wal")); err != nil {
		t.Fatal(err)
	}
	verify("after a run was killed", killed)
}

// TestReaderWithoutData checks that OpenReader without a data folder returns a hint, and does not create the folder.
func TestReaderWithoutData(t *testing.T) {
	site := t.TempDir()
	_, err := OpenReader(t.Context(), filepath.Join(site, "var"))
	if !errors.Is(err, fs.ErrNotExist) || fault.KindOf(err) != fault.Usage {
		t.Errorf("error %v", err)
	}
	if hints := fault.Hints(err); len(hints) != 1 || !strings.HasPrefix(hints[0], "Run sitegen stats first") {
		t.Errorf("hints %q", hints)
	}
	if list, err := os.ReadDir(site); len(list) > 0 || err != nil {
		t.Error(list, err)
	}
}
