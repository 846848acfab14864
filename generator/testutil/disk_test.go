package testutil

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestDisk fills a disk. Commands and the test itself see the same files, and nobody else does.
func TestDisk(t *testing.T) {
	d := NewDisk(t, 1<<20)
	d.Fill(t, 64<<10)
	if out, err := d.Command("", "sh", "-c", "head -c 60000 /dev/zero > a && ls").CombinedOutput(); err != nil ||
		string(out) != "a\nfiller\n" {
		t.Errorf("%v\n%s", err, out)
	}
	out, err := d.Command("", "cp", "a", "b").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "No space left on device") {
		t.Errorf("a full disk: %v\n%s", err, out)
	}
	if err := os.WriteFile(d.Path("c"), make([]byte, 10_000), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	d.Fill(t, 64<<10)
	if err := os.WriteFile(d.Path("c"), make([]byte, 10_000), 0o600); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(d.Dir); len(entries) > 0 || err != nil {
		t.Errorf("outside, the folder has %v, %v", entries, err)
	}
}
