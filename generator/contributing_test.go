package generator_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// pathRE matches a path in CONTRIBUTING.md: `generator/site/producers.go`, [design](docs/design.md).
var pathRE = regexp.MustCompile("[`(]((?:\\.ci|docs|generator|layouts)/[\\w./]*)[`)]")

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
