package preview

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/Slicer/sitegen/generator/fault"
)

// placeRE matches the place at the start of a message: "file:line: " or "file:line:col: ".
var placeRE = regexp.MustCompile(`^([^:\s][^:]*):(\d+)(?::(\d+))?: `)

// around is the number of lines that are shown before and after the line of a message.
const around = 2

// described is the number of messages that describe lists at most, about a hundred lines. A checkout of another branch
// can break thousands of links.
const described = 20

// describe returns the text of an error: each message with an excerpt of its file, and the hints at the end. read
// returns the file that a message names. For example:
//
//	content/about.md:3:1: unknown key "titel"; did you mean "title"?
//	     1 | ---
//	     2 | layout: page.html
//	>    3 | titel: About
//	       | ^
//	     4 | ---
//	     5 | Text.
func describe(err error, read func(name string) ([]byte, error)) string {
	var b strings.Builder
	messages := strings.Split(err.Error(), "\n")
	for _, message := range messages[:min(len(messages), described)] {
		b.WriteString(message + "\n")
		m := placeRE.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		line, _ := strconv.Atoi(m[2]) // the error is ignored: a number that is too large is not a line of the file
		col, _ := strconv.Atoi(m[3])  // "" is 0, which means the whole line
		if src, err := read(m[1]); err == nil {
			excerpt(&b, src, line, col)
		}
	}
	if more := len(messages) - described; more > 0 {
		fmt.Fprintf(&b, "and %d more; sitegen build lists all of them\n", more)
	}
	for _, hint := range fault.Hints(err) {
		b.WriteString("hint: " + hint + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// excerpt writes a line of a file with the lines around it and a mark below the column. The column counts bytes from 1;
// 0 writes no mark.
func excerpt(b *strings.Builder, src []byte, line, col int) {
	lines := bytes.Split(bytes.TrimSuffix(src, []byte("\n")), []byte("\n"))
	if line < 1 || line > len(lines) {
		return
	}
	for n := max(1, line-around); n <= min(len(lines), line+around); n++ {
		mark := " "
		if n == line {
			mark = ">"
		}
		text := strings.ToValidUTF8(strings.TrimRight(string(lines[n-1]), "\r"), "\uFFFD")
		fmt.Fprintf(b, "%s%5d | %s\n", mark, n, text)
		if n == line && col > 0 {
			fmt.Fprintf(b, "       | %s^\n", blank(lines[n-1], col-1))
		}
	}
}

// blank returns white space as wide as the first n bytes of a line.
func blank(line []byte, n int) string {
	var b strings.Builder
	for rest := line[:min(n, len(line))]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		rest = rest[size:]
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
