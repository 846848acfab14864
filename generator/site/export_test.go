package site

import "github.com/Slicer/sitegen/generator/lookup"

// Objects describes all objects of the API.
func Objects(spec *lookup.Spec) []Object { return objects(spec) }

// Functions returns a call of each function of layouts, and its result in words.
func Functions() map[string]string {
	m := map[string]string{}
	for _, f := range functionTable("", nil) {
		m[f.use] = f.about
	}
	return m
}
