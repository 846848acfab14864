package generator_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/Slicer/sitegen/generator/profile"
)

// TestNoProjectInCode checks that the code does not contain the name of the built-in profile's project, except in the
// module path and in the constant that names the profile. Facts about a project belong in its profile.
func TestNoProjectInCode(t *testing.T) {
	for _, root := range []string{".", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			switch filepath.Ext(path) {
			case ".go", ".js", ".conf":
			default:
				return nil
			}
			data, err := os.ReadFile(path)
			for i, line := range bytes.Split(bytes.ToLower(data), []byte("\n")) {
				line = bytes.ReplaceAll(line, []byte("github.com/"+profile.Default+"/"), nil)
				constant := path == filepath.Join("profile", "profile.go") &&
					bytes.HasPrefix(line, []byte("const default ="))
				if bytes.Contains(line, []byte(profile.Default)) && !constant {
					t.Errorf("%s:%d contains %s", path, i+1, profile.Default)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
