// Package profile describes one software project to sitegen: what it is called, which systems and architectures its
// packages are for, where they are listed, and which pages on other sites belong to them. Everything specific to a
// project is in its profile, so that the code of sitegen is the same for all projects.
//
// A profile is a YAML file. That of the project sitegen was made for is part of the program; a site for another
// project names a file of its own in sitegen.yaml (docs/profile.md explains every key):
//
//	profile: aurora.yaml
//
// Values that may differ between the sites of one project (title, address, source) can also be set in sitegen.yaml,
// which overrides the profile.
package profile

import (
	"github.com/Slicer/sitegen/generator/catalog"
)

// Profile is a validated profile.
type Profile struct {
	Name        string // for instance Default for a built-in one; the path of the file for others
	BuiltIn     bool
	Project     string // the name of the software, as it stands in sentences
	Title       string // of the site
	Description string // one sentence for search engines; "" for none
	BaseURL     string // where the site is published: scheme and host; "" when only sitegen.yaml says so
	Source      string // where the packages are listed; "" when only sitegen.yaml says so
	App         string // the application at a Girder server; "" for other sources

	catalog.Scheme
	Links []catalog.Link

	Download         catalog.Template // where a file is fetched when the source does not say; zero when it must
	LegacyRules      Text             // redirect rules for links of servers that are retired
	LegacyStatistics string           // name of the statistics file of format 1.0; "" for none
}

// Text is a file that belongs to a profile.
type Text struct {
	Name string // for messages
	Text string
}

// Default is the name of the profile of a site that does not set one.
const Default = "slicer"
