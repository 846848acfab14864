package config

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// Print writes every value with its origin in a comment, as a configuration file that gives the same
// values when it is read in the working directory.
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
		value, err := o.field.yaml(c)
		if err != nil {
			return fmt.Errorf("print %s: %w", o.Key, err)
		}
		fmt.Fprintf(&b, "%-58s # %s\n", indent+name+": "+value, c.origins[o.Key])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// yaml writes the value on one line.
func (f *field) yaml(c *Config) (string, error) {
	items := f.show(c)
	for i, s := range items {
		if f.bare {
			continue
		}
		quoted, err := quote(s)
		if err != nil {
			return "", err
		}
		items[i] = quoted
	}
	if f.isList() {
		return "[" + strings.Join(items, ", ") + "]", nil
	}
	return items[0], nil
}

// simpleRE matches text that means itself in YAML, unless it is a number or a word like null.
var simpleRE = regexp.MustCompile(`^[0-9A-Za-z./_](:?[0-9A-Za-z ./_+=-])*$`)

// quote writes text as a YAML scalar: as it is where that is clear, else in JSON, which is YAML too.
func quote(s string) (string, error) {
	if simpleRE.MatchString(s) && !token.IsNeedQuoted(s) {
		return s, nil
	}
	data, err := json.Marshal(s)
	return string(data), err
}
