package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand(p *program) *cobra.Command {
	return p.command(&cobra.Command{
		Use:   "version",
		Short: "print the version of sitegen",
		Args:  noArguments,
	}, func(*cobra.Command, []string) error {
		_, err := fmt.Fprintln(p.stdout, versionLine())
		return err
	})
}

// versionLine returns the version, the commit (if known), the version of Go, and the platform.
func versionLine() string {
	version, commit := "(unknown version)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = fmt.Sprintf(" commit %.12s", s.Value)
			case s.Key == "vcs.modified" && s.Value == "true":
				commit += ", changed"
			}
		}
	}
	return fmt.Sprintf("sitegen %s%s %s %s/%s", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
