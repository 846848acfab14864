package generator_test

import (
	"io/fs"
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

// testRE matches the beginning of a test.
var testRE = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

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

// TestLongTests checks that each test that .ci/long-tests names exists, so that a test with a new name is not run by
// mistake.
func TestLongTests(t *testing.T) {
	list, err := os.ReadFile("../.ci/long-tests")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, root := range []string{"../cmd", "../generator"} {
		err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range testRE.FindAllSubmatch(text, -1) {
				tests[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	named := 0
	for line := range strings.Lines(string(list)) {
		name := strings.TrimSpace(line)
		if name == "" || name[0] == '#' {
			continue
		}
		named++
		test, script, inner := strings.Cut(name, "/")
		if !tests[test] {
			t.Errorf(".ci/long-tests: there is no test %s", test)
		}
		if inner {
			if _, err := os.Stat("../cmd/sitegen/testdata/script/" + script + ".txtar"); err != nil {
				t.Errorf(".ci/long-tests: %v", err)
			}
		}
	}
	if named < 50 {
		t.Errorf(".ci/long-tests names %d tests, want 50 or more", named)
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
