package nginx

import (
	"bytes"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/Slicer/sitegen/generator/output"
)

// text is a configuration file that is being written.
type text struct {
	bytes.Buffer
	names
}

// printf writes text with the names of the site's variables, see names.own.
func (t *text) printf(format constant, args ...any) { t.WriteString(t.own(format, args...)) }

// comment writes an empty line, unless the text is empty, and then the lines as a comment.
func (t *text) comment(lines string) {
	if t.Len() > 0 {
		t.WriteByte('\n')
	}
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		t.WriteString(strings.TrimRight("# "+strings.TrimSpace(line), " ") + "\n")
	}
}

// entry returns a line of a block: a key and its value. Both must be quoted already if they need quotes.
func entry(key, value string) string { return key + "\t" + value + ";" }

// note adds a comment to an entry.
func note(entry, comment string) string { return entry + "\t# " + comment }

// block writes a block of entries with the values in one column:
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

// list writes a block without columns, for long or numerous entries.
func (t *text) list(head string, lines ...string) {
	t.printf("%s {\n", head)
	for _, line := range lines {
		t.printf("    %s\n", strings.Replace(line, "\t", " ", 1))
	}
	t.printf("}\n")
}

// columns writes lines, aligning the words between tabs in columns.
func (t *text) columns(lines ...string) {
	w := tabwriter.NewWriter(&t.Buffer, 0, 0, 1, ' ', 0)
	for _, line := range lines {
		fmt.Fprintln(w, line) // a write to a buffer cannot fail
	}
	w.Flush()
}

// file returns a file with a comment at its start. name is its path in redirects/nginx/, about describes its purpose.
func file(name, about string, body *text) output.File {
	var head text
	head.comment(output.Mark + ": do not edit, the next build overwrites it.\n\n" + strings.TrimSpace(about))
	head.WriteByte('\n')
	return made(name, append(head.Bytes(), body.Bytes()...))
}

// made returns a file that already has its comment.
func made(name string, data []byte) output.File {
	return output.File{Root: output.Redirects, Group: output.Maps, Path: "nginx/" + name, Data: data}
}

// maxToken is the maximum length of a key or a value in bytes. Nginx reads its configuration through a buffer of 4 KB
// and rejects a token of 4,094 bytes.
const maxToken = 4000

var (
	quoter     = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	expression = strings.NewReplacer(`\\`, `\\\\`, `"`, `\"`)
	words      = strings.NewReplacer("-", "_", "_", "__")
)

// quote returns a token that may contain any characters. A dollar sign still starts a variable in the values of maps,
// but not in keys and not in geo blocks; see literal.
func quote(s string) string { return `"` + quoter.Replace(s) + `"` }

// regex returns a regular expression as a key of a map. In quotes, Nginx removes a backslash only before a backslash or
// a quote, and replaces \n by a line end. So \z stays \z, but \\, which matches one backslash, must be written \\\\.
func regex(s string) string { return `"~` + expression.Replace(s) + `"` }

// literal returns a value without variables: it replaces dollar signs by the variable $sitegen_dollar, which holds one.
func (n names) literal(s string) string {
	return quote(strings.ReplaceAll(s, "$", n.own("${sitegen_dollar}")))
}

// word returns an id or a name as a part of a variable's name: checkout_date for checkout-date, x86__64 for x86_64.
// Different names stay different, because a hyphen becomes one underscore and an underscore becomes two.
func word(id string) string { return words.Replace(id) }
