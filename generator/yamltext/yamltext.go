// Package yamltext reads YAML that people write by hand. It turns a text into nodes that know their place in the
// file, and every mistake into a finding that says what to write instead. Together with a table of keys, that is
// all a reader of a file has to say:
//
//	var title string
//	var hosts []string
//	doc := yamltext.Parse("site.yaml", text, 0)
//	doc.Read(yamltext.Keys{
//		{"title", yamltext.Text(&title)},
//		{"redirect.hosts", yamltext.List(func(item *yamltext.Node) {
//			if host, ok := item.Text(); ok {
//				hosts = append(hosts, host)
//			}
//		})},
//	})
//	return doc.Findings().Err()
//
// reads
//
//	title: Viewer 5: news
//	redirect:
//	  host: [www.viewer.example]
//
// and reports, in the order of the file,
//
//	site.yaml:1:8: title has a colon and must be in quotes (found "Viewer 5: news"); write title: "Viewer 5: news"
//	site.yaml:3:3: unknown key "redirect.host"; did you mean "redirect.hosts"?
//
// What is read is the part of YAML that needs no manual: one document of mappings, lists and single values. A
// value is text, as it is written: 5.10 stays "5.10", and yes stays "yes". Anchors, aliases, tags, merge keys and
// keys that are not words are findings.
//
// One mistake is one finding. To find more than the first mistake of syntax, the text is repaired and parsed again:
// a value that needs quotes is replaced by letters, and where it is unclear how a text goes on, it is cut off. What
// was repaired or lost is Broken, and reading a Broken node neither yields a value nor reports anything.
package yamltext

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"

	"github.com/Slicer/sitegen/generator/fault"
)

// Document is one YAML text.
type Document struct {
	Root *Node

	file     string
	above    int    // lines of the file before the text
	text     string // with line feeds alone at the ends of lines, and no other carriage returns
	lines    []int  // where its lines begin
	findings fault.Findings
	broken   map[int]bool // lines of the text that were repaired
	cut      bool         // the end of the text was cut off
}

// repairs is how many times a text is repaired before the rest of its mistakes wait for the next try.
const repairs = 20

// Parse reads a text. Findings name its places in the file, where the text begins after the given number of lines.
func Parse(file string, text []byte, above int) *Document {
	d := &Document{file: file, above: above, broken: map[int]bool{}}
	begin := fault.Place{File: file, Line: above + 1, Col: 1}
	d.Root = &Node{Kind: Broken, KeyAt: begin, At: begin, doc: d}
	d.text = strings.NewReplacer("\r\n", "\n", "\r", " ").Replace(strings.TrimPrefix(string(text), "\ufeff"))
	d.lines = lineStarts(d.text)
	if at := notUTF8(d.text); at >= 0 {
		d.report(at, "text is not UTF-8 (found %q); save the file in that encoding", d.text[at:at+1])
		return d
	}
	repaired := d.text
	if strings.Contains(repaired[lineStart(repaired, len(repaired)):], "!") {
		repaired += "\n" // the lexer drops a tag that ends the text
	}
	for range repairs {
		next := d.parse(repaired)
		if next == repaired {
			break
		}
		repaired = next
	}
	return d
}

// Read reads the document as a mapping: see Node.Read.
func (d *Document) Read(keys Keys) { d.Root.Read(keys) }

// Findings returns everything that was found wrong up to now, in the order of the file.
func (d *Document) Findings() fault.Findings { return d.findings.Sorted() }

// parse parses a repaired text, whose offsets are those of the text. It reports the mistakes that it meets, and
// returns the text with these repaired. When there are none, it sets the root and returns the same text.
func (d *Document) parse(text string) string {
	l := newLexed(text, lexer.Tokenize(text))
	if next := d.refuse(l); next != text {
		return next
	}
	file, err := parser.Parse(l.tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return d.repair(l, err)
	}
	d.Root = (&builder{d, l}).root(file)
	return text
}

// report notes a mistake at a byte of the text.
func (d *Document) report(offset int, format string, args ...any) {
	d.findings = append(d.findings, d.place(offset).Errorf(format, args...))
}

// place is the place in the file of a byte of the text.
func (d *Document) place(offset int) fault.Place {
	offset = min(offset, len(d.text)) // a line feed may have been added
	line := d.line(offset)
	return fault.Place{File: d.file, Line: d.above + line, Col: offset - d.lines[line-1] + 1}
}

// line is the number of the line of the text, from 1, that has a byte.
func (d *Document) line(offset int) int {
	i, found := slices.BinarySearch(d.lines, offset)
	if found {
		i++
	}
	return i
}

// notUTF8 returns the offset of the first byte that is no part of UTF-8, -1 when there is none.
func notUTF8(text string) int {
	for i, c := range text {
		if c == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}
