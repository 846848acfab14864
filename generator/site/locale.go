package site

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/language"
)

// languageFolder is the folder of the tables of languages in layouts/.
const languageFolder = "languages/"

// locale is the site in one language.
type locale struct {
	*language.Table
	prefix  string // of the paths of its pages: "" for the first language, /de for German
	site    *Site
	layouts *layoutSet
}

// Translation is a page in one of the languages of the site.
type Translation struct {
	Lang string // de
	Name string // Deutsch
	URL  string // /de/releases/
}

// readLanguages reads the tables of all languages of the site.
func readLanguages(in Input) (list []*locale, warnings, findings fault.Findings, err error) {
	base, _, findings, err := readTable(in.Layouts, language.Base, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	for n, code := range in.languages() {
		l := &locale{Table: base}
		if n > 0 {
			l.prefix = "/" + code
		}
		if code != language.Base {
			var doubtful, wrong fault.Findings
			l.Table, doubtful, wrong, err = readTable(in.Layouts, code, base)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				findings = append(findings, in.LanguagesAt.Errorf("languages has %s, but there is no %s%s%s.yaml; "+
					"copy %s.yaml and translate it", code, layoutFolder, languageFolder, code, language.Base))
				continue
			case err != nil:
				return nil, nil, nil, err
			}
			warnings, findings = append(warnings, doubtful...), append(findings, wrong...)
		}
		list = append(list, l)
	}
	if len(list) == 0 {
		list = []*locale{{Table: base}}
	}
	return list, warnings, findings, nil
}

// readTable reads the table of a language from all layers of the layouts: a file of the site replaces single texts of
// the built-in one.
func readTable(layouts fs.FS, code string, base *language.Table) (t *language.Table, warnings, findings fault.Findings,
	err error) {
	name := languageFolder + code + ".yaml"
	texts, err := layers(layouts, name)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("read the languages: %w", err)
	}
	files := make([]language.File, len(texts))
	for n, text := range texts {
		files[n] = language.File{Name: layoutFolder + name, Text: text}
	}
	t, warnings, findings = language.Read(code, files, base)
	return t, warnings, findings, nil
}

// languages returns the codes of the languages, the one at the root of the site first.
func (o *Options) languages() []string {
	if len(o.Languages) == 0 {
		return []string{language.Base}
	}
	return o.Languages
}

// localizedFolders contain the pages that a build makes in all languages.
var localizedFolders = []string{"/releases/", "/preview/", searchURL}

// link returns the address of a page in the language. The path may end in a query or fragment. Addresses of anything
// but the pages that exist in all languages, such as files and permalinks, stay as they are.
func (l *locale) link(path string) string {
	page, _, _ := strings.Cut(path, "#")
	page, _, _ = strings.Cut(page, "?")
	if page == StatsURL { // in one folder in all languages, because another run writes it
		return StatsURL + strings.TrimPrefix(l.prefix+"/", "/") + path[len(page):]
	}
	if page == "/" || strings.HasSuffix(page, "/") && slices.ContainsFunc(localizedFolders, func(folder string) bool {
		return strings.HasPrefix(page, folder)
	}) {
		return l.prefix + path
	}
	return path
}

// origin returns the address of a page in the first language. It is the inverse of link, and of adding the prefix.
func (l *locale) origin(url string) string {
	if rest, ok := strings.CutPrefix(url, StatsURL); ok {
		return StatsURL + strings.TrimPrefix("/"+rest, l.prefix+"/")
	}
	return strings.TrimPrefix(url, l.prefix)
}

// dayHTML returns a day as HTML, in the form of the language.
func (l *locale) dayHTML(t time.Time) template.HTML {
	return template.HTML(`<time datetime="` + t.UTC().Format(time.DateOnly) + `">` +
		template.HTMLEscapeString(l.Day(t)) + `</time>`)
}

// terms returns the translations of several terms, separated by commas.
func (l *locale) terms(list []string) string {
	translated := make([]string, len(list))
	for n, text := range list {
		translated[n] = l.Term(text)
	}
	return strings.Join(translated, ", ")
}

// enumerate joins words for a sentence: a, b and c.
func (l *locale) enumerate(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return l.MustText("site.and", language.Values{"list": strings.Join(words[:last], ", "), "last": words[last]})
}

// functions returns the functions of layouts whose results depend on the language.
func (l *locale) functions() map[string]function {
	return map[string]function{
		"bytes": {`bytes n`, "a size such as `412 MB`", l.Bytes},
		"date": {`date "2 January 2006" t`, "a time in UTC, in [Go's notation](https://pkg.go.dev/time#Layout), with the " +
			"months of the language", l.Date},
		"day":         {`day t`, "a day in the form of the language, in a `time` element", l.dayHTML},
		"link":        {`link "/releases/"`, "the address of a page in the language: `/de/releases/`", l.link},
		"number":      {`number n`, "a number with separators between thousands", l.Number},
		"scriptTexts": {`scriptTexts "scripts.search"`, "the texts of groups as JSON, for scripts", l.ScriptTexts},
		"t": {`t "home.native" "processor" name`, "a text of the language, with the values of its placeholders",
			func(key string, pairs ...any) (string, error) {
				values, err := dict(pairs...)
				if err != nil {
					return "", err
				}
				return l.Text(key, values)
			}},
		"tHTML": {`tHTML "home.version" "version" v "day" (day t)`, "like `t`, for a text with markup; values are escaped",
			func(key string, pairs ...any) (template.HTML, error) {
				values, err := dict(pairs...)
				if err != nil {
					return "", err
				}
				return l.HTML(key, values)
			}},
		"term":  {`term .System`, "the translation of a text of the profile, the configuration or a data file", l.Term},
		"terms": {`terms .NewestFor`, "the translations of several texts, separated by commas", l.terms},
	}
}

// heading is the title and description of a page, as keys of texts. The keys may be empty.
type heading struct {
	title, description string
	values             language.Values
}

// addLocalized adds a page in all languages. Each has the text of the content file for its URL or, if there is none,
// that of the first language.
func (b *Build) addLocalized(p Page, h heading) {
	for _, l := range b.locales {
		b.AddPage(b.localized(l, p, h))
	}
}

// localized returns a page in a language.
func (b *Build) localized(l *locale, p Page, h heading) Page {
	first := l == b.locales[0]
	if p.Lang = l.Code; !first {
		p.Path = l.prefix[1:] + "/" + p.Path
	}
	if h.title != "" {
		p.Title = l.MustText(h.title, h.values)
	}
	if h.description != "" {
		p.Description = l.MustText(h.description, h.values)
	} else {
		p.Description = l.Term(p.Description)
	}
	text, ok := b.Text(p.URL())
	if !ok && !first {
		text, ok = b.Text(strings.TrimPrefix(p.URL(), l.prefix))
		p.textLang = b.locales[0].Code
		text.Title, text.Description = "", ""
	}
	if ok {
		p.withText(text)
	}
	return p
}

// translate sets the Translations of all pages: those at the same address below the prefixes of the languages.
func (b *Build) translate(pages []*Page) []*Page {
	if len(b.locales) < 2 {
		return pages
	}
	byPath := map[string]*Page{}
	for _, p := range pages {
		byPath[p.URL()] = p
	}
	shown := slices.Clone(pages)
	for n, p := range pages {
		at := b.localeOf(p).origin(p.URL())
		var list []Translation
		for _, l := range b.locales {
			if other := cmp.Or(byPath[l.prefix+at], byPath[l.link(at)]); other != nil && other.Lang == l.Code {
				list = append(list, Translation{l.Code, l.Name, other.URL()})
			}
		}
		if len(list) > 1 {
			page := *p // content pages are part of an earlier edition, too
			page.Translations = list
			shown[n] = &page
		}
	}
	return shown
}

// localeOf returns the language of a page.
func (b *Build) localeOf(p *Page) *locale {
	for _, l := range b.locales {
		if l.Code == p.Lang {
			return l
		}
	}
	return b.locales[0]
}

// languageOf returns the code of the language of a path below public/: that of the folder for a language, or the first.
func (o *Options) languageOf(path string) string {
	for n, code := range o.languages() {
		if n > 0 && strings.HasPrefix(path, code+"/") {
			return code
		}
	}
	return o.languages()[0]
}
