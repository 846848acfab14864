package profile

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/Slicer/sitegen/generator/catalog"
)

//go:embed *.yaml *.txt
var builtIn embed.FS

// BuiltIn lists the names of the profiles that are part of the program.
func BuiltIn() []string { return []string{Default} }

type document struct {
	Project, Title, Description string
	BaseURL                     string `yaml:"base_url"`
	Source, App                 string
	IDs                         catalog.IDForm
	Revisions                   bool
	Systems                     []struct {
		ID, Title, Family string
		Aliases           []string
		File              string
	}
	Architectures []struct {
		ID, Title string
		Titles    map[string]string
		Aliases   []string
	}
	Links []struct {
		Name, Title, Text, Key, URL string
	}
	Download         string
	LegacyRules      string `yaml:"legacy_rules"`
	LegacyStatistics string `yaml:"legacy_statistics"`
}

// Load reads the profile with a name: a built-in one, or the path of a file.
func Load(name string) (*Profile, error) {
	read, dir := os.ReadFile, filepath.Dir(name)
	if name == Default {
		read, dir = builtIn.ReadFile, "."
		name += ".yaml"
	}
	data, err := read(name)
	if err != nil {
		return nil, fmt.Errorf("read the profile: %w", err)
	}
	var d document
	if err := yaml.UnmarshalWithOptions(data, &d, yaml.Strict()); err != nil {
		return nil, err
	}
	p := &Profile{
		Name: name, Project: d.Project, Title: d.Title, Description: d.Description, BaseURL: d.BaseURL, Source: d.Source, App: d.App,
		LegacyStatistics: d.LegacyStatistics,
	}
	p.IDs, p.Revisions = d.IDs, d.Revisions
	for _, s := range d.Systems {
		file, err := catalog.ParseTemplate(s.File, catalog.AllFields())
		if err != nil {
			return nil, err
		}
		p.Systems = append(p.Systems, catalog.System{ID: catalog.OS(s.ID), Title: s.Title, Family: catalog.Family(s.Family), Aliases: s.Aliases, File: file})
	}
	for _, a := range d.Architectures {
		titles := map[catalog.OS]string{}
		for os, title := range a.Titles {
			titles[catalog.OS(os)] = title
		}
		p.Arches = append(p.Arches, catalog.Architecture{ID: catalog.Arch(a.ID), Title: a.Title, Titles: titles, Aliases: a.Aliases})
	}
	for _, l := range d.Links {
		u, err := catalog.ParseTemplate(l.URL, catalog.SafeFields())
		if err != nil {
			return nil, err
		}
		p.Links = append(p.Links, catalog.Link{Name: l.Name, Title: l.Title, Text: l.Text, Key: l.Key, URL: u})
	}
	if d.LegacyRules != "" {
		path := filepath.Join(dir, d.LegacyRules)
		text, err := read(path)
		if err != nil {
			return nil, err
		}
		p.LegacyRules = Text{path, string(text)}
	}
	return p, nil
}
