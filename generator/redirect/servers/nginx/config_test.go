package nginx_test

import (
	"fmt"
	"iter"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
)

// directive is a directive of Nginx, or an entry of a block like map: its key is the name then.
type directive struct {
	name   string
	args   []string
	block  []*directive
	parent *directive // nil for the top level of the http and the server block
	place  string     // for instance nginx/http/tables.conf:12
}

// config is the configuration of a site, parsed.
type config struct {
	http, server []*directive
	values       map[string][]value // by the name of the variable; it is a key even if it has no values
}

// value is one of the values that a variable can have.
type value struct {
	text string // for instance "301 /docs/$1"
	expr string // the regular expression that the numbered groups of text refer to; "" for none
	// group is not 0 if the value is that of a group of expr with a name, and text is "" then.
	group int
}

// parseConfig parses the files that Compile returns, by path.
func parseConfig(t testing.TB, files map[string][]byte) *config {
	t.Helper()
	c := &config{values: map[string][]value{}}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		list, rest := parseBlock(words(t, path, string(files[path])), nil)
		if len(rest) > 0 {
			t.Fatalf("%s: a brace too many", rest[0].place)
		}
		if strings.HasPrefix(path, "nginx/server/") {
			c.server = append(c.server, list...)
		} else {
			c.http = append(c.http, list...)
		}
	}
	for d := range c.all() {
		c.define(d)
	}
	return c
}

// word is a word of a configuration, or one of the marks ; { }.
type word struct {
	text, place string
	mark        bool
}

// words splits a file into words, as Nginx does.
func words(t testing.TB, path, text string) (list []word) {
	t.Helper()
	escapes := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`, `\n`, "\n", `\r`, "\r", `\t`, "\t")
	wordRE := regexp.MustCompile(`^(?s:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:[^\s;{}"'\\$]|\\.|\$\{?|\b\})+)`)
	line := 1
	for text != "" {
		place := fmt.Sprintf("%s:%d", path, line)
		n := 1
		switch c := text[0]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
		case c == '#':
			n = len(text)
			if end := strings.IndexByte(text, '\n'); end >= 0 {
				n = end
			}
		case strings.IndexByte(";{}", c) >= 0:
			list = append(list, word{text[:1], place, true})
		default:
			w := wordRE.FindString(text)
			if n = len(w); n == 0 {
				t.Fatalf("%s: %.40q", place, text)
			}
			if c == '"' || c == '\'' {
				w = w[1 : n-1]
			}
			list = append(list, word{escapes.Replace(w), place, false})
		}
		line += strings.Count(text[:n], "\n")
		text = text[n:]
	}
	return list
}

// parseBlock parses directives up to a closing brace, and returns the words from there on.
func parseBlock(list []word, parent *directive) (block []*directive, rest []word) {
	var d *directive
	for len(list) > 0 {
		w := list[0]
		switch {
		case w.mark && w.text == "}":
			return block, list
		case w.mark && w.text == "{":
			d.block, list = parseBlock(list[1:], d)
			if d.block == nil {
				d.block = []*directive{}
			}
			d = nil
		case w.mark:
			d = nil
		case d == nil:
			d = &directive{name: w.text, parent: parent, place: w.place}
			block = append(block, d)
		default:
			d.args = append(d.args, w.text)
		}
		list = list[min(1, len(list)):]
	}
	return block, nil
}

// all yields all directives, without the entries of maps.
func (c *config) all() iter.Seq[*directive] {
	return func(yield func(*directive) bool) {
		var walk func(list []*directive) bool
		walk = func(list []*directive) bool {
			for _, d := range list {
				if !yield(d) || !d.isTable() && !walk(d.block) {
					return false
				}
			}
			return true
		}
		_ = walk(c.http) && walk(c.server)
	}
}

// isTable reports whether a directive is a block with entries, which defines a variable.
func (d *directive) isTable() bool {
	return d.name == "map" || d.name == "geo" || d.name == "split_clients"
}

// define adds the values of the variables that a directive defines.
func (c *config) define(d *directive) {
	if expr := d.expr(); expr != "" {
		c.defineGroups(expr)
	}
	switch {
	case d.name == "set":
		c.add(d.args[0], value{text: d.args[1]})
	case d.isTable():
		variable := d.args[len(d.args)-1]
		c.add(variable) // a table may be empty
		for _, e := range d.block {
			switch {
			case len(e.args) == 0: // volatile
			case d.name == "map":
				c.defineGroups(e.key())
				c.add(variable, value{text: e.args[0], expr: e.key()})
			default: // a dollar sign has no meaning in the values of other tables
				c.add(variable, value{text: strings.ReplaceAll(e.args[0], "$", "")})
			}
		}
	}
}

func (c *config) add(variable string, values ...value) {
	name := strings.TrimPrefix(variable, "$")
	c.values[name] = append(c.values[name], values...)
}

func (c *config) defineGroups(expr string) {
	re, err := parseExpr(expr)
	if err != nil {
		return // a check reports it
	}
	for i, name := range re.CapNames() {
		if name != "" {
			c.add(name, value{expr: expr, group: i})
		}
	}
}

// expr returns the regular expression of a location, a rewrite or an if; "" if it has none.
func (d *directive) expr() string {
	switch {
	case d.name == "location" && len(d.args) == 2 && strings.HasPrefix(d.args[0], "~"):
		return d.args[1]
	case d.name == "rewrite":
		return d.args[0]
	case d.name == "if" && len(d.args) > 2 && strings.Contains(d.args[1], "~"):
		return strings.TrimSuffix(d.args[2], ")")
	}
	return ""
}

// exprs returns all regular expressions of a directive: its own, and the keys of a map.
func (d *directive) exprs() (list []string) {
	if expr := d.expr(); expr != "" {
		list = append(list, expr)
	}
	if d.name == "map" {
		for _, e := range d.block {
			if expr := e.key(); expr != "" {
				list = append(list, expr)
			}
		}
	}
	return list
}

// key returns the regular expression that is the key of an entry of a map; "" if its key is a text.
func (d *directive) key() string {
	if expr, ok := strings.CutPrefix(d.name, "~"); ok {
		return strings.TrimPrefix(expr, "*")
	}
	return ""
}

// parseExpr parses a regular expression of PCRE. Go has no lookarounds and back references: they are left out. Nor has
// it alternatives with the same group numbers: theirs are counted on.
func parseExpr(expr string) (*syntax.Regexp, error) {
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		rest := expr[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			if rest[1] < '1' || rest[1] > '9' {
				b.WriteString(rest[:2])
			}
			i++
		case strings.HasPrefix(rest, "(?|"):
			b.WriteString("(?:")
			i += len("(?|") - 1
		case rest[0] == '[':
			class := regexp.MustCompile(`^\[\^?\]?(?:[^\]\\]|\\.)*\]`).FindString(rest)
			b.WriteString(class)
			i += max(len(class), 1) - 1
		case strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!") || strings.HasPrefix(rest, "(?<=") ||
			strings.HasPrefix(rest, "(?<!"):
			depth := 0
			for ; i < len(expr); i++ {
				switch expr[i] {
				case '\\':
					i++
				case '(':
					depth++
				case ')':
					depth--
				}
				if depth == 0 {
					break
				}
			}
		default:
			b.WriteByte(rest[0])
		}
	}
	return syntax.Parse(b.String(), syntax.Perl)
}

// groupOf returns a group of a regular expression.
func groupOf(re *syntax.Regexp, n int) *syntax.Regexp {
	if re.Op == syntax.OpCapture && re.Cap == n {
		return re
	}
	for _, sub := range re.Sub {
		if found := groupOf(sub, n); found != nil {
			return found
		}
	}
	return nil
}

// matches reports whether an expression can match a text with a character.
func matches(re *syntax.Regexp, char rune) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return slices.Contains(re.Rune, char)
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i] <= char && char <= re.Rune[i+1] {
				return true
			}
		}
	case syntax.OpAnyChar:
		return true
	case syntax.OpAnyCharNotNL:
		return char != '\n'
	}
	return slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return matches(sub, char) })
}

// referenceRE matches a variable or a numbered group in a value. Its groups are the name, with and without braces.
var referenceRE = regexp.MustCompile(`\$(?:\{([A-Za-z0-9_]+)\}|([1-9]|[A-Za-z_][A-Za-z0-9_]*))`)

// references returns the variables and numbered groups in a value, without dollar signs.
func references(text string) (list []string) {
	for _, m := range referenceRE.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1]+m[2])
	}
	return list
}

// lineEnd returns the variable or group because of which a value can contain a line end; "" if there is none. Those of
// Nginx itself can, unless they are known to be safe: $args is as in the request, still encoded, and
// $sent_http_last_modified is a date.
func (c *config) lineEnd(v value) string { return c.lineEndExcept(v, map[string]bool{}) }

func (c *config) lineEndExcept(v value, visited map[string]bool) string {
	safe := []string{"args", "document_root", "request_method", "sent_http_last_modified"}
	ends := func(n int) bool {
		re, err := parseExpr(v.expr)
		if err != nil || v.expr == "" {
			return true
		}
		g := groupOf(re, n)
		return g != nil && (matches(g, '\n') || matches(g, '\r'))
	}
	if v.group > 0 && ends(v.group) {
		return "a group of " + v.expr
	}
	for _, name := range references(v.text) {
		values, defined := c.values[name]
		switch {
		case name[0] >= '1' && name[0] <= '9':
			if ends(int(name[0] - '0')) {
				return "$" + name
			}
		case slices.Contains(safe, name), visited[name]:
		case !defined:
			return "$" + name
		default:
			visited[name] = true
			for _, v := range values {
				if because := c.lineEndExcept(v, visited); because != "" {
					return "$" + name + ": " + because
				}
			}
		}
	}
	return ""
}
