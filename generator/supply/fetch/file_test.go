package fetch_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/supply/fetch"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	client := fetch.New(fetch.Options{MaxSize: 1000})
	for name, body := range map[string]string{"plain": listing, "packed": compressed(listing), "empty": ""} {
		path := filepath.Join(dir, name)
		write(t, path, body)
		data, err := client.ReadFile(path)
		if want := map[bool]string{true: "", false: listing}[body == ""]; err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}

	tests := []struct{ name, body, want, hint string }{
		{"half.json.gz", compressed(listing)[:30], "/half.json.gz: unexpected EOF", "damaged"},
		{"no.json.gz", "\x1f\x8bno gzip header", "/no.json.gz: gzip: invalid header", "damaged"},
		{"large.json", "[" + strings.Repeat(" ", 1000) + "]", "/large.json: larger than the limit of 1000 bytes",
			"girder.max_size"},
		{"large.json.gz", compressed("[" + strings.Repeat(" ", 1000) + "]"),
			"/large.json.gz: larger than the limit of 1000 bytes", "girder.max_size"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(dir, test.name)
			write(t, path, test.body)
			_, err := client.ReadFile(path)
			if err == nil || fault.KindOf(err) != fault.Source {
				t.Fatalf("error %v", err)
			}
			_, place, _ := strings.Cut(err.Error(), dir)
			if diff := cmp.Diff(test.want, place); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if hints := fault.Hints(err); len(hints) != 1 || !strings.Contains(hints[0], test.hint) {
				t.Errorf("hints %q, want one with %q", hints, test.hint)
			}
		})
	}
	if _, err := client.ReadFile(filepath.Join(dir, "missing.json")); !errors.Is(err, fs.ErrNotExist) ||
		len(fault.Hints(err)) != 1 {
		t.Errorf("missing file: %v", err)
	}
	if _, err := client.ReadFile(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("folder: %v", err)
	}
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}
