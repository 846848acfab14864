// Package sample contains a small built-in catalogue for trying sitegen without a network: releases for all systems
// over the years, two weeks of nightly builds, and a few irregular records as in real listings. It is a listing of the
// built-in profile's project in the format of its Girder server.
package sample

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources/girder"
)

// Word is the value of the option source that selects the sample.
const Word = "sample"

// Kind recognizes the word sample.
func Kind() source.Kind {
	return source.Kind{
		Word: Word,
		Open: func(o source.Options) source.Source { return sample{o} },
	}
}

// listing is a selection of testdata/catalog.json. TestSample generates it.
//
//go:embed sample.json
var listing []byte

type sample struct{ o source.Options }

// Identity returns Word.
func (sample) Identity() string { return Word }

// Read decodes the listing and adapts it to the project.
func (s sample) Read(context.Context, source.Memory) (*source.Listing, error) {
	p, err := profile.Load(profile.Default)
	if err != nil {
		return nil, fmt.Errorf("read the sample: %w", err)
	}
	items, err := girder.DecodeListing(listing)
	if err != nil {
		return nil, fmt.Errorf("read the sample: %w", err)
	}
	records := girder.Records(items, source.Girder{App: p.App, API: p.Source, Download: s.o.Girder.Download}, nil)
	if s.o.Product != p.Project {
		records = adapt(records, p, s.o)
	}
	return &source.Listing{Records: records, Spelling: girder.Spelling, App: s.o.Girder.App}, nil
}

// adapt turns the sample into packages of another project, for trying a site with its own profile: packages get the
// project's name, and the most similar system and architecture. Packages without a similar one are left out. The URLs
// of the packages are made up.
func adapt(records []catalog.Record, from *profile.Profile, o source.Options) (adapted []catalog.Record) {
	for _, r := range records {
		os, okOS := nearestOS(catalog.OS(r.OS), &from.Scheme, o.Scheme)
		arch, okArch := nearestArch(catalog.Arch(r.Arch), &from.Scheme, o.Scheme)
		if !okOS || !okArch {
			continue
		}
		was := r.OS + "_" + r.Arch
		r.OS, r.Arch = string(os), string(arch)
		r.Name = strings.NewReplacer(was, r.OS+"_"+r.Arch, r.ProductName, o.Product).Replace(r.Name)
		r.ProductName, r.FileName, r.URL = o.Product, "", "https://example.org/sample/"+r.ID
		adapted = append(adapted, r)
	}
	return adapted
}

// nearestOS returns the system in the scheme "to" that has id as its id or alias; if there is none, the first one of
// the same family.
func nearestOS(id catalog.OS, from, to *catalog.Scheme) (catalog.OS, bool) {
	if found, ok := to.FindOS(string(id)); ok {
		return found, true
	}
	was := from.System(id)
	i := slices.IndexFunc(to.Systems, func(o catalog.System) bool { return was != nil && o.Family == was.Family })
	if i < 0 {
		return "", false
	}
	return to.Systems[i].ID, true
}

// nearestArch is like nearestOS, for architectures. Instead of the family it compares the position in the list.
func nearestArch(id catalog.Arch, from, to *catalog.Scheme) (catalog.Arch, bool) {
	if found, ok := to.FindArch(string(id)); ok {
		return found, true
	}
	i := slices.Index(from.ArchIDs(), id)
	if i < 0 || i >= len(to.Arches) {
		return "", false
	}
	return to.Arches[i].ID, true
}
