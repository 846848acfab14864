//go:build !unix

package output

import "os/exec"

// group is a command, on systems without process groups.
type group struct{ cmd *exec.Cmd }

// newGroup prepares a command that has not been started.
func newGroup(cmd *exec.Cmd) group { return group{cmd} }

// terminate ends the command.
func (g group) terminate() error { return g.cmd.Process.Kill() }

// kill does nothing: terminate has ended the command.
func (g group) kill() {}
