package testutil

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// Terminal is a pseudo-terminal. It records what a program writes to File.
type Terminal struct {
	File    *os.File
	other   *os.File // the other end, from which the output is read
	columns int
	written []byte
}

// OpenTerminal opens a terminal with a number of columns; 0 for a terminal of unknown size.
func OpenTerminal(t testing.TB, columns int) *Terminal {
	t.Helper()
	other, file, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = other.Close(), file.Close() })
	if err := pty.Setsize(file, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	return &Terminal{File: file, other: other, columns: columns}
}

// Written returns everything that was written so far.
func (s *Terminal) Written(t testing.TB) string {
	t.Helper()
	const end = '\x05' // marks the end of the output so far
	if _, err := s.File.Write([]byte{end}); err != nil {
		t.Fatal(err)
	}
	for {
		buf := make([]byte, 4096)
		n, err := s.other.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		s.written = append(s.written, buf[:n]...)
		if i := bytes.IndexByte(s.written, end); i >= 0 { // the program may have written more after it
			s.written = slices.Delete(s.written, i, i+1)
			return string(s.written)
		}
	}
}

// Text returns the lines that a user would see, including those that have scrolled off the screen.
func (s *Terminal) Text(t testing.TB) string {
	t.Helper()
	lines, column := [][]rune{nil}, 0
	for r := strings.NewReader(s.Written(t)); ; {
		c, _, err := r.ReadRune()
		if err == io.EOF {
			break
		}
		last := len(lines) - 1
		switch c {
		case '\r':
			column = 0
		case '\n':
			lines = append(lines, nil)
		case '\x1b':
			var sequence [2]byte
			if _, err := io.ReadFull(r, sequence[:]); err != nil || string(sequence[:]) != "[K" {
				t.Fatalf("unknown escape sequence %q", sequence)
			}
			lines[last] = lines[last][:min(column, len(lines[last]))]
		default:
			if s.columns > 0 && column == s.columns { // wrap, as terminals do
				lines, column = append(lines, nil), 0
				last++
			}
			lines[last] = append(lines[last][:column],
				append([]rune{c}, lines[last][min(column+1, len(lines[last])):]...)...)
			column++
		}
	}
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(string(line))
	}
	return b.String()
}
