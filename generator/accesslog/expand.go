package accesslog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Stdin is the name of standard input.
const Stdin = "-"

// Expand returns the names of the logs that the arguments select. An argument is a file, a shell pattern such as
// "access.log*", a folder (for all files in it and in its subfolders), or "-". Names with a scheme, such as
// s3://bucket/prefix, are returned unchanged. The result has no duplicates. It is in the order of the arguments, and
// the names found for one argument are sorted. The error lists every argument that matches no file.
func Expand(args []string) ([]string, error) {
	var names []string
	var errs []error
	seen := map[string]bool{}
	for _, arg := range args {
		found, err := expand(arg)
		if err != nil {
			errs = append(errs, err)
		}
		for _, name := range found {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names, errors.Join(errs...)
}

func expand(arg string) ([]string, error) {
	if arg == Stdin || strings.Contains(arg, "://") {
		return []string{arg}, nil
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return filesIn(arg)
	case err == nil:
		return []string{arg}, nil
	case !errors.Is(err, fs.ErrNotExist) || !strings.ContainsAny(arg, "*?["):
		return nil, fmt.Errorf("find the log: %w", err)
	}
	matches, err := filepath.Glob(arg)
	if err != nil {
		return nil, fmt.Errorf("find the logs %q: %w", arg, err)
	}
	if len(matches) == 0 {
		return nil, fmt.Errorf("find the logs %q: no file matches", arg)
	}
	var names []string
	for _, m := range matches {
		found, err := expand(m)
		if err != nil {
			return names, err
		}
		names = append(names, found...)
	}
	return names, nil
}

// filesIn returns the files of a folder and its subfolders, except hidden ones.
func filesIn(folder string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != folder && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() {
			names = append(names, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the logs: %w", err)
	}
	return names, nil
}
