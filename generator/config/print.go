package config

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/yamltext"
)

// Print writes every value with its origin in a comment. The output is a configuration file: reading it in the working
// directory yields the same values.
func (c *Config) Print(w io.Writer) error {
	var b strings.Builder
	var group []string
	for _, o := range options {
		path := strings.Split(o.Key, ".")
		above, name := path[:len(path)-1], path[len(path)-1]
		for i, g := range above {
			if len(group) <= i || !slices.Equal(group[:i+1], above[:i+1]) {
				fmt.Fprintf(&b, "%s%s:\n", strings.Repeat("  ", i), g)
			}
		}
		group = above
		indent := strings.Repeat("  ", len(above))
		if o.NotInFile {
			indent = "# "
		}
		value := o.field.yaml(c)
		if o.Secret && c.origins[o.Key].Level != Default {
			value = "(not shown)"
		}
		fmt.Fprintf(&b, "%-58s # %s\n", indent+name+": "+value, c.origins[o.Key])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// yaml returns the value as YAML on one line.
func (f *field) yaml(c *Config) string {
	items := f.show(c)
	for i, s := range items {
		switch key, value, _ := strings.Cut(s, ":"); {
		case f.pairs:
			items[i] = key + ": " + yamltext.Quote(strings.TrimSpace(value))
		case !f.bare:
			items[i] = yamltext.Quote(s)
		}
	}
	if f.pairs {
		return "{" + strings.Join(items, ", ") + "}"
	}
	if f.isList() {
		return "[" + strings.Join(items, ", ") + "]"
	}
	return items[0]
}
