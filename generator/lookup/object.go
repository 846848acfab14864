package lookup

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/Slicer/sitegen/generator/catalog"
)

// Field is one key of the package object of /find and /findall. Clients depend on the keys: new ones may be added, but
// none may be removed or change its type.
type Field struct {
	Key    string
	Type   string   // of the value, as in JSON Schema: string, integer; null if it never has another value
	Values []string // all possible values; nil if there are too many to list
	About  string   // the value: a phrase for tables, plain text
	Absent Absence  // what stands for an unknown value

	// append appends the value in JSON. If it appends nothing, the key is left out.
	append func(b []byte, p *catalog.Package) []byte
}

// Absence is what a document contains in place of a value that a package does not have.
type Absence int

// The kinds of absence.
const (
	Always  Absence = iota // every package has the value
	OrNull                 // null
	LeftOut                // the key is missing
)

// objectFields returns the fields that every package has, and one for each link of the profile. The keys are in
// alphabetical order, as on the retired server.
func objectFields(s *catalog.Scheme, links []catalog.Link) []Field {
	text := func(key, about string, value func(p *catalog.Package) string) Field {
		return Field{Key: key, Type: "string", About: about,
			append: func(b []byte, p *catalog.Package) []byte { return appendString(b, value(p)) }}
	}
	orNull := func(key, about string, value func(p *catalog.Package) string) Field {
		return Field{Key: key, Type: "string", About: about, Absent: OrNull,
			append: func(b []byte, p *catalog.Package) []byte { return appendOrNull(b, value(p)) }}
	}
	choice := func(key, about string, values []string, value func(p *catalog.Package) string) Field {
		f := text(key, about, value)
		f.Values = values
		return f
	}
	retired := func(key string) Field {
		return Field{Key: key, Type: "null", About: "always null, for clients of an earlier server", append: appendNull}
	}
	revision := "revision of the source code, a decimal number"
	if !s.Revisions {
		revision = "day of the build, yymmdd"
	}
	fields := []Field{
		choice("arch", "processor architecture", words(s.ArchIDs()),
			func(p *catalog.Package) string { return string(p.Arch) }),
		text("build_date", "time of the build, as the source of the packages writes it",
			func(p *catalog.Package) string { return p.BuildDate }),
		text("build_date_ymd", "day of the build (UTC), YYYY-MM-DD", (*catalog.Package).Day),
		retired("checkout_date"), retired("checkout_date_ymd"), retired("codebase"),
		text("download_url", "permanent link, relative to the site: "+BitstreamPrefix+"<id>", Location),
		retired("md5"),
		text("name", "name of the package at its source", func(p *catalog.Package) string { return p.Name }),
		choice("os", "operating system", words(s.OSes()), func(p *catalog.Package) string { return string(p.OS) }),
		retired("package"),
		text("product_name", "name of the software", func(p *catalog.Package) string { return p.ProductName }),
		text("revision", revision, func(p *catalog.Package) string { return strconv.Itoa(p.Revision) }),
		// The retired server had no key sha256.
		{Key: "sha256", Type: "string", About: "64 hexadecimal digits", Absent: LeftOut,
			append: func(b []byte, p *catalog.Package) []byte {
				if p.SHA256 == "" {
					return b
				}
				return appendString(b, p.SHA256)
			}},
		orNull("sha512", "128 hexadecimal digits", func(p *catalog.Package) string { return p.SHA512 }),
		{Key: "size", Type: "integer", About: "size of the file in bytes",
			append: func(b []byte, p *catalog.Package) []byte { return strconv.AppendInt(b, p.Size, 10) }},
		choice("stability", "release, or nightly for a preview build",
			[]string{string(catalog.Release), string(catalog.Nightly)},
			func(p *catalog.Package) string { return string(p.Stability()) }),
		orNull("version", "version of the software", func(p *catalog.Package) string { return p.Version }),
	}
	for _, l := range links {
		fields = append(fields, orNull(l.Key, "address of a page: "+l.Text, l.URL.ExpandURL))
	}
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Key, b.Key) })
	return fields
}

// Fields returns the keys of the package object in alphabetical order. The caller must not change the slice.
func (s *Spec) Fields() []Field { return s.fields }

// ObjectJSON returns the package object of /find as compact JSON without a line feed. It needs no escaping in an HTML
// script element.
func ObjectJSON(s *Spec, p *catalog.Package) []byte {
	return appendObject(s, make([]byte, 0, 800), p) // 800 bytes are enough for an object with a SHA-512
}

func appendObject(s *Spec, b []byte, p *catalog.Package) []byte {
	b = append(b, '{')
	for _, f := range s.fields {
		start := len(b)
		if b[start-1] != '{' {
			b = append(b, ',')
		}
		b = append(appendString(b, f.Key), ':')
		value := len(b)
		if b = f.append(b, p); len(b) == value {
			b = b[:start]
		}
	}
	return append(b, '}')
}

// ObjectsJSON returns the answer of /findall, {os: {stability: package or null}}, with the keys in alphabetical order.
func ObjectsJSON(s *Spec, cells []Cell) []byte {
	cells = slices.Clone(cells)
	slices.SortFunc(cells, func(a, b Cell) int {
		return strings.Compare(string(a.OS)+" "+string(a.Stability), string(b.OS)+" "+string(b.Stability))
	})
	b := []byte{'{'}
	for i, c := range cells {
		switch {
		case i == 0:
			b = append(appendString(b, string(c.OS)), ":{"...)
		case c.OS != cells[i-1].OS:
			b = append(appendString(append(b, "},"...), string(c.OS)), ":{"...)
		default:
			b = append(b, ',')
		}
		b = append(appendString(b, string(c.Stability)), ':')
		if c.Package == nil {
			b = append(b, "null"...)
			continue
		}
		b = appendObject(s, b, c.Package)
	}
	if len(cells) > 0 {
		b = append(b, '}')
	}
	return append(b, '}')
}

func appendNull(b []byte, _ *catalog.Package) []byte { return append(b, "null"...) }

func appendOrNull(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}

// appendString appends a JSON string in the form of encoding/json, with <, > and & escaped for HTML.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || bytes.IndexByte([]byte(`"\<>&`), c) >= 0 {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic(err) // impossible for a string
			}
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
