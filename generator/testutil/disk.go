package testutil

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Disk is a small file system in memory, for tests of full disks. It is mounted in a namespace of its own, which needs
// no rights and ends with the test, however that ends. Commands of Command see it at its path, the test itself at Path.
type Disk struct {
	Dir string // where it is mounted
	pid int    // of the process that keeps it
}

// NewDisk makes an empty file system of a size in bytes.
func NewDisk(t testing.TB, size int) *Disk {
	t.Helper()
	d := &Disk{Dir: t.TempDir()}
	const script = `mount -t tmpfs -o size="$1",mode=755 none "$2" && echo mounted && exec cat`
	cmd := exec.Command("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", strconv.Itoa(size),
		d.Dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe() // cat ends when it is closed
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "mounted\n" {
		t.Fatalf("mount a file system in memory: %v", err)
	}
	d.pid = cmd.Process.Pid
	return d
}

// Path returns the path of a file of the disk for the test itself.
func (d *Disk) Path(name string) string {
	return filepath.Join("/proc", strconv.Itoa(d.pid), "root", d.Dir, name)
}

// Command returns a command that runs in a folder of the disk.
func (d *Disk) Command(folder, program string, args ...string) *exec.Cmd {
	args = append([]string{"--preserve-credentials", "--user", "--mount", "--target", strconv.Itoa(d.pid), "sh", "-c",
		`cd "$0" && exec "$@"`, filepath.Join(d.Dir, folder), program}, args...)
	return exec.Command("nsenter", args...)
}

// Fill leaves only the given number of bytes free.
func (d *Disk) Fill(t testing.TB, free int) {
	t.Helper()
	filler := d.Path("filler")
	if err := os.RemoveAll(filler); err != nil {
		t.Fatal(err)
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.Path(""), &s); err != nil {
		t.Fatal(err)
	}
	size := int(s.Bavail)*int(s.Bsize) - free
	if size < 0 {
		t.Fatalf("only %d bytes are free, not %d", size+free, free)
	}
	if err := os.WriteFile(filler, make([]byte, size), 0o600); err != nil {
		t.Fatal(fmt.Errorf("fill the disk: %w", err))
	}
}
