package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/supply/sources/packagesjson"
)

// The size of a catalogue, which stays the same: each generation adds a night and drops the oldest one, and every
// seventh does the same with a release.
const (
	releases = 12
	nights   = 14
)

// generation is one state of the catalogue, with the right answers of a site that has it.
type generation struct {
	number int
	listed []byte          // packages.json
	table  *redirect.Table // the answers
}

// item is a package in packages.json.
type item struct {
	Version   string    `json:"version"`
	Built     time.Time `json:"built"`
	System    string    `json:"system"`
	Arch      string    `json:"arch"`
	Size      int64     `json:"size"`
	SHA256    string    `json:"sha256"`
	URL       string    `json:"url"`
	Stability string    `json:"stability"`
	Revision  int       `json:"revision"`
}

// newGeneration returns the catalogue with a number. First is the day of the first night of generation 0.
func newGeneration(p *profile.Profile, number int, first time.Time) (*generation, error) {
	var list []item
	add := func(version, stability string, night int) {
		for i, platform := range [][2]string{
			{"windows", "x86_64"}, {"darwin", "x86_64"}, {"darwin", "aarch64"},
			{"linux", "x86_64"}, {"linux", "aarch64"},
		} {
			name := fmt.Sprintf("%s-%d-%s-%s", stability, night, platform[0], platform[1])
			sum := sha256.Sum256([]byte(name))
			list = append(list, item{version, first.Add(time.Duration(night)*time.Hour + time.Duration(i)*time.Minute),
				platform[0], platform[1], 80<<20 + int64(night), hex.EncodeToString(sum[:]),
				"https://files.soak.example/" + name + ".bin", stability, 1000 + 7*night})
		}
	}
	newest := number/7 + releases
	for r := newest - releases; r < newest; r++ {
		add(fmt.Sprintf("%d.%d", 1+r/10, r%10), "release", 7*(r-releases))
	}
	for n := number; n < number+nights; n++ {
		add(fmt.Sprintf("%d.%d", 1+newest/10, newest%10), "nightly", n)
	}
	listed, err := json.Marshal(map[string]any{"version": 1, "packages": list})
	if err != nil {
		return nil, err
	}
	document, err := packagesjson.Decode("packages.json", listed)
	if err != nil {
		return nil, err
	}
	published, held := catalog.Publish(&p.Scheme, packagesjson.Spelling, document.Records(p.Project, p.Download))
	if len(held) > 0 {
		return nil, fmt.Errorf("generation %d: %s is held back: %s", number, held[0].ID, held[0].Reason)
	}
	index := lookup.New(lookup.NewSpec(&p.Scheme, p.Links), published)
	return &generation{number, listed, &redirect.Table{Index: index}}, nil
}

// kind is what sitegen stats export counts together.
type kind struct{ Day, Version, OS, Stability string }

func kindOf(day string, p *catalog.Package) kind {
	return kind{day, p.Version, string(p.OS), string(p.Stability())}
}
