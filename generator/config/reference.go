package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

//go:generate env UPDATE_DOCS=1 go test -count=1 -run ^TestDocumentation$ .

// Reference returns the part of docs/configuration.md that describes each option, in Markdown.
func Reference() string {
	var b strings.Builder
	group := ""
	for _, o := range options {
		if o.Group != group {
			group = o.Group
			fmt.Fprintf(&b, "## %s\n\n", group)
		}
		fmt.Fprintf(&b, "### `%s`\n\n%s\n\n", o.Key, wrap(o.Doc))
		fmt.Fprintf(&b, "- value: %s\n", o.Kind())
		fmt.Fprintf(&b, "- default: %s\n", o.DefaultText())
		fmt.Fprintf(&b, "- environment: `%s`\n", o.Env())
		if o.Flag != "" {
			fmt.Fprintf(&b, "- flag: `--%s`\n", o.Flag)
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// wrap breaks a paragraph into lines of up to 120 columns.
func wrap(paragraph string) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(paragraph) {
		n := utf8.RuneCountInString(word)
		switch {
		case column > 0 && column+1+n > 120:
			b.WriteByte('\n')
			column = 0
		case column > 0:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// DefaultText describes the default of the option, in Markdown.
func (o *Option) DefaultText() string {
	switch {
	case o.FromProfile != nil:
		return "from the profile"
	case o.Derived != nil:
		return "derived from `base_url`"
	case o.Default == "" && o.field.pairs:
		return "none"
	case o.Default == "" && o.field.isList():
		return "an empty list"
	case o.Default == "":
		return "empty"
	case o.field.isList():
		return "`[" + strings.ReplaceAll(o.Default, o.field.separator, ", ") + "]`"
	}
	return "`" + o.Default + "`"
}
