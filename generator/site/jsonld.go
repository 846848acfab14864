package site

import (
	"github.com/dustin/go-humanize"

	"github.com/Slicer/sitegen/generator/lookup"
)

// softwareApplications is a schema.org description of packages for search engines (JSON-LD). A layout writes
// it into a script element of type application/ld+json, where html/template encodes it so that nothing in it
// can end the element. It belongs behind the packages themselves: scrapers take the first /bitstream/ link of
// the page to be the first package's.
type softwareApplications struct {
	Context string                `json:"@context"`
	Graph   []softwareApplication `json:"@graph"`
}

// softwareApplication is one package as https://schema.org/SoftwareApplication.
type softwareApplication struct {
	Type          string `json:"@type"`
	Name          string `json:"name"`
	Version       string `json:"softwareVersion,omitempty"`
	System        string `json:"operatingSystem"`
	Processor     string `json:"processorRequirements"`
	DownloadURL   string `json:"downloadUrl"`
	FileSize      string `json:"fileSize"`
	DatePublished string `json:"datePublished"` // the day of the build
	ReleaseNotes  string `json:"releaseNotes,omitempty"`
}

// software describes packages of releases.
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
