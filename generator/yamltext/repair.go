package yamltext

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// repair reports the mistake that caused a parser error, and returns the text without it.
func (d *Document) repair(l *lexed, err error) string {
	syntax, ok := errors.AsType[*yaml.SyntaxError](err)
	if !ok || syntax.Token == nil {
		d.report(0, "read YAML: %s", strings.ReplaceAll(err.Error(), "\n", " "))
		return l.text
	}
	m := diagnosis{l}.diagnose(syntax.Message, syntax.Token)
	line := d.line(m.at)
	if d.broken[line] { // an earlier repair of this line caused the error
		return d.cutAt(l, m.at)
	}
	d.report(m.at, "%s", m.text)
	if m.end == 0 {
		return d.cutAt(l, m.at)
	}
	d.broken[line] = true
	last := max(m.end, m.last)
	return l.text[:m.at] + strings.Repeat("x", m.end-m.at) + blank(l.text[m.end:last]) + l.text[last:]
}

// blank returns spaces in place of a text. It keeps the line feeds, so the offsets of all bytes remain.
func blank(text string) string {
	b := []byte(text)
	for i := range b {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
	return string(b)
}

// mistake is a syntax error with its cause.
type mistake struct {
	at    int    // start of the wrong text
	end   int    // end of the wrong text on its line, if it is a value that can be replaced; else 0
	last  int    // end of the lines below that belong to the value; 0 for none
	text  string // the message
	write string // the correct spelling of the key and the value, if the value can be replaced
}

// diagnosis finds the mistake that caused a parser error.
type diagnosis struct{ *lexed }

// diagnose finds the cause of a parser error. The parser reports a symptom, often at the token after the mistake:
//
//	title: Viewer 5: what is new     mapping value is not allowed in this context
//	title: 'it's new'                value is not allowed in this context. map key-value is pre-defined
//	title: [a, b                     ',' or ']' must be specified, of the key in the next line
func (l diagnosis) diagnose(message string, t *token.Token) mistake {
	at, i := l.offset(t), l.index(t)
	begin := l.begin(t) // start of a text in quotes
	end := lineEnd(l.text, max(at, begin))
	bracket := l.openBracket(i)
	colon := message == "mapping value is not allowed in this context" ||
		strings.HasPrefix(message, "tab character cannot use as a map key") // title:	Viewer 5: what is new
	switch {
	case strings.HasPrefix(message, "could not find end character"), message == "found unexpected document separator":
		return l.unclosed(begin)
	case t.Type == token.InvalidType && l.text[begin:end] != "" && l.text[begin] == '"':
		m, _ := l.escape(begin, end)
		return m
	case bracket < 0 && l.tabIn(at) >= 0:
		return mistake{at: l.tabIn(at), text: tabIndents}
	case l.endsQuotes(i, at):
		return l.unclosed(l.offsets[l.tokens[i-1]])
	case colon && l.nextKey(i) >= 0:
		return l.tooDeep(l.nextKey(i))
	case l.isTemplate(at):
		m, _ := l.unquoted(at, false)
		return m
	case bracket >= 0:
		return l.inBrackets(bracket, t, colon)
	case message == "found an invalid key for this map":
		key := strings.TrimSpace(l.text[lineStart(l.text, at):at])
		return mistake{at: at, text: fmt.Sprintf(`keys must be plain words (found %.80q before a colon)`, key)}
	case l.firstInLine(at):
		return l.stray(at)
	}
	if m, ok := l.unquoted(at, colon); ok {
		return m
	}
	return mistake{at: at, text: "read YAML: " + message}
}

// unclosed returns the mistake of a text in quotes without a closing quote.
func (l diagnosis) unclosed(at int) mistake {
	line := l.text[at:lineEnd(l.text, at)]
	if line == "" {
		return mistake{at: at, text: "the text in quotes is not closed"}
	}
	// The lexer may have read the closing quote as a digit of an escape.
	if m, ok := l.escape(at, at+len(line)); ok && line[0] == '"' {
		return m
	}
	text := fmt.Sprintf("the text in quotes is not closed (found %.80q); write a %c at its end", line, line[0])
	return mistake{at: at, text: text}
}

// escapeRE matches an escape in double quotes. Its group matches a backslash that does not begin a valid escape.
var escapeRE = regexp.MustCompile(
	`\\(?:x[[:xdigit:]]{2}|u[[:xdigit:]]{4}|U[[:xdigit:]]{8}|[0abtnvfre "/\\N_LP\t\n])|(\\)`)

// escape finds an invalid escape between two offsets, those of a text in double quotes. The parser accepts any
// character as a hexadecimal digit, even the quote.
func (l diagnosis) escape(begin, end int) (mistake, bool) {
	for _, m := range escapeRE.FindAllStringSubmatchIndex(l.text[begin:end], -1) {
		if m[2] < 0 {
			continue
		}
		at := begin + m[2]
		_, size := utf8.DecodeRuneInString(l.text[at+1 : lineEnd(l.text, at)])
		return mistake{at: at, text: fmt.Sprintf("unknown escape in double quotes (found %q); "+
			`write \\ for a backslash, or use single quotes`, l.text[at:at+1+size])}, true
	}
	return mistake{at: begin, text: "unknown escape in double quotes"}, false
}

// endsQuotes reports whether the previous token is a text in quotes that starts on an earlier line. In that case, its
// closing quote was meant as the opening quote of another text:
//
//	title: 'Viewer
//	description: 'What is new'
func (l diagnosis) endsQuotes(i, at int) bool {
	if i == 0 || i >= len(l.tokens) || l.firstInLine(at) {
		return false
	}
	before := l.tokens[i-1]
	quoted := before.Type == token.SingleQuoteType || before.Type == token.DoubleQuoteType
	return quoted && l.offsets[before] < lineStart(l.text, at)
}

// nextKey returns the offset of the key before the first colon after a value, if that colon is on a later line:
//
//	title: a
//	  out: b
//
// Here, the parser reads "a out" as a key. The result is -1 if the colon is on the line of the value.
func (l diagnosis) nextKey(i int) int {
	for j := i; j < len(l.tokens); j++ {
		if l.tokens[j].Type != token.MappingValueType {
			continue
		}
		start := lineStart(l.text, l.offsets[l.tokens[j]])
		if start <= l.offsets[l.tokens[i]] {
			return -1
		}
		return start + len(l.text[start:]) - len(strings.TrimLeft(l.text[start:], " "))
	}
	return -1
}

// tooDeep returns the mistake of a line with a colon below a value. If there is a space before the colon, the line is
// probably the rest of the value, and not a key:
//
//	description: All versions
//	  of the viewer: downloads
func (l diagnosis) tooDeep(at int) mistake {
	line := strings.TrimSpace(l.text[at:lineEnd(l.text, at)])
	if before, _, _ := strings.Cut(line, ":"); !strings.Contains(before, " ") {
		return l.misaligned(at, "is indented too far")
	}
	return mistake{at: at, text: fmt.Sprintf("a text with a colon must be in quotes (found %.80q); "+
		"write a quote before its first line, and one after its last", line)}
}

// isTemplate reports whether the value on the line of an offset begins with two braces, as in Liquid and in templates.
func (l diagnosis) isTemplate(at int) bool {
	m, ok := l.unquoted(at, false)
	return ok && strings.HasPrefix(l.text[m.at:], "{{")
}

// misaligned returns the mistake of a line with wrong indentation.
func (l diagnosis) misaligned(at int, how string) mistake {
	line := strings.TrimSpace(l.text[at:lineEnd(l.text, at)])
	text := fmt.Sprintf("the line %s (found %.80q); align it with the key or item that it belongs to", how, line)
	return mistake{at: at, text: text}
}

// inBrackets returns the mistake in a list or mapping in brackets that is at a token or before it.
func (l diagnosis) inBrackets(bracket int, t *token.Token, colon bool) mistake {
	at := l.offset(t)
	rest := l.text[at:lineEnd(l.text, at)]
	switch {
	case !l.closed[bracket]:
		at = l.offsets[l.tokens[bracket]]
		what, end := "list", "]"
		if l.tokens[bracket].Type == token.MappingStartType {
			what, end = "group of keys", "}"
		}
		return mistake{at: at, text: fmt.Sprintf("the %s is not closed (found %.80q); write a %s at its end",
			what, l.text[at:lineEnd(l.text, at)], end)}
	case colon:
		return mistake{at: at, text: fmt.Sprintf("a value with a colon must be in quotes (found %.80q)", rest)}
	case t.Type == token.CollectEntryType:
		return mistake{at: at, text: fmt.Sprintf("a value is missing before the comma (found %.80q); remove the comma",
			rest)}
	}
	return mistake{at: at, text: fmt.Sprintf("a comma is missing between two values (found %.80q)", rest)}
}

// stray returns the mistake of a line that is neither a key with a value nor an item.
func (l diagnosis) stray(at int) mistake {
	line := strings.TrimRight(l.text[at:lineEnd(l.text, at)], " \t")
	if m := unspacedRE.FindStringSubmatch(line); m != nil {
		return mistake{at: at, text: fmt.Sprintf("no space after the colon (found %.80q); write %s: %s", line, m[1],
			m[2])}
	}
	if keyRE.MatchString(line) || strings.HasPrefix(line+" ", "- ") {
		return l.misaligned(at, "is indented like no line above")
	}
	return mistake{at: at, text: fmt.Sprintf("a key without a colon (found %.80q); "+
		"write a colon and a value, or indent the line if it belongs to the value above", line)}
}

var (
	keyRE   = regexp.MustCompile(`^[^\s#\[{'"][^#]*?:(\s|$)`)
	valueRE = regexp.MustCompile(`^\s*((?:- +)*)(?:("[^"]*"|'[^']*'|[^\s#\[{'"][^#]*?):[ \t]+)?(\S.*)$`)
)

// unquoted returns the mistake of a value on one line that has a special meaning in YAML unless it is in quotes.
func (l diagnosis) unquoted(at int, colon bool) (mistake, bool) {
	start := lineStart(l.text, at)
	line := l.text[start:lineEnd(l.text, at)]
	m := valueRE.FindStringSubmatchIndex(line)
	if m == nil || start+m[6] > at || m[4] < 0 && m[2] == m[3] { // neither a key nor a dash before it
		return mistake{}, false
	}
	subject, write := "the item", "- "
	if m[4] >= 0 {
		subject = line[m[4]:m[5]]
		write = subject + ": "
	}
	begin, value, first := start+m[6], strings.TrimRight(line[m[6]:], " \t"), line[m[6]]
	if first != '"' && first != '\'' {
		value, _, _ = strings.Cut(value, " #")
		value = strings.TrimRight(value, " \t")
	}
	var why string
	inner := value
	switch {
	case first == '"' || first == '\'':
		why = "has text after the closing quote"
		inner = withoutQuotes(value)
	case strings.HasPrefix(value, "{{"):
		why = `begins with "{{" and must be in quotes`
	case (first == '[' || first == '{') && begin < at:
		why = "has text after the closing bracket"
	case colon && first != '?':
		why = "has a colon and must be in quotes"
	case strings.IndexByte("@`%|>-?&*!]}", first) >= 0:
		why = fmt.Sprintf("begins with %q and must be in quotes", string(first))
	default:
		return mistake{}, false
	}
	write += quoted(inner)
	hint := "write " + write
	key := m[2] // start of the dash or, if there is one, of the key
	if m[4] >= 0 {
		key = m[4]
	}
	last := l.below(start, key)
	switch {
	case m[4] >= 0 && strings.HasPrefix(value, "- "):
		hint = "write the items of a list in the lines below; or a text in quotes: " + write
	case last > 0:
		hint = "write the whole text in quotes"
	}
	text := fmt.Sprintf("%s %s (found %.80q); %s", subject, why, value, hint)
	return mistake{at: begin, end: begin + len(value), last: last, text: text, write: write}, true
}

// below returns the end of the lines below a line that are indented further than a column, counted from 0. They belong
// to the value on that line. The result is 0 if there are none.
func (l diagnosis) below(start, column int) (last int) {
	for end := lineEnd(l.text, start); end < len(l.text); {
		start = end + 1
		end = lineEnd(l.text, start)
		line := l.text[start:end]
		text := strings.TrimLeft(line, " ")
		if text != "" && len(line)-len(text) <= column {
			break
		}
		if text != "" {
			last = end
		}
	}
	return last
}

// withoutQuotes returns a text without the quotes around it. It keeps them if the quote at the end does not belong to
// the one at the start: "a" and "b".
func withoutQuotes(value string) string {
	first := value[0]
	if len(value) < 2 || value[len(value)-1] != first {
		return value
	}
	inner := value[1 : len(value)-1]
	if i := strings.IndexByte(inner, first); i > 0 && inner[i-1] != ' ' &&
		(i+1 == len(inner) || strings.IndexByte(" ,.;:", inner[i+1]) >= 0) {
		return value
	}
	return inner
}
