package generator_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pathRE matches a path in CONTRIBUTING.md: `generator/site/producers.go`, [design](docs/design.md).
var pathRE = regexp.MustCompile("[`(]((?:\\.ci|docs|generator|layouts)/[\\w./]*)[`)]")

// targetRE matches a command "make TARGET" in a code block or in backquotes, and targetsRE the targets of the Makefile.
var (
	targetRE  = regexp.MustCompile("(?m)(?:^\\s*|`|&& )make ([a-z][a-z-]*)\\b")
	targetsRE = regexp.MustCompile(`(?m)^([a-z-]+):.*## `)
)

// TestDocumentsNameTargets checks that make has every target that a document or a script names.
func TestDocumentsNameTargets(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range targetsRE.FindAllSubmatch(makefile, -1) {
		targets[string(m[1])] = true
	}
	named := map[string]bool{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "bench/*.md", ".ci/*", "tools/*.sh", "tools/*/test"} {
		files, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range targetRE.FindAllSubmatch(text, -1) {
				named[string(m[1])] = true
				if !targets[string(m[1])] {
					t.Errorf("%s: make %s: the Makefile has no such target", file, m[1])
				}
			}
		}
	}
	for _, name := range []string{"test", "test-short", "check", "bench", "field", "help", "test-girder"} {
		if !named[name] {
			t.Errorf("make %s was not found in any document", name)
		}
	}
	phony, _, _ := strings.Cut(string(makefile[strings.Index(string(makefile), ".PHONY:"):]), "\n")
	for name := range targets {
		if !slices.Contains(strings.Fields(phony), name) {
			t.Errorf("%s is not in .PHONY: a file of this name would keep make from running it", name)
		}
	}
}

// TestContributingNamesFiles checks that every file and folder that CONTRIBUTING.md names exists.
func TestContributingNamesFiles(t *testing.T) {
	text, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	found := pathRE.FindAllSubmatch(text, -1)
	if len(found) < 15 {
		t.Errorf("found %d paths, want 15 or more", len(found))
	}
	for _, m := range found {
		if _, err := os.Stat(filepath.Join("..", string(m[1]))); err != nil {
			t.Errorf("CONTRIBUTING.md: %v", err)
		}
	}
}
