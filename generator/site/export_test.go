package site

import (
	"bytes"
	"testing"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/language"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Objects describes all objects of the API.
func Objects(spec *lookup.Spec) []Object { return objects(spec) }

// Functions returns a call of each function of layouts, and its result in words.
func Functions() map[string]string {
	m := map[string]string{}
	for _, f := range functionTable("", nil, &locale{Table: &language.Table{}}) {
		m[f.use] = f.about
	}
	return m
}

// CheckInsert checks that inserting values changes nothing but the values in a text.
func CheckInsert(t *testing.T, text []byte) {
	in := &inserter{site: &Site{BaseURL: "https://x"}, latest: func(catalog.OS) string { return "/latest" }}
	filled, _ := in.insert(text, func(int) fault.Place { return fault.Place{} })
	if !insertRE.Match(text) && !bytes.Equal(filled, text) {
		t.Errorf("%q has become %q", text, filled)
	}
}

// TextKeys returns the keys of all texts.
func TextKeys(t *testing.T) map[string]bool {
	l, _, _, err := readLanguages(Input{Layouts: sitegen.Layouts()})
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, key := range l[0].Keys() {
		keys[key] = true
	}
	return keys
}
