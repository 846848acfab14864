package language

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/yamltext"
)

// File is a table's file, or a part of it.
type File struct {
	Name string // for findings: layouts/languages/de.yaml
	Text []byte
}

// codeRE matches the codes of languages that are valid in an address.
var codeRE = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// ValidCode reports whether a code is that of a language, in the canonical form of BCP 47: en, pt-BR.
func ValidCode(code string) bool {
	tag, err := language.Parse(code)
	return err == nil && codeRE.MatchString(code) && tag.String() == code && !tag.IsRoot()
}

// Read reads a table from its files: those that come later replace single texts of those before. The base is the table
// whose texts are shown where this one has none; nil if this is the base itself. Findings are mistakes in the files;
// warnings list the texts that are shown in the language of the base.
func Read(code string, files []File, base *Table) (t *Table, warnings, findings fault.Findings) {
	t = &Table{Code: code, Name: code, tag: language.Make(code), day: "2006-01-02", decimal: ".", grouping: "",
		texts: map[string]forms{}, parts: map[string][]string{}, terms: map[string]string{}}
	for m := time.January; m <= time.December; m++ {
		t.months, t.shortMonths = append(t.months, m.String()), append(t.shortMonths, m.String()[:3])
	}
	if base != nil {
		t.day, t.decimal, t.grouping = base.day, base.decimal, base.grouping
		t.months, t.shortMonths = base.months, base.shortMonths
	}
	known := knownTexts{open: base == nil}
	if base != nil {
		known.texts = base.texts
	}
	for _, f := range files {
		if base == nil {
			known.texts = maps.Clone(t.texts)
		}
		doc := yamltext.Parse(f.Name, f.Text, 0)
		doc.Read(t.keys(known))
		findings = append(findings, doc.Findings()...)
	}
	defer t.splitAll()
	if base == nil || len(files) == 0 {
		return t, nil, findings
	}
	var missing []string
	for _, key := range slices.Sorted(maps.Keys(base.texts)) {
		if t.texts[key] == nil {
			t.texts[key] = base.texts[key]
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		shown := missing[:min(len(missing), 10)]
		warnings = append(warnings, fault.Place{File: files[len(files)-1].Name}.
			Errorf("texts without a translation, shown in %s: %s", base.Name,
				strings.Join(shown, ", ")+strings.Repeat(", …", min(len(missing)-len(shown), 1))))
	}
	return t, warnings, findings
}

// splitAll splits all texts at their placeholders.
func (t *Table) splitAll() {
	for _, text := range t.texts {
		for _, form := range text {
			if parts := split(form); parts != nil {
				t.parts[form] = parts
			}
		}
	}
}

// knownTexts are the texts that a file may translate.
type knownTexts struct {
	texts map[string]forms
	open  bool // the file may have further texts, for layouts of its own
}

// hint returns a text that a key may be meant for, as in fault.DidYouMean.
func (k knownTexts) hint(key string) string {
	return fault.DidYouMean(key, slices.Sorted(maps.Keys(k.texts)))
}

// keys returns the keys of a file.
func (t *Table) keys(known knownTexts) yamltext.Keys {
	return yamltext.Keys{
		{Name: "name", Read: yamltext.Text(&t.Name)},
		{Name: "day", Read: yamltext.Text(&t.day)},
		{Name: "decimal", Read: yamltext.Text(&t.decimal)},
		{Name: "grouping", Read: yamltext.Text(&t.grouping)},
		{Name: "months", Read: months(&t.months)},
		{Name: "short_months", Read: months(&t.shortMonths)},
		{Name: "texts", Read: func(n *yamltext.Node) { t.readTexts(n, "", known) }},
		{Name: "terms", Read: func(n *yamltext.Node) {
			entries, _ := n.Pairs()
			for _, e := range entries {
				if text, ok := e.Text(); ok {
					t.terms[e.Key] = text
				}
			}
		}},
	}
}

// months returns a function that reads the names of the months.
func months(to *[]string) func(*yamltext.Node) {
	return func(n *yamltext.Node) {
		var names []string
		items, ok := n.List()
		for _, item := range items {
			if text, ok := item.Text(); ok {
				names = append(names, text)
			}
		}
		switch {
		case !ok:
		case len(items) != 12:
			n.Errorf("must be a list of 12 months (found %d)", len(items))
		case len(names) == 12:
			*to = names
		}
	}
}

// readTexts reads a group of texts. The group "" contains all of them.
func (t *Table) readTexts(n *yamltext.Node, group string, known knownTexts) {
	entries, _ := n.Pairs()
	for _, e := range entries {
		key := strings.TrimPrefix(group+"."+e.Key, ".")
		if e.Kind == yamltext.Mapping && !plurals(e) {
			t.readTexts(e, key, known)
			continue
		}
		text := forms{}
		if e.Kind == yamltext.Mapping {
			for _, form := range e.Entries {
				if s, ok := form.Text(); ok {
					text[form.Key] = s
				}
			}
		} else if s, ok := e.Text(); ok {
			text["other"] = s
		} else {
			continue
		}
		base := known.texts[key]
		switch bad := text.unknown(base); {
		case base == nil && (!known.open || known.hint(key) != "" && len(known.texts) > 0):
			e.Errorf("no page shows the text %q%s", key, known.hint(key))
		case e.Kind == yamltext.Mapping && text["other"] == "":
			e.Errorf("text %q needs the form other", key)
		case base != nil && bad != "":
			e.Errorf("text %q has no value for {%s}%s", key, bad, fault.DidYouMean(bad, base.placeholders()))
		default:
			t.texts[key] = text
		}
	}
}

// plurals reports whether a mapping contains the plural forms of a text.
func plurals(n *yamltext.Node) bool {
	return len(n.Entries) > 0 && !slices.ContainsFunc(n.Entries, func(e *yamltext.Node) bool {
		_, ok := categories[e.Key]
		return !ok
	})
}

// placeholders returns the names of the placeholders of all forms.
func (f forms) placeholders() (names []string) {
	for _, text := range f {
		for _, m := range placeholderRE.FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unknown returns the name of a placeholder that the base does not have, or "".
func (f forms) unknown(base forms) string {
	has := base.placeholders()
	for _, name := range f.placeholders() {
		if !slices.Contains(has, name) {
			return name
		}
	}
	return ""
}
