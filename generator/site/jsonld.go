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

// softwareApplication is one package: see https://schema.org/SoftwareApplication, and what Google requires of it:
// https://developers.google.com/search/docs/appearance/structured-data/software-app.
type softwareApplication struct {
	Type          string        `json:"@type"`
	Name          string        `json:"name"`
	Description   string        `json:"description,omitempty"`
	Category      string        `json:"applicationCategory,omitempty"`
	Version       string        `json:"softwareVersion,omitempty"`
	System        string        `json:"operatingSystem"`
	Processor     string        `json:"processorRequirements"`
	URL           string        `json:"url"`
	Image         string        `json:"image"`
	DownloadURL   string        `json:"downloadUrl"`
	FileSize      string        `json:"fileSize"`
	DatePublished string        `json:"datePublished"` // day of the build, YYYY-MM-DD
	ReleaseNotes  string        `json:"releaseNotes,omitempty"`
	Offers        softwareOffer `json:"offers"`
}

// softwareOffer is the price of a package: the site has no way to pay for one.
type softwareOffer struct {
	Type     string `json:"@type"`
	Price    string `json:"price"`
	Currency string `json:"priceCurrency"`
}

// software returns the description of packages that belong to releases.
func software(b *Build, items []Item) softwareApplications {
	graph := make([]softwareApplication, len(items))
	for n, i := range items {
		page := b.AbsURL("/releases/" + i.Release + "/")
		graph[n] = softwareApplication{
			Type: "SoftwareApplication", Name: b.Site.Project, Description: b.Site.Description,
			Category: b.Category, Version: i.Version,
			System: i.System(), Processor: string(i.Arch), URL: page, Image: page + "card.png",
			DownloadURL: b.AbsURL(lookup.Location(i.Package)), FileSize: humanize.Bytes(uint64(i.Size)),
			DatePublished: i.Day(), ReleaseNotes: page,
			Offers: softwareOffer{Type: "Offer", Price: "0", Currency: "USD"},
		}
	}
	return softwareApplications{Context: "https://schema.org", Graph: graph}
}
