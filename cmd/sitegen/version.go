package main

import (
	"cmp"
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

// programVersion returns the version of the program, such as v1.2.0, or "" if it is not known.
func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}

// versionLine returns the version, the commit (if known), the version of Go, and the platform.
func versionLine() string {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = fmt.Sprintf(" commit %.12s", s.Value)
			case s.Key == "vcs.modified" && s.Value == "true":
				commit += ", changed"
			}
		}
	}
	return fmt.Sprintf("sitegen %s%s %s %s/%s", cmp.Or(programVersion(), "(unknown version)"), commit,
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
