// Package language holds the texts of the site in each language. A table is a YAML file, layouts/languages/de.yaml:
//
//	name: Deutsch
//	day: 2. January 2006
//	decimal: ","
//	grouping: "."
//	months: [Januar, Februar, …]
//	short_months: [Jan., Feb., …]
//	texts:
//	  releases:
//	    title: "Versionen von {project}"
//	    found:
//	      one: "{count} Version"
//	      other: "{count} Versionen"
//	terms:
//	  Apple chip: Apple-Chip
//
// A text has a key, releases.title, and may have placeholders in braces. A text with plural forms has one for each
// category of the language, as in https://cldr.unicode.org/index/cldr-spec/plural-rules; the placeholder {count}
// selects it. Terms translate what the profile, the configuration and data files contain.
//
// Dates are written in Go's notation: see https://pkg.go.dev/time#Layout.
package language

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/Slicer/sitegen/generator/fault"
)

// Base is the language of the complete table. A text that another table does not have is shown in this language.
const Base = "en"

// Table holds the texts of one language. It is safe for concurrent use.
type Table struct {
	Code string // BCP 47: en, de, pt-BR
	Name string // in the language itself: English, Deutsch

	tag         language.Tag
	day         string // layout of a date, for time.Time.Format
	decimal     string // decimal point
	grouping    string // between thousands
	months      []string
	shortMonths []string
	texts       map[string]forms
	parts       map[string][]string // of texts with placeholders: text and names of placeholders in turn
	terms       map[string]string
}

// forms is a text by plural category. A text without plural forms has only "other".
type forms map[string]string

// categories are the plural categories of CLDR.
var categories = map[string]plural.Form{"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few,
	"many": plural.Many, "other": plural.Other}

// Values are the values of placeholders by name.
type Values map[string]any

// Text returns a text with the values of its placeholders, as plain text. It fails if there is no such text, or if a
// value is missing.
func (t *Table) Text(key string, values Values) (string, error) { return t.fill(key, values, t.plain) }

// HTML returns a text that contains markup. The values are escaped, except those that are markup already.
func (t *Table) HTML(key string, values Values) (template.HTML, error) {
	text, err := t.fill(key, values, func(name string, v any) string {
		if markup, ok := v.(template.HTML); ok {
			return string(markup)
		}
		return template.HTMLEscapeString(t.plain(name, v))
	})
	return template.HTML(text), err
}

// Keys returns the keys of all texts, sorted.
func (t *Table) Keys() []string { return slices.Sorted(maps.Keys(t.texts)) }

// plain returns a value as text. Only counts are written with separators between thousands: years, revisions and
// versions are not.
func (t *Table) plain(name string, v any) string {
	if n, ok := number(v); ok && name == count {
		return t.Number(n)
	}
	return fmt.Sprint(v)
}

// count is the placeholder that selects a plural form.
const count = "count"

// placeholderRE matches a placeholder.
var placeholderRE = regexp.MustCompile(`\{([a-z_]+)\}`)

func (t *Table) fill(key string, values Values, write func(name string, v any) string) (string, error) {
	text, ok := t.texts[key]
	if !ok {
		return "", fmt.Errorf("no text %q%s", key, fault.DidYouMean(key, t.Keys()))
	}
	form := text["other"]
	if n, ok := number(values[count]); ok {
		form = cmp.Or(text[t.category(n)], form)
	}
	parts, ok := t.parts[form]
	if !ok {
		return form, nil
	}
	var b strings.Builder
	for n, part := range parts {
		if n%2 == 0 {
			b.WriteString(part)
			continue
		}
		v, ok := values[part]
		if !ok {
			return "", fmt.Errorf("text %q needs a value for {%s}", key, part)
		}
		b.WriteString(write(part, v))
	}
	return b.String(), nil
}

// split returns the parts of a text: text and the names of placeholders in turn. It returns nil for a text without
// placeholders.
func split(text string) (parts []string) {
	end := 0
	for _, m := range placeholderRE.FindAllStringSubmatchIndex(text, -1) {
		parts = append(parts, text[end:m[0]], text[m[2]:m[3]])
		end = m[1]
	}
	if parts == nil {
		return nil
	}
	return append(parts, text[end:])
}

// category returns the plural category of a number: one, other.
func (t *Table) category(n int64) string {
	form := plural.Cardinal.MatchPlural(t.tag, int(n), 0, 0, 0, 0)
	for name, f := range categories {
		if f == form {
			return name
		}
	}
	return "other"
}

// number returns the value of an integer.
func number(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}

// MustText is like Text for a text and values that are part of the program. It panics instead of returning an error,
// which is impossible: the table is complete, and Read refuses texts with other placeholders.
func (t *Table) MustText(key string, values Values) string {
	text, err := t.Text(key, values)
	if err != nil {
		panic(err)
	}
	return text
}

// Term translates a text of the profile, the configuration or a data file. A text without a translation stays as it is.
// If the whole has none, "macOS (Apple chip)" is translated in parts.
func (t *Table) Term(text string) string {
	if translated, ok := t.terms[text]; ok {
		return translated
	}
	if first, second, ok := strings.Cut(strings.TrimSuffix(text, ")"), " ("); ok && strings.HasSuffix(text, ")") {
		return t.Term(first) + " (" + t.Term(second) + ")"
	}
	return text
}

// Day returns a date in UTC: 2 January 2006.
func (t *Table) Day(at time.Time) string { return t.Date(t.day, at) }

// monthRE matches the names of months in a layout of package time.
var monthRE = regexp.MustCompile(`January|Jan`)

// Date returns a time in UTC, in the notation of package time. The names of months are those of the language.
func (t *Table) Date(layout string, at time.Time) string {
	at = at.UTC()
	var b strings.Builder
	end := 0
	for _, m := range monthRE.FindAllStringIndex(layout, -1) {
		b.WriteString(at.Format(layout[end:m[0]]))
		names := t.months
		if m[1]-m[0] == len("Jan") {
			names = t.shortMonths
		}
		b.WriteString(names[at.Month()-1])
		end = m[1]
	}
	return b.String() + at.Format(layout[end:])
}

// Bytes returns a size such as 412 MB.
func (t *Table) Bytes(n int64) string {
	return strings.Replace(humanize.Bytes(uint64(max(n, 0))), ".", t.decimal, 1)
}

// Number returns a number with separators between thousands.
func (t *Table) Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + t.grouping + digits[i:]
	}
	return digits
}

// Tenths returns a number with one decimal place: 37.5. With sign, positive numbers begin with +. Negative numbers have
// a minus sign, which is as wide as the plus, not a hyphen.
func (t *Table) Tenths(x float64, sign bool) string {
	form := "%.1f"
	if sign {
		form = "%+.1f"
	}
	return strings.NewReplacer(".", t.decimal, "-", "\u2212").Replace(fmt.Sprintf(form, x))
}

// ShortDay returns a date in UTC with a short month: 30 Oct 2026.
func (t *Table) ShortDay(at time.Time) string { return t.Date(t.shortDay(), at) }

func (t *Table) shortDay() string { return strings.Replace(t.day, "January", "Jan", 1) }

// Country returns the name of a country with a code of ISO 3166-1. english is its name in English, for codes that are
// not in use.
func (t *Table) Country(code, english string) string {
	if region, err := language.ParseRegion(code); err == nil && region.IsCountry() && t.Code != Base {
		if name := display.Regions(t.tag).Name(region); name != "" {
			return name
		}
	}
	return t.Term(english)
}

// Script is what a script needs to write texts, numbers and dates in the language. Its keys in JSON are those that
// charts.speak in chart.js expects.
type Script struct {
	Texts    map[string]any `json:"texts"` // each a string or an object with plural forms
	Decimal  string         `json:"decimal"`
	Grouping string         `json:"grouping"`
	Months   []string       `json:"months"` // short ones
	Forms    [2]string      `json:"forms"`  // of a day and a month, in the notation of package time
}

// Script returns what a script needs, with the texts of some groups, such as scripts.charts. Names of texts are without
// the group. It fails if there is no such group, or if two of them have a text of the same name.
func (t *Table) Script(groups ...string) (Script, error) {
	texts, err := t.groups(groups)
	return Script{texts, t.decimal, t.grouping, t.shortMonths, [2]string{t.shortDay(), "Jan 2006"}}, err
}

// ScriptTexts returns the texts of some groups as JSON: see Script.
func (t *Table) ScriptTexts(groups ...string) (string, error) {
	texts, err := t.groups(groups)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(texts)
	return string(b), err
}

// groups returns the texts of groups. A text with plural forms is a map of them.
func (t *Table) groups(groups []string) (map[string]any, error) {
	found := map[string]any{}
	for _, group := range groups {
		n := len(found)
		for key, text := range t.texts {
			name, ok := strings.CutPrefix(key, group+".")
			switch {
			case !ok:
			case found[name] != nil:
				return nil, fmt.Errorf("the text %q is in two of the groups %q", name, groups)
			case len(text) == 1:
				found[name] = text["other"]
			default:
				found[name] = text
			}
		}
		if len(found) == n {
			return nil, fmt.Errorf("no texts in the group %q", group)
		}
	}
	return found, nil
}
