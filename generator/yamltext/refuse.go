package yamltext

import (
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// refuse reports syntax that the parser accepts but this package does not support. It returns the text without it, or
// unchanged if there is none.
func (d *Document) refuse(l *lexed) string {
	if separator, begin := secondDocument(d, l); begin >= 0 {
		d.report(begin, "a second document begins (found %q); keep only one", l.text[separator:separator+3])
		return d.cutAt(l, separator)
	}
	if m := conflictRE.FindStringIndex(l.text); m != nil {
		d.report(m[0], "a merge conflict is not resolved (found %q); keep one of the versions",
			l.text[m[0]:lineEnd(l.text, m[0])])
		return d.cutAt(l, m[0])
	}
	if begin, end := unspacedItems(l); end > 0 {
		item := l.text[begin:lineEnd(l.text, begin)]
		d.report(begin, "no space after the dash (found %.80q); write - %s", item, item[1:])
		key := d.line(len(strings.TrimRight(l.text[:begin], " \t\n")))
		d.broken[key] = true
		return l.text[:begin] + blank(l.text[begin:end]) + l.text[end:]
	}
	if tab := tabbedEntry(l); tab >= 0 {
		d.report(tab, tabIndents)
		return d.cutAt(l, tab)
	}
	if m := wrongEscape(l); m.text != "" {
		d.report(m.at, "%s", m.text)
		return d.cutAt(l, m.at)
	}
	return d.withoutReferences(l)
}

// cutAt returns the text before the line that contains an offset or, if the offset is in brackets, before the line of
// the outermost bracket.
func (d *Document) cutAt(l *lexed, offset int) string {
	d.cut = true
	return l.text[:lineStart(l.text, l.outermost(offset))]
}

// secondDocument returns the offset of the separator after the first document and the offset of the second document.
// Both are -1 if there is no second one.
func secondDocument(d *Document, l *lexed) (separator, begin int) {
	separator = -1
	first, directive := false, 0 // whether the first document has begun; the line of a directive
	for _, t := range l.tokens {
		at := l.offsets[t]
		switch t.Type {
		case token.CommentType:
		case token.DirectiveType:
			directive = d.line(at)
		case token.DocumentHeaderType, token.DocumentEndType:
			if first && separator < 0 {
				separator = at
			}
			first = first || t.Type == token.DocumentHeaderType
		default:
			if separator >= 0 {
				return separator, at
			}
			first = first || d.line(at) != directive
		}
	}
	return -1, -1
}

// conflictRE matches the first line of a merge conflict.
var conflictRE = regexp.MustCompile(`(?m)^<{7}(?: .*)?$`)

// unspacedItems returns the start and end of the items of a list that have no space after the dash, or 0, 0 if there
// are none:
//
//	servers:
//	-nginx
//	-s3
//
// The parser reads the first one as a text, although a text must be indented further than its key. An indented one may
// be a text; Node.List reports it.
func unspacedItems(l *lexed) (begin, end int) {
	for i, t := range l.tokens {
		if at := l.offsets[t]; i > 0 && t.Type == token.StringType && l.tokens[i-1].Type == token.MappingValueType &&
			l.around[i] < 0 && l.firstInLine(at) && unspacedItemRE.MatchString(l.text[at:]) &&
			indentation(l.text, at) <= indentation(l.text, l.offsets[l.tokens[i-1]]) {
			begin, end = at, lineEnd(l.text, at)
			break
		}
	}
	for end > 0 && end < len(l.text) && unspacedItemRE.MatchString(strings.TrimLeft(l.text[end+1:], " ")) {
		end = lineEnd(l.text, end+1)
	}
	return begin, end
}

// indentation returns the number of spaces at the start of the line that contains an offset.
func indentation(text string, offset int) int {
	line := text[lineStart(text, offset):offset]
	return len(line) - len(strings.TrimLeft(line, " "))
}

// unspacedItemRE matches an item without a space after the dash. It does not match a number below zero.
var unspacedItemRE = regexp.MustCompile(`^-[^-\s\d]`)

// tabIndents is the message about a tab in the indentation.
const tabIndents = `a tab indents the line (found "\t"); indent with spaces`

// tabbedEntry returns the offset of a tab in the indentation of a key or item outside of brackets, or -1 if there is
// none.
func tabbedEntry(l *lexed) int {
	for i, t := range l.tokens {
		entry := t.Type == token.SequenceEntryType || i+1 < len(l.tokens) &&
			l.tokens[i+1].Type == token.MappingValueType
		if at := l.offsets[t]; entry && l.around[i] < 0 && l.firstInLine(at) && l.tabIn(at) >= 0 {
			return l.tabIn(at)
		}
	}
	return -1
}

// wrongEscape finds an escape in double quotes with invalid hexadecimal digits.
func wrongEscape(l *lexed) mistake {
	for i, t := range l.tokens {
		if t.Type != token.DoubleQuoteType {
			continue
		}
		end := len(l.text)
		if i+1 < len(l.tokens) {
			end = l.offsets[l.tokens[i+1]]
		}
		if m, ok := (diagnosis{l}).escape(l.offsets[t], end); ok {
			return m
		}
	}
	return mistake{}
}

// withoutReferences reports merge keys, anchors, aliases and tags, and returns the text without them: the value after
// an anchor or a tag stays, an alias becomes a plain value, and a merge key becomes a key that is ignored. For a value
// such as **bold**, in which the parser finds several aliases, it reports a single mistake.
func (d *Document) withoutReferences(l *lexed) string {
	repaired := []byte(l.text)
	mergeLine := 0     // line of the last merge key
	line, last := 0, 0 // line and end of the last reference
	for i, t := range l.tokens {
		var what string
		at := l.offsets[t]
		end, next := at+len(t.Value), i+1 // the end of its name; the index of the token after the name
		switch t.Type {
		case token.AnchorType, token.AliasType:
			what = "anchors"
			if t.Type == token.AliasType {
				what = "aliases"
			}
			if next < len(l.tokens) && l.offsets[l.tokens[next]] == end {
				end += len(l.tokens[next].Value)
				next++
			}
		case token.TagType:
			what = "tags"
		case token.MergeKeyType:
			mergeLine = d.line(at)
			d.report(at, `merge keys are not supported (found "<<"); write the keys and values out`)
			d.broken[mergeLine] = true
			copy(repaired[at:], "xx")
			continue
		default:
			continue
		}
		end = min(end, lineEnd(l.text, at))
		inBrackets, reported := l.around[i] >= 0, d.line(at) == line
		if inBrackets {
			reported = at < last
		}
		if !reported && (t.Type != token.AliasType || d.line(at) != mergeLine) {
			found, hint := l.text[at:end], "write the value in full"
			if m, ok := (diagnosis{l}).unquoted(at, false); ok && !inBrackets && m.at == at {
				found, hint = l.text[at:m.end], hint+", or in quotes: "+m.write
			}
			d.report(at, "%s are not supported (found %.80q); %s", what, found, hint)
		}
		line, last = d.line(at), end
		with := " "
		if t.Type == token.AliasType || next < len(l.tokens) && endsItem(l.tokens[next].Type) {
			with = "x"
		}
		copy(repaired[at:], strings.Repeat(with, end-at))
		d.broken[line] = true
	}
	return string(repaired)
}

// endsItem reports whether a token in brackets ends the previous item.
func endsItem(t token.Type) bool {
	return t == token.CollectEntryType || t == token.SequenceEndType || t == token.MappingEndType
}
