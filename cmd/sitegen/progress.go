package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/progress"
)

// progress returns the terminal that shows the progress of a command. It returns nil, so that no progress is shown,
// with --quiet, with JSON output, and on a terminal that cannot erase a line.
func (p *program) progress(cmd *cobra.Command) *progress.Terminal {
	if given(cmd, "quiet") || given(cmd, "json") || p.messages.json || slices.Contains(p.environ, "TERM=dumb") {
		return nil
	}
	return p.messages.terminal
}
