package site

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
)

// insertRE matches a value of the site in Markdown: {{version "5.8"}}. Its groups are a backslash before it, the name
// and the arguments. argumentRE matches an argument.
var (
	insertRE   = regexp.MustCompile(`(\\?)\{\{\s*([.\w]+)((?:\s+"[^"\n]*")*)\s*\}\}`)
	argumentRE = regexp.MustCompile(`"([^"\n]*)"`)
)

// inserter inserts values of the site into content.
type inserter struct {
	site     *Site
	releases []*Release                       // newest first
	latest   func(o catalog.OS) (path string) // permalink of the newest release for a system; "" if there is none
	oses     []string                         // ids of systems, for messages
}

// insertion is a value of the site that content can insert. docs/content.md lists all of them.
type insertion struct {
	name        string
	least, most int // number of arguments
	uses        []insertionUse
	value       func(in *inserter, arguments []string) (string, error) // as Markdown
}

// insertionUse is an example of an insertion, and its result in words.
type insertionUse struct{ example, about string }

// insertions returns all values that content can insert.
func insertions() []insertion {
	ofSite := func(name, about string, value func(*Site) string) insertion {
		return insertion{name: name, uses: []insertionUse{{"{{" + name + "}}", about}},
			value: func(in *inserter, _ []string) (string, error) { return value(in.site), nil }}
	}
	return []insertion{
		{"version", 0, 1, []insertionUse{
			{`{{version}}`, "version of the newest release"},
			{`{{version "5.8"}}`, "version of the newest release of a series"},
		}, func(in *inserter, arguments []string) (string, error) {
			r, err := in.release(arguments)
			if err != nil {
				return "", err
			}
			return r.Version, nil
		}},
		{"release", 1, 1, []insertionUse{
			{`{{release "5.8"}}`, "a link to that release"},
		}, func(in *inserter, arguments []string) (string, error) {
			r, err := in.release(arguments)
			if err != nil {
				return "", err
			}
			return "[" + r.Version + "](" + r.URL() + ")", nil
		}},
		{"latest", 1, 1, []insertionUse{
			{`{{latest "linux"}}`, "address that always leads to the newest release for a system"},
		}, func(in *inserter, arguments []string) (string, error) {
			path := in.latest(catalog.OS(arguments[0]))
			if path == "" {
				return "", fmt.Errorf("no release for this system (found %q)%s", arguments[0],
					fault.DidYouMean(arguments[0], in.oses))
			}
			return in.site.BaseURL + path, nil
		}},
		ofSite(".Site.BaseURL", "address of the site, `base_url` in `sitegen.yaml`",
			func(s *Site) string { return s.BaseURL }),
		ofSite(".Site.Description", "`description` in `sitegen.yaml`",
			func(s *Site) string { return s.Description }),
		ofSite(".Site.Project", "name of the software, `project` in `sitegen.yaml`",
			func(s *Site) string { return s.Project }),
		ofSite(".Site.Title", "`title` in `sitegen.yaml`", func(s *Site) string { return s.Title }),
	}
}

// insert replaces the values in a text. Whatever has another form or another name remains as it is, because other
// languages have double braces, too. A name that is almost right is a finding. at returns the place of an offset.
func (in *inserter) insert(text []byte, at func(offset int) fault.Place) (filled []byte, findings fault.Findings) {
	all := insertions()
	var names []string
	for _, of := range all {
		names = append(names, of.name)
	}
	var b bytes.Buffer
	end := 0
	for _, m := range insertRE.FindAllSubmatchIndex(text, -1) {
		name := string(text[m[4]:m[5]])
		i := slices.IndexFunc(all, func(of insertion) bool { return of.name == name })
		if i < 0 {
			if hint := fault.DidYouMean(name, names); hint != "" && m[2] == m[3] {
				findings = append(findings, at(m[0]).Errorf("no value {{%s}}%s", name, hint))
			}
			continue
		}
		b.Write(text[end:m[0]])
		end = m[1]
		if m[2] < m[3] { // \{{version}} is meant as it is
			b.Write(text[m[3]:m[1]])
			continue
		}
		var args []string
		for _, a := range argumentRE.FindAllSubmatch(text[m[6]:m[7]], -1) {
			args = append(args, string(a[1]))
		}
		value, err := in.fill(all[i], args)
		if err != nil {
			findings = append(findings, at(m[0]).Errorf("{{%s}}: %v", name, err))
		}
		b.WriteString(value)
	}
	b.Write(text[end:])
	return b.Bytes(), findings
}

// fill returns a value as Markdown.
func (in *inserter) fill(of insertion, arguments []string) (string, error) {
	switch {
	case len(arguments) < of.least:
		return "", errors.New(`needs an argument, such as ` + of.uses[0].example)
	case len(arguments) > of.most:
		return "", fmt.Errorf("too many arguments (found %q)", arguments)
	}
	return of.value(in, arguments)
}

// release returns the newest release of a version or series; without arguments, of all.
func (in *inserter) release(arguments []string) (*Release, error) {
	for _, r := range in.releases {
		if len(arguments) == 0 || r.Version == arguments[0] || strings.HasPrefix(r.Version, arguments[0]+".") {
			return r, nil
		}
	}
	if len(arguments) == 0 {
		return nil, errors.New("there is no release")
	}
	return nil, fmt.Errorf("no such release (found %q)", arguments[0])
}

// insertValues inserts values of the site into all content.
func (e *Edition) insertValues() (findings fault.Findings) {
	var in *inserter // of the first document that needs it
	for _, d := range e.build.content.documents {
		if !bytes.Contains(d.body, []byte("{{")) {
			continue
		}
		if in == nil {
			in = newInserter(e.build)
		}
		page := *d.page // the page is part of an earlier edition, too
		start := len(d.src) - len(d.body)
		filled, bad := in.insert(d.body, func(offset int) fault.Place {
			return fault.PlaceOf(page.Source, d.src, start+offset)
		})
		page.body.markdown = filled
		d.page = &page
		findings = append(findings, bad...)
	}
	return findings
}

func newInserter(b *Build) *inserter {
	x, spec := b.Index, b.Index.Spec()
	return &inserter{
		site: b.Site, releases: releasesOf(spec, itemsOf(spec, x.Packages())), oses: osNames(spec),
		latest: func(o catalog.OS) string {
			path := spec.LatestPath(o, catalog.Release)
			if route, query, ok := spec.Permalink(path); !ok || x.Answer(string(route), query).Package == nil {
				return ""
			}
			return path
		},
	}
}
