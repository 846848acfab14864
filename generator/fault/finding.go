package fault

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Place is a place in a file, or another origin of a value. Messages omit zero fields: "content/about.md:3:8" is a
// place in a line, "content/about.md" is the whole file, and "flag --out" is not a file.
type Place struct {
	File string // path relative to the site folder, or a name such as "flag --out"
	Line int    // counted from 1; 0 for the whole file
	Col  int    // in bytes, counted from 1; 0 for the whole line
}

// PlaceOf returns the place of the byte at an offset of a file's text.
func PlaceOf[T string | []byte](file string, text T, offset int) Place {
	before := string(text[:offset])
	return Place{file, strings.Count(before, "\n") + 1, offset - strings.LastIndexByte(before, '\n')}
}

// String returns file:line:col, without the parts that are zero.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Compare orders places by file, line and column.
func (p Place) Compare(q Place) int {
	return cmp.Or(strings.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// Errorf returns a finding at the place.
func (p Place) Errorf(format string, args ...any) Finding {
	return Finding{p, fmt.Sprintf(format, args...)}
}

// Finding is one mistake in a file written by a user, with its place.
type Finding struct {
	Place
	Text string // what is wrong (what was found); hint
}

// String returns the place and the text: content/about.md:3:8: what is wrong.
func (f Finding) String() string {
	if f.File == "" {
		return f.Text
	}
	return f.Place.String() + ": " + f.Text
}

// Findings is an error that consists of several findings.
type Findings []Finding

// Error returns the findings, one per line.
func (fs Findings) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the findings as an error, or nil if there are none.
func (fs Findings) Err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}

// Count returns the number of mistakes in the tree of err: each finding and each joined error counts, nil does not.
func Count(err error) int {
	switch e := err.(type) { //nolint:errorlint // Count itself visits the whole tree
	case nil:
		return 0
	case Findings:
		return len(e)
	case interface{ Unwrap() []error }:
		n := 0
		for _, err := range e.Unwrap() {
			n += Count(err)
		}
		return n
	case interface{ Unwrap() error }:
		return max(1, Count(e.Unwrap()))
	}
	return 1
}

// Sorted returns the findings, sorted by place and without duplicates.
func (fs Findings) Sorted() Findings {
	sorted := slices.SortedStableFunc(slices.Values(fs), func(a, b Finding) int {
		return cmp.Or(a.Compare(b.Place), strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(sorted)
}
