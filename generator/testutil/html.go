package testutil

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// CheckHTML fails the test if html-validate finds a mistake in a page. The pages are by name, for messages.
// testdata/html-validate/check.mjs has the rules. If html-validate is not installed, see Missing.
func CheckHTML(t testing.TB, pages map[string]string) {
	t.Helper()
	validator := filepath.Join(filepath.Dir(Path("")), ".cache", "html-validate", "node_modules", "html-validate")
	if _, err := os.Stat(validator); errors.Is(err, fs.ErrNotExist) {
		Missing(t, "html-validate")
	}
	input, err := json.Marshal(pages)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), Need(t, "node"), Path("html-validate/check.mjs"), validator)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stderr = new(bytes.Buffer)
	mistakes, err := cmd.Output()
	if err != nil {
		t.Fatalf("html-validate: %v\n%s", err, cmd.Stderr)
	}
	for mistake := range strings.Lines(string(mistakes)) {
		t.Error(strings.TrimSpace(mistake))
	}
}
