package site

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Finding is one thing that is wrong with the site folder, and where.
type Finding struct {
	Path string // from the site folder: content/about.md, layouts/base.html; of a page made from data its URL
	Line int    // from 1; 0 when the whole file is meant
	Col  int    // bytes from the start of the line, from 1; 0 when the whole line is meant
	Text string // what is wrong (what was found); hint
}

// String gives the finding as path:line:col: text.
func (f Finding) String() string {
	switch {
	case f.Path == "":
		return f.Text
	case f.Line == 0:
		return fmt.Sprintf("%s: %s", f.Path, f.Text)
	case f.Col == 0:
		return fmt.Sprintf("%s:%d: %s", f.Path, f.Line, f.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.Path, f.Line, f.Col, f.Text)
}

// Findings is everything that was found wrong, as one error: one finding a line.
type Findings []Finding

// Error lists the findings, one a line.
func (fs Findings) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// err is nil when nothing was found, else the findings in order.
func (fs Findings) err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs.sorted()
}

// sorted gives the findings by place, each once.
func (fs Findings) sorted() Findings {
	sorted := slices.SortedFunc(slices.Values(fs), func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(sorted)
}
