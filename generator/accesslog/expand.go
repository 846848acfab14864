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
// the names found for one argument are sorted. Symbolic links are followed. The error joins an error for every argument
// that matches no file, for every named folder without a file, and for every folder that cannot be read; the other
// names are valid nevertheless.
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
		names, err := filesIn(arg)
		if len(names) == 0 && err == nil {
			err = fmt.Errorf("find the logs in %s: the folder has no file; hidden files and pipes do not count", arg)
		}
		return names, err
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
	var errs []error
	for _, m := range matches {
		find := expand
		if info, err := os.Stat(m); err == nil && info.IsDir() {
			find = filesIn // it was not named, so it may be empty
		}
		found, err := find(m)
		names, errs = append(names, found...), append(errs, err)
	}
	return names, errors.Join(errs...)
}

// filesIn returns the files of a folder and its subfolders, except hidden ones, pipes, sockets and devices.
func filesIn(folder string) ([]string, error) {
	return walk(folder, map[string]bool{})
}

// walk returns the files of a folder. Seen are the folders above, without symbolic links, so that a link to one of them
// does not lead in a circle.
func walk(folder string, seen map[string]bool) ([]string, error) {
	real, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, fmt.Errorf("list the logs: %w", err)
	}
	if seen[real] {
		return nil, nil
	}
	seen[real] = true
	defer delete(seen, real)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("list the logs: %w", err)
	}
	var names []string
	var errs []error
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("find the log: %w", err))
		case info.IsDir():
			found, err := walk(path, seen)
			names, errs = append(names, found...), append(errs, err)
		case info.Mode().IsRegular():
			names = append(names, path)
		}
	}
	return names, errors.Join(errs...)
}
