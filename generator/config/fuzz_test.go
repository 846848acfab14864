package config_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/config"
)

var placed = regexp.MustCompile(`^(sitegen\.yaml:[1-9]\d*:[1-9]\d*): .`)

// FuzzConfig reads any text as sitegen.yaml. Every message must have a place, and a valid configuration must be the
// same after it is printed and read again.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"", "title: a\n", "girder:\n  timeout: 3m\n  max_size: 64 MiB\n", "after_change: [nginx -t, 'a \"b\"']\n",
		"notice: |\n  a\n\n  b\n",
		"precompress:\n- gzip\n- br\n", "a: &x b\nc: *x\n", "<<: {a: b}\n", "? a\n: b\n", "--- a\n--- b\n",
		"%YAML 1.2\n---\ntitle: a\n",
		"title: !!str 3\n", "{title: 'a', out: \"b\"}", "title: \xff\n", "\t\n", "jobs: 0x10\noffline: TRUE\n",
		"title: a # b\n#c\n", "stats:\n  geoip: [a, 'b,c']\n  log_formats: ['$a \"$b\"']\n  json_fields:\n    " +
			"time: '@t'\n", "notice: >-\n",
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		t.Chdir(dir)
		if err := os.WriteFile(config.FileName, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(config.Input{})
		if err != nil {
			for _, m := range messages(t, err) {
				if !placed.MatchString(m) {
					t.Errorf("message without a place: %q", m)
				}
			}
			return
		}
		if err := os.WriteFile(config.FileName, []byte(printed(t, c)), 0o644); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, load(t, config.Input{}), ignoreOrigins); diff != "" {
			t.Errorf("read again (-want +got):\n%s", diff)
		}
	})
}
