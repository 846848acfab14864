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

// names lists what content can insert.
func (in *inserter) names() []string {
	return []string{"version", "release", "latest",
		".Site.BaseURL", ".Site.Description", ".Site.Project", ".Site.Title"}
}

// insert replaces the values in a text. Whatever has another form or another name remains as it is, because other
// languages have double braces, too. A name that is almost right is a finding. at returns the place of an offset.
func (in *inserter) insert(text []byte, at func(offset int) fault.Place) (filled []byte, findings fault.Findings) {
	var b bytes.Buffer
	end := 0
	for _, m := range insertRE.FindAllSubmatchIndex(text, -1) {
		name := string(text[m[4]:m[5]])
		if !slices.Contains(in.names(), name) {
			if hint := fault.DidYouMean(name, in.names()); hint != "" && m[2] == m[3] {
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
		value, err := in.value(name, args)
		if err != nil {
			findings = append(findings, at(m[0]).Errorf("{{%s}}: %v", name, err))
		}
		b.WriteString(value)
	}
	b.Write(text[end:])
	return b.Bytes(), findings
}

// value returns a value as Markdown.
func (in *inserter) value(name string, args []string) (string, error) {
	least, most := 0, 0
	switch name {
	case "version":
		most = 1
	case "release", "latest":
		least, most = 1, 1
	}
	switch {
	case len(args) < least:
		return "", errors.New(`needs an argument, such as {{` + name + ` "…"}}`)
	case len(args) > most:
		return "", fmt.Errorf("too many arguments (found %q)", args)
	}
	switch name {
	case ".Site.BaseURL":
		return in.site.BaseURL, nil
	case ".Site.Description":
		return in.site.Description, nil
	case ".Site.Project":
		return in.site.Project, nil
	case ".Site.Title":
		return in.site.Title, nil
	case "latest":
		path := in.latest(catalog.OS(args[0]))
		if path == "" {
			return "", fmt.Errorf("no release for this system (found %q)%s", args[0],
				fault.DidYouMean(args[0], in.oses))
		}
		return in.site.BaseURL + path, nil
	}
	r := in.release(args)
	switch {
	case r == nil && len(args) == 0:
		return "", errors.New("there is no release")
	case r == nil:
		return "", fmt.Errorf("no such release (found %q)", args[0])
	case name == "release":
		return "[" + r.Version + "](" + r.URL() + ")", nil
	}
	return r.Version, nil
}

// release returns the newest release of a version or series; without arguments, of all. It returns nil if there is
// none.
func (in *inserter) release(args []string) *Release {
	for _, r := range in.releases {
		if len(args) == 0 || r.Version == args[0] || strings.HasPrefix(r.Version, args[0]+".") {
			return r
		}
	}
	return nil
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
