package config

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/language"
)

// field describes how the value of an option is written, stored in Config, and printed.
type field struct {
	kind      string   // see Option.Kind
	choices   []string // see Option.Choices
	separator string   // separates the items of a list in a single string; "" for values that are not lists
	// continues reports whether a line continues the item before it, nil if no item has several lines.
	continues func(item, line string) bool
	pairs     bool // a list whose items are keys and values, "key: value"; a mapping in YAML
	bare      bool // a number or switch, which YAML writes without quotes
	clear     func(c *Config)
	add       func(c *Config, text, dir string) error // parses one value or one item; its error has type invalid
	show      func(c *Config) []string                // returns the value, or the items, in the form that add parses
}

func (f *field) isList() bool { return f.separator != "" }

// invalid is the error of an invalid value. Messages have the form "<key> <what> (found …); <hint>".
type invalid struct{ what, hint string }

func (e invalid) Error() string { return e.what }

// A valueParser parses one value. Relative paths in the value are relative to the folder dir.
type valueParser[T any] func(text, dir string) (T, error)

// one returns a field for a single value.
func one[T any](kind string, at func(*Config) *T, parse valueParser[T], show func(T) string) field {
	return field{
		kind:  kind,
		clear: func(*Config) {},
		add: func(c *Config, text, dir string) error {
			v, err := parse(text, dir)
			if err == nil {
				*at(c) = v
			}
			return err
		},
		show: func(c *Config) []string { return []string{show(*at(c))} },
	}
}

// many returns a field for a list.
func many[T any](kind, separator string, at func(*Config) *[]T, parse valueParser[T], show func(T) string) field {
	return field{
		kind:      kind,
		separator: separator,
		clear:     func(c *Config) { *at(c) = nil },
		add: func(c *Config, text, dir string) error {
			v, err := parse(text, dir)
			if err == nil {
				*at(c) = append(*at(c), v)
			}
			return err
		},
		show: func(c *Config) []string {
			items := make([]string, 0, len(*at(c)))
			for _, v := range *at(c) {
				items = append(items, show(v))
			}
			return items
		},
	}
}

// pairs returns a field for keys and values. Each item is "key: value"; in a single string, there is one per line.
func pairs[T any](kind string, at func(*Config) *[]T, parse valueParser[T], show func(T) string) field {
	f := many(kind, "\n", at, parse, show)
	f.pairs = true
	return f
}

// same returns s. It is the show function of values that are text.
func same(s string) string { return s }

// text returns a field for free text that passes all checks.
func text(at func(*Config) *string, checks ...func(string) error) field {
	return one("text", at, func(s, _ string) (string, error) {
		for _, check := range append(checks, printable) {
			if err := check(s); err != nil {
				return "", err
			}
		}
		return s, nil
	}, same)
}

// folder returns a field for the path of a folder.
func folder(at func(*Config) *string) field {
	return one("folder", at, func(s, dir string) (string, error) {
		if s == "" {
			return "", invalid{what: "is empty"}
		}
		return within(dir, s), printable(s)
	}, same)
}

// file returns a field for the path of a file, which may be empty.
func file(at func(*Config) *string) field {
	return one("file", at, func(s, dir string) (string, error) {
		if s == "" {
			return "", nil
		}
		return within(dir, s), oneLine(s)
	}, same)
}

// picture returns a field for the path of an SVG or PNG file, which may be empty.
func picture(at func(*Config) *string) field {
	return one("SVG or PNG file", at, func(s, dir string) (string, error) {
		switch {
		case s == "":
			return "", nil
		case !slices.Contains([]string{".svg", ".png"}, filepath.Ext(s)):
			return "", invalid{what: "must be a file whose name ends in .svg or .png"}
		}
		return within(dir, s), oneLine(s)
	}, same)
}

// fileList returns a field for a list of files.
func fileList(at func(*Config) *[]string) field {
	return many("list of files", ",", at, func(s, dir string) (string, error) {
		if s == "" {
			return "", invalid{what: "has an empty item"}
		}
		return within(dir, s), oneLine(s)
	}, same)
}

// languageList returns a field for a list of languages, each at most once.
func languageList(at func(*Config) *[]string) field {
	return unique(at, many("list of languages", ",", at, func(s, _ string) (string, error) {
		if !language.ValidCode(s) {
			return "", invalid{what: "must be the code of a language, such as en, de or pt-BR"}
		}
		return s, nil
	}, same))
}

// unique returns a field for the same list, which refuses items that occur twice.
func unique(at func(*Config) *[]string, f field) field {
	add := f.add
	f.add = func(c *Config, text, dir string) error {
		if slices.Contains(*at(c), text) {
			return invalid{what: "contains an item twice"}
		}
		return add(c, text, dir)
	}
	return f
}

// within resolves a path that was written relative to the folder dir: within("site", "content") is "site/content".
func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// choice returns a field for one of a few words.
func choice(at func(*Config) *string, choices ...string) field {
	f := one("one of "+strings.Join(choices, ", "), at, among(choices), same)
	f.choices = choices
	return f
}

// choiceList returns a field for a list of words, each at most once.
func choiceList(at func(*Config) *[]string, choices ...string) field {
	f := many("list of "+strings.Join(choices, ", "), ",", at, among(choices), same)
	f.choices = choices
	return unique(at, f)
}

func among(choices []string) valueParser[string] {
	return func(s, _ string) (string, error) {
		if !slices.Contains(choices, s) {
			return "", invalid{what: "must be one of " + strings.Join(choices, ", ")}
		}
		return s, nil
	}
}

const switchKind = "true or false"

// onOff returns a field for a switch. It also accepts 1 and 0, which are common in the environment.
func onOff(at func(*Config) *bool) field {
	f := one(switchKind, at, func(s, _ string) (bool, error) {
		switch s {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
		return false, invalid{what: "must be true or false"}
	}, strconv.FormatBool)
	f.choices = []string{"true", "false"}
	f.bare = true
	return f
}
