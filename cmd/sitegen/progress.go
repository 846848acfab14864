package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/progress"
)

// progress returns the terminal that a command shows its progress on. It is nil, which shows nothing, if the output is
// for programs or the user asked for silence.
func (p *program) progress(cmd *cobra.Command) *progress.Terminal {
	if given(cmd, "quiet") || given(cmd, "json") || p.messages.json || slices.Contains(p.environ, "TERM=dumb") {
		return nil
	}
	return p.messages.terminal
}
