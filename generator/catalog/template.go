package catalog

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Template is a text with placeholders for fields of a package, for instance
// https://extensions.example.org/{revision}/{os}. The zero Template expands to "".
type Template struct {
	text  string
	parts []templatePart
}

// templatePart is a piece of text, or the name of a field.
type templatePart struct{ text, field string }

// templateFields are the fields that a template may use. The values of the first safeFields contain only letters,
// digits and . _ -.
var templateFields = []string{"id", "os", "arch", "revision", "version", "release", "file", "sha256", "sha512",
	"product", "name"}

// safeFields is the number of templateFields that servers can insert themselves.
const safeFields = 6

// SafeFields returns the fields whose values never need encoding.
func SafeFields() []string { return slices.Clone(templateFields[:safeFields]) }

// AllFields returns all fields that a template may contain.
func AllFields() []string { return slices.Clone(templateFields) }

// ParseTemplate parses a template that may contain the given fields.
func ParseTemplate(text string, fields []string) (Template, error) {
	t := Template{text: text}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			return Template{}, fmt.Errorf("a closing brace has no opening one (found %.80q)", text)
		}
		if before != "" {
			t.parts = append(t.parts, templatePart{text: before})
		}
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		switch {
		case !closed:
			return Template{}, fmt.Errorf("an opening brace has no closing one (found %.80q)", text)
		case !slices.Contains(fields, name):
			return Template{}, fmt.Errorf("no field %.40q; the fields are %s", name, strings.Join(fields, ", "))
		}
		t.parts = append(t.parts, templatePart{field: name})
		rest = tail
	}
	return t, nil
}

// MustTemplate is like ParseTemplate, for constants: it panics if the template is invalid.
func MustTemplate(text string) Template {
	t, err := ParseTemplate(text, templateFields)
	if err != nil {
		panic(err)
	}
	return t
}

// String returns the text of the template.
func (t Template) String() string { return t.text }

// IsZero reports whether the template is the zero Template.
func (t Template) IsZero() bool { return t.text == "" }

// Equal reports whether two templates have the same text.
func (t Template) Equal(u Template) bool { return t.text == u.text }

// MarshalText returns the text of the template, for fingerprints and JSON.
func (t Template) MarshalText() ([]byte, error) { return []byte(t.text), nil }

// Fields returns the fields that the template contains.
func (t Template) Fields() []string {
	var list []string
	for _, p := range t.parts {
		if p.field != "" {
			list = append(list, p.field)
		}
	}
	return list
}

// Expand inserts the fields of a package without encoding them. It returns "" if one of them is empty: for instance, a
// nightly build has no link to its release.
func (t Template) Expand(p *Package) string {
	return t.expand(p, func(value string) string { return value })
}

// ExpandURL is like Expand, but encodes the values as path segments of a URL.
func (t Template) ExpandURL(p *Package) string { return t.expand(p, url.PathEscape) }

func (t Template) expand(p *Package, encode func(string) string) string {
	var b strings.Builder
	for _, part := range t.parts {
		if part.field == "" {
			b.WriteString(part.text)
			continue
		}
		value := p.field(part.field)
		if value == "" {
			return ""
		}
		b.WriteString(encode(value))
	}
	return b.String()
}

// field returns the value of a template field.
func (p *Package) field(name string) string {
	switch name {
	case "id":
		return p.ID
	case "os":
		return string(p.OS)
	case "arch":
		return string(p.Arch)
	case "revision":
		return strconv.Itoa(p.Revision)
	case "version":
		return p.Version
	case "release":
		return p.Release
	case "file":
		return p.FileName
	case "sha256":
		return p.SHA256
	case "sha512":
		return p.SHA512
	case "product":
		return p.ProductName
	case "name":
		return p.Name
	}
	return ""
}
