package profile

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/yamltext"
)

//go:embed *.yaml *.txt all:*/content all:*/layouts
var builtIn embed.FS

// BuiltIn returns the names of the profiles that are part of the program.
func BuiltIn() []string { return []string{Default} }

// Load reads a profile. name is the name of a built-in profile or the path of a file. The error joins all mistakes.
func Load(name string) (*Profile, error) {
	files, file := fs.FS(builtIn), name+".yaml"
	isBuiltIn := slices.Contains(BuiltIn(), name)
	if !isBuiltIn {
		files, file = os.DirFS(filepath.Dir(name)), filepath.Base(name)
	}
	text, err := fs.ReadFile(files, file)
	if err != nil {
		hint := fmt.Sprintf("Use the path of a YAML file or the name of a built-in profile: %s.",
			strings.Join(BuiltIn(), ", "))
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("read the profile: %w", err), hint)
	}
	at := file
	if !isBuiltIn {
		at = name
	}
	r := &reader{doc: yamltext.Parse(at, text, 0), p: &Profile{Name: name, BuiltIn: isBuiltIn}}
	r.p.Revisions = true
	r.read()
	if r.legacy != nil {
		path, _ := r.legacy.Text()
		rules, err := fs.ReadFile(files, filepath.ToSlash(filepath.Clean(path)))
		if err != nil {
			r.legacy.Errorf("cannot read the file of legacy_rules (found %q): %v", path, err)
		}
		r.p.LegacyRules = Text{Name: filepath.Join(filepath.Dir(at), path), Text: string(rules)}
	}
	if err := r.doc.Findings().Err(); err != nil {
		return nil, fault.Wrap(fault.Usage, err, "docs/profile.md describes the keys of a profile.")
	}
	return r.p, nil
}

// Content returns the project's own pages and data files, for package site; nil if there are none. Only a built-in
// profile has some: those of others are in the folders of the site.
func (p *Profile) Content() fs.FS { return p.folder("content") }

// Layouts returns the project's own layouts and assets, like Content.
func (p *Profile) Layouts() fs.FS { return p.folder("layouts") }

func (p *Profile) folder(name string) fs.FS {
	if !p.BuiltIn {
		return nil
	}
	sub, err := fs.Sub(builtIn, p.Name+"/"+name)
	if err != nil {
		panic(err) // the names are constants and valid
	}
	return sub
}

// reader reads the file of a profile.
type reader struct {
	doc    *yamltext.Document
	p      *Profile
	legacy *yamltext.Node // the value of legacy_rules; nil if it is not set
}

// keys returns the top-level keys of a profile. systemKeys, architectureKeys and linkKeys return the others.
// docs/profile.md describes each key; TestDocument checks that it is complete.
func (r *reader) keys() yamltext.Keys {
	p := r.p
	return yamltext.Keys{
		{Name: "project", Read: line(&p.Project)},
		{Name: "title", Read: line(&p.Title)},
		{Name: "description", Read: line(&p.Description)},
		{Name: "category", Read: func(n *yamltext.Node) { choice(n, &p.Category, Categories()) }},
		{Name: "base_url", Read: line(&p.BaseURL)},
		{Name: "languages", Read: yamltext.List(func(n *yamltext.Node) {
			text, ok := n.Text()
			if !ok {
				return
			}
			if !language.ValidCode(text) {
				n.Errorf("languages must be codes such as en, de or pt-BR (found %.40q)", text)
			} else if slices.Contains(p.Languages, text) {
				n.Errorf("languages: duplicate language (found %q)", text)
			}
			p.Languages = append(p.Languages, text)
		})},
		{Name: "source", Read: line(&p.Source)},
		{Name: "app", Read: line(&p.App)},
		{Name: "ids", Read: func(n *yamltext.Node) { choice(n, &p.IDs, catalog.IDForms()) }},
		{Name: "revisions", Read: yamltext.Bool(&p.Revisions)},
		{Name: "systems", Read: yamltext.List(r.system)},
		{Name: "architectures", Read: yamltext.List(r.architecture)},
		{Name: "links", Read: yamltext.List(r.link)},
		{Name: "resources", Read: yamltext.List(r.resource)},
		{Name: "changes", Read: func(n *yamltext.Node) { changes(n, &p.Changes) }},
		{Name: "download", Read: template(&p.Download, catalog.AllFields())},
		{Name: "legacy_rules", Read: func(n *yamltext.Node) {
			if _, ok := n.Text(); ok {
				r.legacy = n
			}
		}},
		{Name: "legacy_statistics", Read: func(n *yamltext.Node) {
			matching(n, &p.LegacyStatistics, fileRE, "a plain file name that ends in .json")
		}},
		{Name: "legacy_statistics_copies", Read: yamltext.List(func(n *yamltext.Node) {
			var path string
			matching(n, &path, pathRE, "a path of plain names that ends in .json")
			p.LegacyCopies = append(p.LegacyCopies, path)
		})},
	}
}

// read reads the profile and reports missing values.
func (r *reader) read() {
	r.doc.Read(r.keys())
	p, root := r.p, r.doc.Root
	require(root, "project", "the name of the software")
	require(root, "systems", "a list of the packages' operating systems")
	require(root, "architectures", "a list of the packages' processor architectures")
	if p.Title == "" && p.Project != "" {
		p.Title = p.Project + " download"
	}
	if p.IDs == "" {
		p.IDs = catalog.NameIDs
	}
	if !p.Revisions {
		if p.Changes != "" {
			root.Errorf("changes must not be set if revisions is false (found %.200q)", p.Changes)
		}
		for _, t := range r.templates() {
			if slices.Contains(t.Fields(), "revision") {
				root.Errorf("a template must not use {revision} if revisions is false (found %.80q)", t)
			}
		}
	}
	for _, sys := range p.Systems {
		for _, e := range sys.Runs {
			for _, a := range []catalog.Arch{e.Arch, e.Packages} {
				if a != "" && !slices.Contains(p.ArchIDs(), a) {
					root.Errorf("systems: unknown architecture in runs of %s (found %q); use the id of an architecture",
						sys.ID, a)
				}
			}
		}
	}
	for _, a := range p.Arches {
		for os := range a.Titles {
			if p.System(os) == nil {
				root.Errorf("architectures: unknown system in the titles of %s (found %q); use the id of a system",
					a.ID, os)
			}
		}
	}
}

// templates returns all templates of the profile.
func (r *reader) templates() []catalog.Template {
	list := []catalog.Template{r.p.Download}
	for _, s := range r.p.Systems {
		list = append(list, s.File)
	}
	for _, l := range r.p.Links {
		list = append(list, l.URL)
	}
	return list
}

// systemKeys returns the keys of a system.
func systemKeys(s *catalog.System) yamltext.Keys {
	return yamltext.Keys{
		{Name: "id", Read: id(&s.ID)},
		{Name: "title", Read: line(&s.Title)},
		{Name: "family", Read: func(n *yamltext.Node) { choice(n, &s.Family, catalog.Families()) }},
		{Name: "aliases", Read: aliases(&s.Aliases)},
		{Name: "file", Read: template(&s.File, catalog.AllFields())},
		{Name: "runs", Read: yamltext.List(func(n *yamltext.Node) { emulation(n, s) })},
	}
}

// emulationKeys returns the keys of an item of runs.
func emulationKeys(e *catalog.Emulation) yamltext.Keys {
	return yamltext.Keys{
		{Name: "arch", Read: id(&e.Arch)},
		{Name: "packages", Read: id(&e.Packages)},
		{Name: "by", Read: line(&e.By)},
	}
}

// emulation reads an item of runs.
func emulation(n *yamltext.Node, s *catalog.System) {
	var e catalog.Emulation
	n.Read(emulationKeys(&e))
	require(n, "arch", "the architecture of the computer")
	require(n, "packages", "the architecture of the packages that it can run")
	require(n, "by", "what makes it possible, such as Rosetta")
	s.Runs = append(s.Runs, e)
}

// system reads a system.
func (r *reader) system(n *yamltext.Node) {
	var s catalog.System
	n.Read(systemKeys(&s))
	require(n, "id", "the value of the parameter os")
	require(n, "title", "the name shown to visitors")
	if s.ID == "" || s.Title == "" {
		return // the mistake has been reported
	}
	if r.p.System(s.ID) != nil {
		n.Errorf("duplicate id in systems (found %q)", s.ID)
		return
	}
	if s.Family == "" {
		s.Family = catalog.UnixFamily
	}
	r.p.Systems = append(r.p.Systems, s)
}

// architectureKeys returns the keys of an architecture.
func architectureKeys(a *catalog.Architecture) yamltext.Keys {
	return yamltext.Keys{
		{Name: "id", Read: id(&a.ID)},
		{Name: "title", Read: line(&a.Title)},
		{Name: "titles", Read: func(n *yamltext.Node) {
			if n.Kind != yamltext.Mapping {
				n.Errorf("titles must be a group of keys, one for each system")
				return
			}
			for _, e := range n.Entries {
				var title string
				line(&title)(e)
				a.Titles[catalog.OS(e.Key)] = title
			}
		}},
		{Name: "aliases", Read: aliases(&a.Aliases)},
	}
}

// architecture reads an architecture.
func (r *reader) architecture(n *yamltext.Node) {
	a := catalog.Architecture{Titles: map[catalog.OS]string{}}
	n.Read(architectureKeys(&a))
	require(n, "id", "the value of the parameter arch")
	require(n, "title", "the name shown to visitors")
	if a.ID == "" || a.Title == "" {
		return // the mistake has been reported
	}
	if slices.Contains(r.p.ArchIDs(), a.ID) {
		n.Errorf("duplicate id in architectures (found %q)", a.ID)
		return
	}
	r.p.Arches = append(r.p.Arches, a)
}

// linkKeys returns the keys of a link.
func linkKeys(l *catalog.Link) yamltext.Keys {
	const form = "a lower-case letter, followed by lower-case letters, digits and _"
	return yamltext.Keys{
		{Name: "name", Read: func(n *yamltext.Node) { matching(n, &l.Name, keyRE, form) }},
		{Name: "title", Read: line(&l.Title)},
		{Name: "text", Read: line(&l.Text)},
		{Name: "key", Read: func(n *yamltext.Node) { matching(n, &l.Key, keyRE, form) }},
		{Name: "url", Read: template(&l.URL, catalog.SafeFields())},
	}
}

// link reads a link.
func (r *reader) link(n *yamltext.Node) {
	var l catalog.Link
	n.Read(linkKeys(&l))
	require(n, "name", "the name of the link in layouts")
	require(n, "title", "the heading of the link")
	require(n, "url", "the URL of the page")
	if l.Name == "" || l.Title == "" || l.URL.IsZero() {
		return // the mistake has been reported
	}
	if !catalog.ValidURL(strings.NewReplacer("{", "", "}", "").Replace(l.URL.String())) {
		n.Errorf("url of the link %s must be an http or https URL (found %.200q)", l.Name, l.URL)
		return
	}
	if l.Text == "" {
		l.Text = l.Title
	}
	if l.Key == "" {
		l.Key = l.Name + "_url"
	}
	if slices.ContainsFunc(r.p.Links, func(o catalog.Link) bool { return o.Name == l.Name || o.Key == l.Key }) {
		n.Errorf("duplicate name or key in links (found %q)", l.Name)
		return
	}
	r.p.Links = append(r.p.Links, l)
}

// changes reads the URL of the changes between two revisions.
func changes(n *yamltext.Node, to *string) {
	text, ok := n.Text()
	switch {
	case !ok:
	case strings.Count(text, "{from}") != 1 || strings.Count(text, "{to}") != 1 ||
		!catalog.ValidURL(strings.NewReplacer("{from}", "1", "{to}", "2").Replace(text)):
		n.Errorf("changes must be an http or https URL with {from} and {to} in place of the revisions (found %.200q)",
			text)
	default:
		*to = text
	}
}

// resourceKeys returns the keys of a resource.
func resourceKeys(l *Resource) yamltext.Keys {
	return yamltext.Keys{
		{Name: "title", Read: line(&l.Title)},
		{Name: "url", Read: func(n *yamltext.Node) {
			if text, ok := n.Text(); ok && !catalog.ValidURL(text) {
				n.Errorf("url must be an http or https URL (found %.200q)", text)
			} else if ok {
				l.URL = text
			}
		}},
	}
}

// resource reads a resource.
func (r *reader) resource(n *yamltext.Node) {
	var l Resource
	n.Read(resourceKeys(&l))
	require(n, "title", "the text of the link")
	require(n, "url", "the URL of the page")
	r.p.Resources = append(r.p.Resources, l)
}

// require reports a key that is missing or has no value. what describes the value.
func require(n *yamltext.Node, key, what string) {
	i := slices.IndexFunc(n.Entries, func(e *yamltext.Node) bool { return e.Key == key })
	if i < 0 || n.Entries[i].Kind == yamltext.Nothing {
		n.Errorf("%s is missing: %s", key, what)
	}
}

var (
	idRE   = regexp.MustCompile(`^[a-z0-9]([a-z0-9_]{0,18}[a-z0-9])?$`)
	keyRE  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	pathRE = regexp.MustCompile(`^([0-9A-Za-z][0-9A-Za-z._-]*/)*[0-9A-Za-z][0-9A-Za-z._-]*\.json$`)
	fileRE = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]*\.json$`)
)

// reserved lists the words that cannot be ids because they have another meaning: in the names of generated files, in
// maps of Nginx, or as values of the parameter stability.
var reserved = []string{"all", "default", "hostnames", "volatile", "include", "release", "nightly", "any"}

// id reads the id of a system or architecture. An id is the value of a parameter, and also a part of file names and of
// the names of variables in the configuration of servers, so few characters are allowed.
func id[T ~string](to *T) func(*yamltext.Node) {
	return func(n *yamltext.Node) {
		var text string
		matching(n, &text, idRE, "1 to 20 lower-case letters and digits, with _ only between them")
		if slices.Contains(reserved, text) {
			n.Errorf("id is a reserved word (found %q); choose another id and add this word to aliases", text)
			return
		}
		*to = T(text)
	}
}

// matching reads a value that must match a regular expression. what describes the valid values.
func matching(n *yamltext.Node, to *string, form *regexp.Regexp, what string) {
	text, ok := n.Text()
	switch {
	case !ok:
	case !form.MatchString(text):
		n.Errorf("%s must be %s (found %.80q)", n.Name, what, text)
	default:
		*to = text
	}
}

// line returns a function that reads one line of text.
func line(to *string) func(*yamltext.Node) {
	return func(n *yamltext.Node) {
		text, ok := n.Text()
		switch {
		case !ok:
		case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
			n.Errorf("%s must be one line of text (found %.80q)", n.Name, text)
		default:
			*to = strings.TrimSpace(text)
		}
	}
}

// aliases returns a function that reads a list of words and converts them to lower case.
func aliases(to *[]string) func(*yamltext.Node) {
	return yamltext.List(func(n *yamltext.Node) {
		if text, ok := n.Text(); ok {
			*to = append(*to, strings.ToLower(text))
		}
	})
}

// template returns a function that reads a template, which may use the given fields.
func template(to *catalog.Template, fields []string) func(*yamltext.Node) {
	return func(n *yamltext.Node) {
		text, ok := n.Text()
		if !ok {
			return
		}
		t, err := catalog.ParseTemplate(text, fields)
		if err != nil {
			n.Errorf("%s: %v", n.Name, err)
			return
		}
		*to = t
	}
}

// choice reads one of several words.
func choice[T ~string](n *yamltext.Node, to *T, choices []T) {
	text, ok := n.Text()
	if !ok {
		return
	}
	var known []string
	for _, c := range choices {
		known = append(known, string(c))
	}
	if !slices.Contains(known, text) {
		n.Errorf("%s must be one of %s (found %.80q)%s", n.Name, strings.Join(known, ", "), text,
			fault.DidYouMean(text, known))
		return
	}
	*to = T(text)
}
