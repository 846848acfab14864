// Package manual writes manual pages: the files that man shows, in the language of troff.
//
//	page := manual.Page{Name: "sitegen-build", Section: 1, Summary: "build a site"}
//	page.Heading("Options")
//	page.Item("**--out** *FOLDER*")
//	page.Text("folder of the generated site")
//
// becomes
//
//	.TH SITEGEN\-BUILD 1
//	.SH NAME
//	sitegen\-build \- build a site
//	.SH OPTIONS
//	.TP
//	\fB\-\-out\fR \fIFOLDER\fR
//	folder of the generated site
package manual

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Page is a manual page.
type Page struct {
	Name    string
	Section int    // 1 for programs, 5 for files
	Summary string // one line, for NAME and for the lists of apropos
	Origin  string // the program and its version, for the last line of the page
	Date    time.Time
	body    strings.Builder
}

// FileName returns the path of the page in a folder of manual pages, such as man1/sitegen-build.1.
func (p *Page) FileName() string { return fmt.Sprintf("man%d/%s.%d", p.Section, p.Name, p.Section) }

// Heading begins a section of the page.
func (p *Page) Heading(text string) { p.request(".SH ", quoted(strings.ToUpper(text))) }

// Subheading begins a part of a section.
func (p *Page) Subheading(text string) { p.request(".SS ", quoted(text)) }

// Item begins an item of a list of definitions, with its term in Markdown. The next text is its definition.
func (p *Page) Item(term string) {
	p.request(".TP")
	p.line(inline(term))
}

// Text adds plain text: paragraphs, which man fills, and indented lines, which stay as they are.
func (p *Page) Text(text string) {
	var paragraph, literal []string
	first := true
	flush := func() {
		if len(paragraph)+len(literal) == 0 {
			return
		}
		if !first {
			p.request(".PP")
		}
		first = false
		if len(paragraph) > 0 {
			p.fill(escape(strings.Join(paragraph, " ")))
		}
		if len(literal) > 0 {
			p.Literal(strings.Join(literal, "\n"))
		}
		paragraph, literal = nil, nil
	}
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		line = strings.TrimRight(line, "\n")
		indented := strings.HasPrefix(line, " ")
		if indented && len(paragraph) > 0 || !indented && len(literal) > 0 || line == "" {
			flush()
		}
		switch {
		case indented:
			literal = append(literal, line)
		case line != "":
			paragraph = append(paragraph, line)
		}
	}
	flush()
}

// Markdown adds a paragraph in Markdown.
func (p *Page) Markdown(text string) { p.fill(inline(text)) }

// Literal adds lines that man does not fill, such as commands.
func (p *Page) Literal(text string) {
	p.request(".nf")
	for line := range strings.Lines(text) {
		p.line(escape(strings.TrimRight(line, "\n")))
	}
	p.request(".fi")
}

// Continue begins another paragraph of the definition of an item.
func (p *Page) Continue() { p.request(".IP") }

// Bytes returns the page.
func (p *Page) Bytes() []byte {
	date := ""
	if !p.Date.IsZero() {
		date = p.Date.UTC().Format(time.DateOnly)
	}
	head := Page{}
	head.request(".TH ", quoted(strings.ToUpper(p.Name)), " ", fmt.Sprint(p.Section), ` "`, date, `" `, quoted(p.Origin))
	head.request(".nh") // do not hyphenate: words are often names to copy
	head.request(".ad l")
	head.Heading("Name")
	head.line(escape(p.Name) + ` \- ` + escape(p.Summary))
	return []byte(head.body.String() + p.body.String())
}

// request adds a line by which troff does something: it begins with a dot.
func (p *Page) request(parts ...string) {
	p.body.WriteString(strings.Join(parts, ""))
	p.body.WriteByte('\n')
}

// line adds a line of text, which is escaped already.
func (p *Page) line(text string) {
	if strings.HasPrefix(text, ".") {
		text = `\&` + text // not a request
	}
	p.request(text)
}

// lineWidth is the length up to which lines of text are filled: troff's style is lines of at most 80 bytes.
const lineWidth = 76

// fill adds text that is escaped already, in lines of up to lineWidth columns.
func (p *Page) fill(text string) {
	line, width := "", 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if width > 0 && width+1+n > lineWidth {
			p.line(line)
			line, width = "", 0
		}
		if width > 0 {
			line, width = line+" ", width+1
		}
		line, width = line+word, width+n
	}
	p.line(line)
}

// escapes replaces the characters that troff would change: a hyphen, for instance, would become a typographic one,
// which no shell understands.
var escapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`)

func escape(s string) string { return escapes.Replace(s) }

// quoted returns an argument of a request.
func quoted(s string) string { return `"` + escape(s) + `"` }

// markupRE matches the markup of Markdown that the descriptions of options have: code, bold, emphasis and links.
var markupRE = regexp.MustCompile("`([^`]+)`|" + `\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]*)\]\(([^)]*)\)`)

// inline returns Markdown without blocks as troff.
func inline(text string) string {
	var b strings.Builder
	for {
		at := markupRE.FindStringSubmatchIndex(text)
		if at == nil {
			b.WriteString(escape(text))
			return b.String()
		}
		group := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return text[at[2*n]:at[2*n+1]]
		}
		b.WriteString(escape(text[:at[0]]))
		switch {
		case group(1) != "":
			b.WriteString(font("B", escape(group(1))))
		case group(2) != "":
			b.WriteString(font("B", escape(group(2))))
		case group(3) != "":
			b.WriteString(font("I", escape(group(3))))
		default:
			b.WriteString(inline(group(4)))
			if strings.Contains(group(5), "://") {
				b.WriteString(" <" + escape(group(5)) + ">")
			}
		}
		text = text[at[1]:]
	}
}

// font returns text in another font: bold (B) or italics (I).
func font(name, text string) string { return `\f` + name + text + `\fR` }
