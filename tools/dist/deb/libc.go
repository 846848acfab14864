package deb

import (
	"debug/elf"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// libraries returns the packages with the libraries that a program needs: none if it is static, otherwise libc6, in the
// version of its newest symbol that the program uses.
func libraries(binary string) ([]string, error) {
	f, err := elf.Open(binary)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", binary, err)
	}
	defer f.Close()
	needed, err := f.ImportedLibraries()
	if err != nil {
		return nil, fmt.Errorf("read the libraries of %s: %w", binary, err)
	}
	if len(needed) == 0 {
		return nil, nil
	}
	for _, name := range needed {
		if !strings.HasPrefix(name, "libc.so.") && !strings.HasPrefix(name, "ld-linux") &&
			!slices.Contains([]string{"libpthread.so.0", "libdl.so.2", "libresolv.so.2", "libm.so.6"}, name) {
			return nil, fmt.Errorf("%s needs %s, whose package is not known", binary, name)
		}
	}
	symbols, err := f.ImportedSymbols()
	if err != nil {
		return nil, fmt.Errorf("read the symbols of %s: %w", binary, err)
	}
	var newest []int
	for _, s := range symbols {
		if version, ok := strings.CutPrefix(s.Version, "GLIBC_"); ok {
			if v := numbers(version); slices.Compare(v, newest) > 0 {
				newest = v
			}
		}
	}
	if newest == nil {
		return []string{"libc6"}, nil
	}
	return []string{"libc6 (>= " + dotted(newest) + ")"}, nil
}

// numbers returns the parts of a version such as 2.34, up to the first that is not a number.
func numbers(version string) (parts []int) {
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		parts = append(parts, n)
	}
	return parts
}

func dotted(parts []int) string {
	var texts []string
	for _, n := range parts {
		texts = append(texts, strconv.Itoa(n))
	}
	return strings.Join(texts, ".")
}
