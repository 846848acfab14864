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

// objectField is one key of the package object of /find and /findall. Clients depend on the keys: new ones may be
// added, but none may be removed or change its type.
type objectField struct {
	key string
	// append appends the value in JSON. If it appends nothing, the key is left out.
	append func(b []byte, p *catalog.Package) []byte
}

// fixedFields are the keys that every package has.
var fixedFields = []objectField{
	{"arch", func(b []byte, p *catalog.Package) []byte { return appendString(b, string(p.Arch)) }},
	{"build_date", func(b []byte, p *catalog.Package) []byte { return appendString(b, p.BuildDate) }},
	{"build_date_ymd", func(b []byte, p *catalog.Package) []byte { return appendString(b, p.Day()) }},
	{"checkout_date", appendNull}, // a key of the retired server, like the other nulls
	{"checkout_date_ymd", appendNull},
	{"codebase", appendNull},
	// The URL is relative to the site's root.
	{"download_url", func(b []byte, p *catalog.Package) []byte { return appendString(b, Location(p)) }},
	{"md5", appendNull},
	{"name", func(b []byte, p *catalog.Package) []byte { return appendString(b, p.Name) }},
	{"os", func(b []byte, p *catalog.Package) []byte { return appendString(b, string(p.OS)) }},
	{"package", appendNull},
	{"product_name", func(b []byte, p *catalog.Package) []byte { return appendString(b, p.ProductName) }},
	{"revision", func(b []byte, p *catalog.Package) []byte { return appendString(b, strconv.Itoa(p.Revision)) }},
	{"sha256", func(b []byte, p *catalog.Package) []byte { // only if known: the retired server had no such key
		if p.SHA256 == "" {
			return b
		}
		return appendString(b, p.SHA256)
	}},
	{"sha512", func(b []byte, p *catalog.Package) []byte { return appendOrNull(b, p.SHA512) }},
	{"size", func(b []byte, p *catalog.Package) []byte { return strconv.AppendInt(b, p.Size, 10) }}, // bytes
	{"stability", func(b []byte, p *catalog.Package) []byte { return appendString(b, string(p.Stability())) }},
	{"version", func(b []byte, p *catalog.Package) []byte { return appendOrNull(b, p.Version) }},
}

// objectFields returns the fixed fields and one for each link of the profile, whose value is null if the package has no
// such page. The keys are in alphabetical order, as on the retired server.
func objectFields(links []catalog.Link) []objectField {
	fields := slices.Clone(fixedFields)
	for _, l := range links {
		fields = append(fields, objectField{l.Key,
			func(b []byte, p *catalog.Package) []byte { return appendOrNull(b, l.URL.ExpandURL(p)) }})
	}
	slices.SortFunc(fields, func(a, b objectField) int { return strings.Compare(a.key, b.key) })
	return fields
}

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
		b = append(appendString(b, f.key), ':')
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
