package holds

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/yamltext"
)

// heading is the comment at the top of a new file.
const heading = "# Packages that are kept off the site. \"sitegen packages hold\" and \"unhold\" edit this list.\n"

// Add returns the text of a file with a new entry, in the order of the ids. The error is fault.Findings if the text has
// mistakes, or is written in a form that cannot be edited.
func Add(file, text string, h Hold) (string, error) {
	f := parse(file, text)
	if err := f.doc.Findings().Err(); err != nil {
		return "", err
	}
	if text == "" {
		text = heading
	}
	t := newLines(text)
	if !t.isBlock(f.list) {
		return "", f.uneditable()
	}
	var at int
	indent := "  "
	switch {
	case f.list == nil:
		t.lines = append(t.lines, "holds:")
		at = len(t.lines)
	case len(f.list.Items) == 0:
		at = f.list.KeyAt.Line
		t.removeBrackets(f.list)
	default:
		first := t.dash(f.list.Items[0])
		indent = t.lines[first][:strings.IndexByte(t.lines[first], '-')]
		i := slices.IndexFunc(f.holds, func(other Hold) bool { return compare(h, other) < 0 })
		if i >= 0 {
			at = t.above(t.dash(f.list.Items[i]))
		} else {
			at = t.end(len(t.lines))
		}
	}
	t.lines = slices.Insert(t.lines, min(at, len(t.lines)), entryLines(h, indent)...)
	return t.verified(f, append(slices.Clone(f.holds), h))
}

// Remove returns the text of a file without the entry for the package with an id. Comments in and around the entry
// stay. The error is as that of Add.
func Remove(file, text, id string) (string, error) {
	f := parse(file, text)
	if err := f.doc.Findings().Err(); err != nil {
		return "", err
	}
	i := slices.IndexFunc(f.holds, func(h Hold) bool { return h.Is(id) })
	if i < 0 {
		return text, nil
	}
	t := newLines(text)
	if !t.isBlock(f.list) {
		return "", f.uneditable()
	}
	begin, end := t.dash(f.list.Items[i]), len(t.lines)
	if i+1 < len(f.list.Items) {
		end = t.dash(f.list.Items[i+1])
	}
	kept := slices.DeleteFunc(slices.Clone(t.lines[begin:t.end(end)]),
		func(line string) bool { return !isComment(line) })
	t.lines = slices.Replace(t.lines, begin, t.end(end), kept...)
	return t.verified(f, slices.Delete(slices.Clone(f.holds), i, i+1))
}

// compare orders entries.
func compare(a, b Hold) int { return strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID)) }

// entryLines returns the lines of an entry.
func entryLines(h Hold, indent string) []string {
	lines := []string{
		indent + "- id: " + yamltext.Quote(h.ID),
		indent + "  why: " + yamltext.Quote(h.Why),
	}
	if h.By != "" {
		lines = append(lines, indent+"  by: "+yamltext.Quote(h.By))
	}
	if h.Day != "" {
		lines = append(lines, indent+"  day: "+yamltext.Quote(h.Day))
	}
	return lines
}

// lines is a text that is edited line by line. The index of a line is its number minus 1.
type lines struct {
	lines []string
	eol   string // the end of each line
}

func newLines(text string) *lines {
	t := &lines{eol: "\n"}
	if strings.Contains(text, "\r\n") {
		t.eol = "\r\n"
	}
	t.lines = strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if last := len(t.lines) - 1; t.lines[last] == "" {
		t.lines = t.lines[:last]
	}
	return t
}

func (t *lines) String() string { return strings.Join(t.lines, t.eol) + t.eol }

// isComment reports whether a line has no value.
func isComment(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// isBlock reports whether each item of a list starts on a line of its own, with a dash.
func (t *lines) isBlock(list *yamltext.Node) bool {
	if list == nil {
		return true
	}
	last := list.KeyAt.Line - 1 // index of the line of the last dash, or of the key
	for _, item := range list.Items {
		i := t.dash(item)
		if i <= last || !strings.HasPrefix(strings.TrimSpace(t.lines[i]), "-") {
			return false
		}
		last = i
	}
	return true
}

// dash returns the index of the line with the dash of an item, which may be above its keys.
func (t *lines) dash(item *yamltext.Node) int {
	i := min(item.At.Line, len(t.lines)) - 1
	for i > 0 && !strings.HasPrefix(strings.TrimSpace(t.lines[i]), "-") {
		i--
	}
	return i
}

// above returns the index of the first of the comments that are directly above a line.
func (t *lines) above(i int) int {
	for i > 0 && strings.HasPrefix(strings.TrimSpace(t.lines[i-1]), "#") {
		i--
	}
	return i
}

// end returns the index after the last line before i that has a value.
func (t *lines) end(i int) int {
	for i > 0 && isComment(t.lines[i-1]) {
		i--
	}
	return i
}

// removeBrackets turns an empty list, "holds: []", into a key to which items can be added.
func (t *lines) removeBrackets(list *yamltext.Node) {
	if list.Kind != yamltext.Sequence || list.At.Line != list.KeyAt.Line {
		return
	}
	line := &t.lines[list.At.Line-1]
	before, after := (*line)[:list.At.Col-1], (*line)[list.At.Col-1:]
	if rest, ok := strings.CutPrefix(after, "[]"); ok {
		*line = strings.TrimRight(before, " ") + strings.TrimRight(rest, " ")
	}
}

// verified returns the text if it has the wanted entries. It does not if the file is written in a form of YAML that
// cannot be edited line by line, such as a list in brackets.
func (t *lines) verified(f *parsed, want []Hold) (string, error) {
	text := t.String()
	got, err := Parse("", text)
	same := func(a, b Hold) bool {
		a.At, b.At = fault.Place{}, fault.Place{}
		return a == b
	}
	slices.SortFunc(got, compare)
	slices.SortFunc(want, compare)
	if err == nil && slices.EqualFunc(got, want, same) {
		return text, nil
	}
	return "", f.uneditable()
}

// uneditable returns the error for a list that cannot be edited.
func (f *parsed) uneditable() error {
	at := f.doc.Root.At
	if f.list != nil {
		at = f.list.At
	}
	return fault.Findings{at.Errorf("cannot edit the list in this form; write each entry on lines of its own, " +
		"starting with a dash")}
}

// Describe returns the entry in words: "crashes at start (by ada, 2026-11-27)".
func (h *Hold) Describe() string {
	by := ""
	if h.By != "" {
		by = "by " + h.By
	}
	switch {
	case by == "" && h.Day == "":
		return h.Why
	case by == "" || h.Day == "":
		return fmt.Sprintf("%s (%s)", h.Why, cmp.Or(by, h.Day))
	}
	return fmt.Sprintf("%s (%s, %s)", h.Why, by, h.Day)
}
