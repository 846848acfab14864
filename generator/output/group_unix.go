//go:build unix

package output

import (
	"os/exec"
	"syscall"
)

// group is a command with all processes that it starts: a process group of its own.
type group struct{ cmd *exec.Cmd }

// newGroup prepares a command that has not been started.
func newGroup(cmd *exec.Cmd) group {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return group{cmd}
}

// terminate asks the processes of the group to end.
func (g group) terminate() error { return syscall.Kill(-g.cmd.Process.Pid, syscall.SIGTERM) }

// kill ends those that are left.
func (g group) kill() {
	if g.cmd.Process != nil {
		_ = syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL) // it fails if there are none
	}
}
