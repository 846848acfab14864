package nginx

import (
	"bytes"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/Slicer/sitegen/generator/output"
)

// text is a configuration file under way.
type text struct{ bytes.Buffer }

func (t *text) printf(format string, args ...any) { fmt.Fprintf(&t.Buffer, format, args...) }

// comment writes an empty line, except at the start, and lines of comment.
func (t *text) comment(lines string) {
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		t.WriteString(strings.TrimRight("# "+strings.TrimSpace(line), " ") + "\n")
	}
}

// entry is a line of a block: a key and its value, both quoted already where necessary.
func entry(key, value string) string { return key + "\t" + value + ";" }

// note adds a comment to an entry.
func note(entry, comment string) string { return entry + "\t# " + comment }

// block writes a block of entries, all values in one column:
//
//	map $sitegen_os $sitegen_problem {
//	    ""      os;
//	    default $sitegen_problem_stability;
//	}
func (t *text) block(head string, lines ...string) {
	t.WriteString(head + " {\n")
	indented := make([]string, len(lines))
	for i, line := range lines {
		indented[i] = "    " + line
	}
	t.columns(indented...)
	t.WriteString("}\n")
}

// list writes a block whose entries are too long, or too many, to stand in columns.
func (t *text) list(head string, lines ...string) {
	t.printf("%s {\n", head)
	for _, line := range lines {
		t.printf("    %s\n", strings.Replace(line, "\t", " ", 1))
	}
	t.printf("}\n")
}

// columns writes lines whose words between tabs stand in columns.
func (t *text) columns(lines ...string) {
	w := tabwriter.NewWriter(&t.Buffer, 0, 0, 1, ' ', 0)
	for _, line := range lines {
		fmt.Fprintln(w, line) // to memory: cannot fail
	}
	w.Flush()
}

// file makes the file with a name below redirects/nginx/ of a text. about is its comment: what the file is for.
func file(name, about string, body *text) output.File {
	var head text
	head.comment(output.Mark + ": do not edit, the next build overwrites it.\n\n" + strings.TrimSpace(about))
	head.WriteByte('\n')
	return made(name, append(head.Bytes(), body.Bytes()...))
}

// made is file for a whole text.
func made(name string, data []byte) output.File {
	return output.File{Root: output.Redirects, Group: output.Maps, Path: "nginx/" + name, Data: data}
}

// maxToken is the longest key or value that is written, in bytes. Nginx refuses one of 4,094 bytes, since it reads its
// configuration through a buffer of 4 KB.
const maxToken = 4000

var (
	quoter     = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	expression = strings.NewReplacer(`\\`, `\\\\`, `"`, `\"`)
	words      = strings.NewReplacer("-", "_", "_", "__")
)

// quote writes a word that may have any character in it. A dollar sign begins a variable where Nginx knows variables:
// in values of maps, not in keys and not in geo.
func quote(s string) string { return `"` + quoter.Replace(s) + `"` }

// regex writes a regular expression as a key of a map. In quotes Nginx itself takes a backslash away only before a
// backslash and a quote (and makes a line end of \n), so \z stays \z, and \\, the expression of one backslash, becomes
// \\\\.
func regex(s string) string { return `"~` + expression.Replace(s) + `"` }

// literal writes a value that has no variables.
func literal(s string) string { return quote(strings.ReplaceAll(s, "$", "${sitegen_dollar}")) }

// word writes an id or a name as a part of the name of a variable: checkout-date as checkout_date, x86_64 as
// x86__64. Names stay different that way: between two words stands one underscore.
func word(id string) string { return words.Replace(id) }
