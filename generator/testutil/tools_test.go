package testutil

import (
	"slices"
	"strings"
	"testing"
)

// TestTools fails with one message about all missing tools. The tests that need them are skipped.
func TestTools(t *testing.T) {
	var missing []string
	for tool, names := range tools() {
		if find(names) == "" {
			missing = append(missing, tool)
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		t.Fatalf("tests were skipped, since this machine lacks %s: install them with .ci/install (Debian), then run "+
			"make test",
			strings.Join(missing, ", "))
	}
}
