package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/testutil"
)

var (
	// overstrikeRE matches what mandoc prints before a bold or italic character: the character or _, and a backspace.
	overstrikeRE = regexp.MustCompile(".\x08")
	flagRE       = regexp.MustCompile(`--[a-z-]+`)
)

// TestManualPages has mandoc check all manual pages, and finds every command, flag, exit code and option in them.
func TestManualPages(t *testing.T) {
	mandoc, dir := testutil.Need(t, "mandoc"), t.TempDir()
	sitegen(t, "man", dir)
	paths, err := filepath.Glob(filepath.Join(dir, "man[15]/*"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(mandoc, append([]string{"-T", "lint", "-W", "warning"}, paths...)...).Output(); err != nil {
		for line := range strings.Lines(string(out)) {
			if !strings.Contains(line, "missing date") { // there is no SOURCE_DATE_EPOCH
				t.Error(line)
			}
		}
	}
	read := func(name string) string {
		t.Helper()
		out, err := exec.Command(mandoc, "-T", "utf8", "-O", "width=300", filepath.Join(dir, name)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return overstrikeRE.ReplaceAllString(string(out), "")
	}
	check := func(page string, texts ...string) {
		t.Helper()
		out := read(page)
		for _, text := range texts {
			if !strings.Contains(out, text) {
				t.Errorf("%s does not contain %q", page, text)
			}
		}
	}
	commands := 0
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		commands++
		texts := []string{cmd.Short}
		for _, set := range groups(cmd.LocalFlags()) {
			texts = append(texts, set.Name())
			for line := range strings.Lines(set.FlagUsages()) {
				if flag := flagRE.FindString(line); flag != "" {
					texts = append(texts, flag)
				}
			}
		}
		check("man1/"+manualName(cmd)+".1", texts...)
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				visit(c)
			}
		}
	}
	visit((&program{}).rootCommand())
	if commands+1 != len(paths) {
		t.Errorf("%d pages of %d commands and sitegen.yaml", len(paths), commands)
	}
	for _, e := range exitCodes {
		check("man1/sitegen.1", e.meaning)
	}
	for _, o := range config.Options() {
		check("man5/sitegen.yaml.5", o.Key+": ", o.Env())
	}
}
