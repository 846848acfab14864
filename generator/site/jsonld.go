package site

import (
	"github.com/dustin/go-humanize"

	"github.com/Slicer/sitegen/generator/lookup"
)

// softwareApplications describes packages for search engines, in the vocabulary of schema.org (JSON-LD). A layout
// writes it into a script element of type application/ld+json; html/template escapes it, so no value can end the
// element early. Layouts must put it after the packages, because scrapers assume that the first /bitstream/ link of the
// page belongs to the first package.
type softwareApplications struct {
	Context string                `json:"@context"`
	Graph   []softwareApplication `json:"@graph"`
}

// softwareApplication is one package: see https://schema.org/SoftwareApplication.
type softwareApplication struct {
	Type          string `json:"@type"`
	Name          string `json:"name"`
	Version       string `json:"softwareVersion,omitempty"`
	System        string `json:"operatingSystem"`
	Processor     string `json:"processorRequirements"`
	DownloadURL   string `json:"downloadUrl"`
	FileSize      string `json:"fileSize"`
	DatePublished string `json:"datePublished"` // day of the build, YYYY-MM-DD
	ReleaseNotes  string `json:"releaseNotes,omitempty"`
}

// software returns the description of packages that belong to releases.
func software(b *Build, items []Item) softwareApplications {
	graph := make([]softwareApplication, len(items))
	for n, i := range items {
		graph[n] = softwareApplication{
			Type: "SoftwareApplication", Name: b.Site.Project, Version: i.Version,
			System: i.System(), Processor: string(i.Arch),
			DownloadURL: b.AbsURL(lookup.Location(i.Package)), FileSize: humanize.Bytes(uint64(i.Size)),
			DatePublished: i.Day(), ReleaseNotes: b.AbsURL("/releases/" + i.Release + "/"),
		}
	}
	return softwareApplications{Context: "https://schema.org", Graph: graph}
}
