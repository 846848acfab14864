package site

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/folder"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/yamltext"
)

// Names of the data files in content/_data/.
const (
	installFile = "install.yaml"
	seriesFile  = "series.yaml"
)

// data is what the files in content/_data/ contain.
type data struct {
	install []Install
	series  []Series
}

// Install is a command that installs the newest release, from install.yaml:
//
//   - title: Homebrew
//     systems: [macosx]
//     command: brew install --cask aurora
type Install struct {
	Title   string       // name of the program: Homebrew, curl
	OSes    []catalog.OS // the systems that it is for
	Command string       // may contain {latest}, {file} and {version}
}

// Series is what visitors should know about a series of releases, from series.yaml:
//
//   - series: "5.12"
//     requires: {win: Windows 10 or later, linux: glibc 2.28 or later}
//   - series: "4.11"
//     ended: 2022-05-06
type Series struct {
	Name     string
	Requires map[catalog.OS]string // versions of systems, in words
	Ended    time.Time             // day from which it is not maintained any more; zero while it is
}

// HasEnded reports whether the series is no longer maintained.
func (s *Series) HasEnded() bool { return s != nil && !s.Ended.IsZero() }

// readData reads content/_data/. Its findings are about mistakes in the files, and about files with another name.
func readData(in Input) (d data, findings fault.Findings, err error) {
	entries, err := fs.ReadDir(in.Content, folder.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil, nil
	}
	if err != nil {
		return d, nil, fmt.Errorf("list %s%s: %w", contentFolder, folder.Data, err)
	}
	spec := in.Index.Spec()
	files := map[string]func(*yamltext.Node){
		installFile: yamltext.List(func(n *yamltext.Node) { d.install = append(d.install, readInstall(n, spec)) }),
		seriesFile: yamltext.List(func(n *yamltext.Node) {
			d.series = append(d.series, readSeries(n, spec, d.series))
		}),
	}
	for _, entry := range entries {
		name := path.Join(folder.Data, entry.Name())
		at := contentFolder + name
		read, ok := files[entry.Name()]
		switch {
		case folder.Ignored(name):
			continue
		case !ok:
			names := sortedKeys(files)
			findings = append(findings, fault.Place{File: at}.
				Errorf("no page uses this file%s; the files in %s%s are %s", fault.DidYouMean(entry.Name(), names),
					contentFolder, folder.Data, strings.Join(names, " and ")))
			continue
		}
		text, err := fs.ReadFile(in.Content, name)
		if err != nil {
			findings = append(findings, unreadable(at, err))
			continue
		}
		doc := yamltext.Parse(at, text, 0)
		if !doc.Root.Empty() {
			read(doc.Root)
		}
		findings = append(findings, doc.Findings()...)
	}
	return d, findings, nil
}

// readInstall reads an item of install.yaml.
func readInstall(n *yamltext.Node, spec *lookup.Spec) (i Install) {
	i.OSes = spec.OSes()
	n.Read(yamltext.Keys{
		{Name: "title", Read: yamltext.Text(&i.Title)},
		{Name: "systems", Read: func(n *yamltext.Node) {
			i.OSes = nil
			yamltext.List(func(n *yamltext.Node) { i.OSes = append(i.OSes, readOSes(n, spec)...) })(n)
		}},
		{Name: "command", Read: yamltext.Text(&i.Command)},
	})
	if n.Kind == yamltext.Mapping && (i.Title == "" || i.Command == "") {
		n.Errorf("an item needs a title and a command")
	}
	return i
}

// readOSes reads the id of a system, or a family, which stands for all of its systems.
func readOSes(n *yamltext.Node, spec *lookup.Spec) (list []catalog.OS) {
	text, ok := n.Text()
	if !ok {
		return nil
	}
	if slices.Contains(catalog.Families(), catalog.Family(text)) {
		for _, s := range spec.Systems {
			if s.Family == catalog.Family(text) {
				list = append(list, s.ID)
			}
		}
		return list // may be empty: the project has no such system
	}
	if spec.System(catalog.OS(text)) == nil {
		n.Errorf("no system with this id (found %.80q); use an id of the profile, or windows, macos or unix%s", text,
			fault.DidYouMean(text, osNames(spec)))
		return nil
	}
	return []catalog.OS{catalog.OS(text)}
}

func osNames(spec *lookup.Spec) (names []string) {
	for _, o := range spec.OSes() {
		names = append(names, string(o))
	}
	return names
}

// readSeries reads an item of series.yaml. before are the items before it.
func readSeries(n *yamltext.Node, spec *lookup.Spec, before []Series) (s Series) {
	n.Read(yamltext.Keys{
		{Name: "series", Read: func(n *yamltext.Node) {
			yamltext.Text(&s.Name)(n)
			if slices.ContainsFunc(before, func(o Series) bool { return o.Name == s.Name && s.Name != "" }) {
				n.Errorf("duplicate series (found %q)", s.Name)
			}
		}},
		{Name: "requires", Read: func(n *yamltext.Node) {
			s.Requires = map[catalog.OS]string{}
			entries, _ := n.Pairs()
			for _, e := range entries {
				text, ok := e.Text()
				if spec.System(catalog.OS(e.Key)) == nil {
					e.Errorf("requires: no system with this id (found %.80q)%s", e.Key,
						fault.DidYouMean(e.Key, osNames(spec)))
				} else if ok {
					s.Requires[catalog.OS(e.Key)] = text
				}
			}
		}},
		{Name: "ended", Read: func(n *yamltext.Node) {
			text, ok := n.Text()
			if !ok {
				return
			}
			day, err := time.Parse(time.DateOnly, text)
			if err != nil {
				n.Errorf("ended must be a day such as 2026-01-31 (found %.80q)", text)
			}
			s.Ended = day
		}},
	})
	if n.Kind == yamltext.Mapping && s.Name == "" {
		n.Errorf("an item needs a series, such as series: \"5.12\"")
	}
	return s
}

// seriesOf returns what is known about the series of a version, or nil.
func (d *data) seriesOf(version string) *Series {
	for i := range d.series {
		if d.series[i].Name == series(version) {
			return &d.series[i]
		}
	}
	return nil
}

// requires returns the versions of a system that a package needs, in words; "" if unknown.
func (d *data) requires(p *catalog.Package) string {
	if s := d.seriesOf(p.Version); s != nil {
		return s.Requires[p.OS]
	}
	return ""
}

// Requires returns the versions of the item's system that it needs, in words; "" if unknown. It is for releases.
func (r *Release) Requires(i Item) string {
	if r.Maintenance == nil {
		return ""
	}
	return r.Maintenance.Requires[i.OS]
}
