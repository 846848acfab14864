package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// dependency is a package that is linked into the program, as go list prints it.
type dependency struct {
	Dir      string
	Standard bool
	Module   struct {
		Path, Version, Dir string
		Main               bool
	}
}

// licenseName matches the names of files with licenses and notices.
const licenseName = `(?i)^(un)?(licen[cs]es?|copying|copyright|notice|patents)([-.].*)?$|\.licen[cs]e$`

// licenses returns the licenses of everything that is linked into the program for a platform, below licenses/: those of
// each module and of its packages, of Go, and of the C libraries. A module without a license is an error.
func licenses(ctx context.Context, root string, p platform) ([]file, error) {
	found := map[string]file{}
	modules := map[string]bool{} // module@version -> whether it has a license
	deps, err := dependencies(ctx, root, p)
	if err != nil {
		return nil, err
	}
	for _, d := range deps {
		m := d.Module
		if d.Standard {
			continue // see toolLicenses
		}
		name := strings.TrimSuffix(m.Path+"@"+m.Version, "@")
		// A package can have a license of its own, such as that of code that was copied into the module.
		for dir := d.Dir; ; dir = filepath.Dir(dir) {
			rel, err := filepath.Rel(m.Dir, dir)
			if err != nil {
				return nil, err
			}
			files, err := licensesIn(dir, path.Join("licenses", name, filepath.ToSlash(rel)))
			if err != nil {
				return nil, err
			}
			if !m.Main {
				modules[name] = modules[name] || len(files) > 0
			}
			for _, f := range files {
				found[f.name] = f
			}
			if dir == m.Dir {
				break
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		if !modules[name] {
			return nil, fmt.Errorf("module %s has no license", name)
		}
	}
	files := slices.Collect(maps.Values(found))
	files = append(files, file{name: "licenses/README.txt", data: overview(modules)})
	other, err := toolLicenses(ctx, p)
	return append(files, other...), err
}

// dependencies returns the packages that are linked into the program for a platform.
func dependencies(ctx context.Context, root string, p platform) ([]dependency, error) {
	out, err := output(ctx, root, p.environ(), "go", "list", "-deps", "-tags", p.tags,
		"-json=Dir,Standard,Module", "./cmd/sitegen")
	if err != nil {
		return nil, err
	}
	var deps []dependency
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var dep dependency
		if err := d.Decode(&dep); errors.Is(err, io.EOF) {
			return deps, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the output of go list: %w", err)
		}
		deps = append(deps, dep)
	}
}

// toolLicenses returns the licenses of Go, for the standard library, and of Zig with its C library.
func toolLicenses(ctx context.Context, p platform) ([]file, error) {
	goroot, err := output(ctx, "", os.Environ(), "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	files, err := licensesIn(strings.TrimSpace(string(goroot)), "licenses/go")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no license of Go in %s", goroot)
	}
	zig, err := zigFolder()
	if err != nil {
		return nil, err
	}
	for _, name := range p.notices {
		f, err := read(filepath.Join(zig, name), path.Join("licenses/zig", name))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// licensesIn returns the licenses in a folder, without its subfolders.
func licensesIn(dir, target string) ([]file, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	re := regexp.MustCompile(licenseName)
	var files []file
	for _, e := range entries {
		if !e.Type().IsRegular() || !re.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		f, err := read(filepath.Join(dir, e.Name()), path.Join(target, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// overview returns the text that introduces the licenses. Some, such as the Mozilla Public License, demand that it says
// where the source code is.
func overview(modules map[string]bool) []byte {
	var b bytes.Buffer
	b.WriteString(`sitegen contains the Go modules below, the standard library of Go, SQLite (which is
in the public domain), and parts of Zig and of its C library. This folder has their
licenses.

To get the source code of a module, run: go mod download -json MODULE@VERSION

`)
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		fmt.Fprintln(&b, name)
	}
	return b.Bytes()
}
