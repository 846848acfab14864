package site

import "github.com/Slicer/sitegen/generator/lookup"

// Objects describes all objects of the API.
func Objects(spec *lookup.Spec) []Object { return objects(spec) }
