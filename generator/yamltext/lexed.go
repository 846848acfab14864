package yamltext

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// lexed is a text and its tokens.
type lexed struct {
	text    string
	tokens  token.Tokens
	offsets map[*token.Token]int // offset of each token
	lines   []int                // offset of each line
	around  []int                // index of the innermost bracket around each token, and around the end; -1 for none
	closed  map[int]bool         // whether an opening bracket, given by the index of its token, has a closing one

	seen struct{ line, column, offset int } // the last position that was looked up
}

func newLexed(text string, tokens token.Tokens) *lexed {
	l := &lexed{text: text, tokens: tokens, lines: lineStarts(text),
		offsets: make(map[*token.Token]int, len(tokens)), closed: map[int]bool{}}
	l.locate()
	l.pair()
	return l
}

// locate computes the offset of every token. Comments are tokens as well, so there is only white space between two
// tokens, and a token begins after the white space that follows the previous one. If the end of the previous token is
// unknown (it has several lines, or its text differs from what the lexer reports), locate searches for the token from
// the position that the lexer reports. That position may be too far to the left, because the lexer counts columns in
// characters and ignores tabs: in "a:\t[é, b]" it reports the bracket in column 3 and b in column 7, but they begin at
// bytes 4 and 9.
func (l *lexed) locate() {
	after, known := 0, true // where the previous token ends, if known; else an offset inside it
	for i, t := range l.tokens {
		at := max(l.column(t.Position), after)
		first, more := firstLine(t.Origin)
		switch {
		case t.Type == token.InvalidType: // its text includes the text before it, so its end is uncertain
			l.offsets[t] = at
			l.tokens = l.tokens[:i+1]
			return
		case i > 0 && isBlock(l.tokens[i-1]): // the lines of a block
			l.offsets[t] = at
			known = false
			continue
		case first == "":
			l.offsets[t] = at
			continue
		case known:
			at = len(l.text) - len(strings.TrimLeft(l.text[after:], " \t\n"))
		default:
			at += max(strings.Index(l.text[at:lineEnd(l.text, at)], first), 0)
		}
		l.offsets[t] = at
		known = !more && strings.HasPrefix(l.text[at:], first)
		after = min(at+1, len(l.text))
		if known {
			after = at + len(first)
		}
	}
}

// firstLine returns the first line of a token's text, and whether there are more lines.
func firstLine(written string) (line string, more bool) {
	written = strings.Trim(written, " \t\n")
	if end := strings.IndexByte(written, '\n'); end >= 0 {
		return strings.TrimRight(written[:end], " \t"), true
	}
	return written, false
}

// pair matches opening and closing brackets.
func (l *lexed) pair() {
	var open []int
	innermost := func() int {
		if len(open) == 0 {
			return -1
		}
		return open[len(open)-1]
	}
	for i, t := range l.tokens {
		l.around = append(l.around, innermost())
		switch closes := t.Type == token.MappingEndType || t.Type == token.SequenceEndType; {
		case opens(t):
			open = append(open, i)
		case closes && len(open) > 0:
			l.closed[innermost()] = true
			open = open[:len(open)-1]
		}
	}
	l.around = append(l.around, innermost())
}

// openBracket returns the innermost unclosed bracket around a token, or the token itself if it is one. It returns -1 if
// there is none.
func (l *lexed) openBracket(i int) int {
	if i < len(l.tokens) && !l.closed[i] && opens(l.tokens[i]) {
		return i
	}
	return l.around[min(i, len(l.tokens))]
}

// opens reports whether a token is an opening bracket.
func opens(t *token.Token) bool {
	return t.Type == token.MappingStartType || t.Type == token.SequenceStartType
}

// outermost returns the offset of the outermost bracket around an offset, or the offset itself if there is none.
func (l *lexed) outermost(offset int) int {
	i := 0
	for i < len(l.tokens) && l.offsets[l.tokens[i]] < offset {
		i++
	}
	for bracket := l.around[i]; bracket >= 0; bracket = l.around[bracket] {
		offset = l.offsets[l.tokens[bracket]]
	}
	return offset
}

// isBlock reports whether a token (| or >) starts a block of lines. The block itself is the next token.
func isBlock(t *token.Token) bool { return t.Type == token.LiteralType || t.Type == token.FoldedType }

// lineStarts returns the offsets of the lines of a text.
func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// column returns the offset of a position that the lexer reports. The line is always right, the column may be too
// small.
func (l *lexed) column(p *token.Position) int {
	line, column := min(max(p.Line, 1), len(l.lines)), max(p.Column, 1)
	at, from := l.lines[line-1], 1
	if l.seen.line == line && l.seen.column <= column { // lines can be long: continue from the last position
		at, from = l.seen.offset, l.seen.column
	}
	for ; from < column && at < len(l.text) && l.text[at] != '\n'; from++ {
		_, size := utf8.DecodeRuneInString(l.text[at:])
		at += size
	}
	l.seen.line, l.seen.column, l.seen.offset = line, column, at
	return at
}

// offset returns the offset of a token. For a token that the parser inserted, it returns the parser's position.
func (l *lexed) offset(t *token.Token) int {
	if at, ok := l.offsets[t]; ok {
		return at
	}
	if t == nil || t.Position == nil {
		return 0
	}
	return l.column(t.Position)
}

// begin returns the offset of a token that the lexer could not read completely. The lexer reports that place, or a
// later one where it stopped; for a text of several lines, the place may also be too early. So begin searches for the
// token's first line around the reported place.
func (l *lexed) begin(t *token.Token) int {
	at := l.offset(t)
	start := lineStart(l.text, at)
	for range strings.Count(strings.TrimLeft(t.Origin, " \t\n"), "\n") {
		start = lineStart(l.text, max(start-1, 0))
	}
	first, _ := firstLine(t.Origin)
	below := strings.Index(l.text[at:], first)
	if above := strings.LastIndex(l.text[start:at], first); below != 0 && above >= 0 {
		return start + above
	}
	return at + max(below, 0)
}

// firstInLine reports whether there is only white space before an offset in its line.
func (l *lexed) firstInLine(offset int) bool {
	return strings.Trim(l.text[lineStart(l.text, offset):offset], " \t") == ""
}

// tabIn returns the offset of a tab in the indentation of the line that contains an offset, or -1 if there is none.
func (l *lexed) tabIn(offset int) int {
	start := lineStart(l.text, offset)
	indent := l.text[start:min(lineEnd(l.text, offset), len(l.text))]
	indent = indent[:len(indent)-len(strings.TrimLeft(indent, " \t"))]
	if i := strings.IndexByte(indent, '\t'); i >= 0 {
		return start + i
	}
	return -1
}

// index returns the index of a token. For a token that the parser inserted, it returns the index of the next one.
func (l *lexed) index(t *token.Token) int {
	if i := slices.Index(l.tokens, t); i >= 0 {
		return i
	}
	at := l.offset(t)
	for i, other := range l.tokens {
		if l.offsets[other] >= at {
			return i
		}
	}
	return len(l.tokens)
}

// lineStart returns the offset of the start of the line that contains an offset.
func lineStart(text string, offset int) int { return strings.LastIndexByte(text[:offset], '\n') + 1 }

// lineEnd returns the offset of the end of the line that contains an offset.
func lineEnd(text string, offset int) int {
	if i := strings.IndexByte(text[offset:], '\n'); i >= 0 {
		return offset + i
	}
	return len(text)
}
