package build_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/build"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestLimitOfOneServer builds rules that exceed a limit of S3. The redirects for S3 must remain unchanged,
// everything else must be built, and each build must report the limit until the rules fit.
func TestLimitOfOneServer(t *testing.T) {
	dir := folder(t, testutil.Listing(t, "live"))
	rules := func(n int) {
		t.Helper()
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "/p%d/* /releases/\n", i)
		}
		writeFile(t, filepath.Join(dir, "redirects", "rules.txt"), b.String())
	}
	rules(1)
	if _, err := run(t, dir, nil); err != nil {
		t.Fatal(err)
	}
	old := readFiles(t, filepath.Join(dir, "redirects", "s3"))

	rules(51)
	want := "the redirects for s3 are unchanged: " + filepath.Join(dir, "redirects", "rules.txt") +
		":39:1: 63 routing rules (51 of them patterns of rules.txt), S3's limit is 50; write patterns as exact " +
		"paths, or remove s3 from servers"
	for n := range 2 {
		report, err := run(t, dir, nil)
		if err == nil || fault.KindOf(err) != fault.Limit || err.Error() != want {
			t.Fatalf("run %d: error %v,\nwant %s", n, err, want)
		}
		_, reason, _ := strings.Cut(want, ": ")
		if diff := cmp.Diff([]build.Stopped{{Server: "s3", Target: "s3", Reason: reason}}, report.Stopped); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", n, diff)
		}
		if report.Unchanged != (n > 0) {
			t.Errorf("run %d: unchanged is %v", n, report.Unchanged)
		}
		if diff := cmp.Diff(old, readFiles(t, filepath.Join(dir, "redirects", "s3"))); diff != "" {
			t.Errorf("run %d changed redirects/s3:\n%s", n, diff)
		}
		for folder, files := range map[string]map[string]string{
			"nginx":      readFiles(t, filepath.Join(dir, "redirects", "nginx")),
			"cloudfront": readFiles(t, filepath.Join(dir, "redirects", "cloudfront")),
		} {
			if all := fmt.Sprint(files); !strings.Contains(all, "/p50") {
				t.Errorf("run %d: %s has no new rule", n, folder)
			}
		}
	}

	rules(2)
	report, err := run(t, dir, nil)
	if err != nil || len(report.Stopped) > 0 {
		t.Fatalf("after shortening the rules: %v, %v", err, report.Stopped)
	}
	if s3 := fmt.Sprint(readFiles(t, filepath.Join(dir, "redirects", "s3"))); !strings.Contains(s3, `"p1/"`) {
		t.Error("the redirects for S3 do not have the new rules")
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// readFiles reads all files below a folder, by path.
func readFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	return files
}
