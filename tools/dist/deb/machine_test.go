package deb_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/testutil"
)

// patience is how long a test waits for something that happens soon.
const patience = time.Minute

// machine is a fresh Debian that runs in a container: systemd boots it, and it has a network of its own. Its files are
// below root.
type machine struct {
	*testing.T
	root   string
	leader string // the process of its systemd
	booted bool
}

// boot starts a machine from the archive that .ci/root has made.
func boot(t *testing.T) *machine {
	t.Helper()
	nspawn := testutil.Need(t, "systemd-nspawn")
	archive, err := filepath.Abs(filepath.Join(root, ".cache/root.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(archive); err != nil {
		testutil.Missing(t, archive)
	}
	if os.Getuid() != 0 {
		testutil.Missing(t, "the right to start a container (run the test as root): it")
	}
	m := &machine{T: t, root: t.TempDir()}
	must(t, "tar", "-xf", archive, "-C", m.root)
	var console bytes.Buffer
	cmd := exec.Command(nspawn, "--quiet", "--boot", "--directory="+m.root, "--private-network", "--register=no",
		"--keep-unit", fmt.Sprintf("--machine=sitegen-test-%d", os.Getpid()))
	cmd.Stdout, cmd.Stderr = &console, &console
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // the container ends with it
		_ = cmd.Wait()
		if t.Failed() && !m.booted {
			t.Logf("console of the machine:\n%s", &console)
		}
	})
	children := fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid)
	m.wait("systemd to start", func() bool {
		data, err := os.ReadFile(children)
		m.leader = strings.TrimSpace(string(data))
		if err != nil || m.leader == "" || strings.Contains(m.leader, " ") {
			return false
		}
		state, _ := m.try("systemctl is-system-running --wait")
		return state == "running" || state == "degraded"
	})
	m.booted = true
	return m
}

// wait waits until something has happened.
func (m *machine) wait(what string, done func() bool) {
	m.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			m.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// try runs a script on the machine as root, and returns what it prints.
func (m *machine) try(script string) (string, error) {
	cmd := exec.Command("nsenter", "--target", m.leader, "--all", "--", "/usr/bin/env", "-i", "HOME=/root",
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "/bin/bash", "-ec", script)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// run runs a script that must succeed on the machine as root, and returns what it prints.
func (m *machine) run(script string) string {
	m.Helper()
	out, err := m.try(script)
	if err != nil {
		m.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

// check runs a script, and checks what it prints.
func (m *machine) check(script, want string) {
	m.Helper()
	if got := m.run(script); got != want {
		m.Errorf("%s:\n%s\nwant\n%s", script, got, want)
	}
}

// contains runs a script, and checks that its output contains a text.
func (m *machine) contains(script, text string) {
	m.Helper()
	if got := m.run(script); !strings.Contains(got, text) {
		m.Errorf("%s:\n%s\nwant a text with %q", script, got, text)
	}
}

// put copies a file to the machine.
func (m *machine) put(file, path string) {
	m.Helper()
	target := filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(target, read(m.T, file), 0o644); err != nil {
		m.Fatal(err)
	}
}
