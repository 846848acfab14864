// Package yamltext reads YAML that people write by hand. It turns a text into nodes with their places in the file, and
// every mistake into a finding with the correct spelling. To read a file, a program only needs a table of its keys:
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
// The package supports the simple part of YAML: one document of mappings, lists and single values. A value is text
// exactly as written: 5.10 is "5.10", and yes is "yes". Anchors, aliases, tags, merge keys and keys that are not words
// are findings.
//
// Each mistake is reported once. To find more than the first syntax error, the package repairs the text and parses it
// again: it replaces a value that needs quotes with letters, and cuts off the rest of the text if that cannot be
// interpreted. Repaired or missing nodes are Broken. Reading a Broken node returns no value and adds no finding.
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
	above    int    // number of lines of the file before the text
	text     string // lines end in line feeds; there are no carriage returns
	lines    []int  // offsets of its lines
	findings fault.Findings
	broken   map[int]bool // lines of the text that were repaired
	cut      bool         // the end of the text was cut off
}

// repairs limits the number of repairs of one text. Further syntax errors are reported when the first ones have been
// corrected.
const repairs = 20

// Parse parses a text that begins after the first above lines of a file. The places of findings refer to that file.
func Parse(file string, text []byte, above int) *Document {
	d := &Document{file: file, above: above, broken: map[int]bool{}}
	begin := fault.Place{File: file, Line: above + 1, Col: 1}
	d.Root = &Node{Kind: Broken, KeyAt: begin, At: begin, doc: d}
	d.text = strings.NewReplacer("\r\n", "\n", "\r", " ").Replace(strings.TrimPrefix(string(text), "\ufeff"))
	d.lines = lineStarts(d.text)
	if at := notUTF8(d.text); at >= 0 {
		d.report(at, "text is not UTF-8 (found %q); save the file as UTF-8", d.text[at:at+1])
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

// Read reads the document as a mapping, see Node.Read.
func (d *Document) Read(keys Keys) { d.Root.Read(keys) }

// Findings returns all mistakes found so far, in the order of the file.
func (d *Document) Findings() fault.Findings { return d.findings.Sorted() }

// parse parses a repaired text, in which every byte has the same offset as in the original text. It reports the
// mistakes that it finds and returns the text with these repaired. If there are none, it sets the root and returns the
// text unchanged.
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

// report adds a finding at an offset of the text.
func (d *Document) report(offset int, format string, args ...any) {
	d.findings = append(d.findings, d.place(offset).Errorf(format, args...))
}

// place returns the place in the file of an offset of the text.
func (d *Document) place(offset int) fault.Place {
	offset = min(offset, len(d.text)) // a line feed may have been added
	line := d.line(offset)
	return fault.Place{File: d.file, Line: d.above + line, Col: offset - d.lines[line-1] + 1}
}

// line returns the number of the line that contains an offset of the text, counted from 1.
func (d *Document) line(offset int) int {
	i, found := slices.BinarySearch(d.lines, offset)
	if found {
		i++
	}
	return i
}

// notUTF8 returns the offset of the first byte that is not valid UTF-8, or -1 if there is none.
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
