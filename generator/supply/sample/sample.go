// Package sample is the small catalogue that is part of the program, to try sitegen without a network: releases for all
// systems over the years, two weeks of nightly builds, and a few oddities that real listings have. It is a listing of
// the built-in profile's project, as its Girder server would send it.
package sample

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/supply/girder"
	"github.com/Slicer/sitegen/generator/supply/source"
)

// Word is the setting of the sample.
const Word = "sample"

// Kind recognizes the word sample.
func Kind() source.Kind {
	return source.Kind{
		Word: Word,
		Open: func(o source.Options) source.Source { return sample{o.Girder.Download} },
	}
}

// listing is a selection of testdata/catalog.json; see sample_test.go, which makes it.
//
//go:embed sample.json
var listing []byte

type sample struct{ download source.GirderDownload }

// Identity is the word.
func (sample) Identity() string { return Word }

// Read decodes the listing.
func (s sample) Read(context.Context, source.Memory) (*source.Listing, error) {
	p, err := profile.Load(profile.Default)
	if err != nil {
		return nil, fmt.Errorf("read the sample: %w", err)
	}
	items, err := girder.DecodeListing(listing)
	if err != nil {
		return nil, fmt.Errorf("read the sample: %w", err)
	}
	return &source.Listing{
		Records:  girder.Records(items, source.Girder{App: p.App, API: p.Source, Download: s.download}, nil),
		Spelling: girder.Spelling,
	}, nil
}
