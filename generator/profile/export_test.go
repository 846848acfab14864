package profile

import (
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/yamltext"
)

// DocumentedKeys returns the keys of a profile by the heading in docs/profile.md that they are under.
func DocumentedKeys() map[string][]string {
	names := func(keys yamltext.Keys) []string {
		var list []string
		for _, k := range keys {
			list = append(list, k.Name)
		}
		return list
	}
	r := &reader{p: &Profile{}}
	return map[string][]string{
		"The project":   names(r.keys()),
		"Systems":       append(names(systemKeys(&catalog.System{})), names(emulationKeys(&catalog.Emulation{}))...),
		"Architectures": names(architectureKeys(&catalog.Architecture{})),
		"Links":         names(linkKeys(&catalog.Link{})),
		"Resources":     names(resourceKeys(&Resource{})),
	}
}
