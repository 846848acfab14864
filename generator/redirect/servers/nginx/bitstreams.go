package nginx

import (
	"fmt"
	"maps"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// bitstreams writes files.conf for the location in conf/server/bitstreams.conf: which id a path asks for, and where
// its file is fetched.
func bitstreams(x *lookup.Index) output.File {
	var t text
	writeID(&t, x.Spec().IDs)
	t.comment("Where the file is fetched.")
	urls := redirect.NewFileURLs(x.Packages())
	byID := `""`
	if len(urls.Mid) < len(x.Packages()) {
		byID = quote(urls.ByID.Join("${sitegen_bitstream}"))
	}
	if len(urls.Mid) == 0 {
		t.printf("map $sitegen_bitstream $sitegen_file_url { default %s; }\n", byID)
	} else {
		writeMiddles(&t, urls, byID)
	}
	return file("http/files.conf", `
		/bitstream/<id>: the id that a path asks for, and where the file of its package is fetched. There is no list of
		ids: an id is published if there is a record of it.`, &t)
}

// writeMiddles writes the URLs that differ from package to package in more than the id. The equals sign tells an empty
// middle from none.
func writeMiddles(t *text, urls redirect.FileURLs, byID string) {
	t.block("map $sitegen_file $sitegen_file_url",
		entry(`""`, byID), entry(regex(`^=(.*)\z`), quote(urls.Rest.Join("$1"))))
	var pairs []pair
	for _, id := range slices.Sorted(maps.Keys(urls.Mid)) {
		pairs = append(pairs, pair{id, "=" + urls.Mid[id]})
	}
	h := hash{name: "bitstream_digit", source: "$sitegen_bitstream"}
	t.comment("The middle of the URL, by id, after an equals sign." + h.explain(pairs))
	h.define(t, digitsFor(len(pairs)))
	h.table(t, "$sitegen_file", pairs)
}

// writeID writes $sitegen_bitstream: the id that a path asks for, as the catalogue spells it.
func writeID(t *text, form catalog.IDForm) {
	if form != catalog.HexIDs {
		t.printf("map $uri $sitegen_bitstream { %s $1; }\n", regex("^/bitstream/("+form.Pattern()+`)\z`))
		return
	}
	t.printf("map $uri $sitegen_bitstream_asked { %s $1; }\n", regex("^/bitstream/((?i:"+form.Pattern()+`))\z`))
	t.block("map $sitegen_bitstream_asked $sitegen_bitstream",
		entry("default", "$sitegen_bitstream_asked"), entry(regex("[A-F]"), "$sitegen_lowered"))
	t.comment(`
		Hexadecimal digits count in either case, and Nginx cannot lower a capital, but its maps ignore the case of keys.
		So each step looks four digits up: " 65A1B2…" becomes "65a1 B2…", where the blank marks how far the id is done.
		Only ids with capitals are asked for here.`)
	const steps, each = 6, 4 // 24 digits
	var digits, lowered string
	for i := range each {
		digits += fmt.Sprintf("(?<sitegen_hex%d>.)", i)
		lowered += fmt.Sprintf("$sitegen_lower%d", i)
		t.printf("map $sitegen_hex%d $sitegen_lower%[1]d { volatile; ", i)
		t.printf("default $sitegen_hex%d; a a; b b; c c; d d; e e; f f; }\n", i)
	}
	t.printf("map $sitegen_bitstream_asked $sitegen_lowered0 { default \" $sitegen_bitstream_asked\"; }\n")
	step := regex(`^(?<sitegen_done>[^ ]*) ` + digits + `(?<sitegen_after>.*)\z`)
	for i := range steps {
		t.printf("map $sitegen_lowered%d $sitegen_lowered%d ", i, i+1)
		t.printf("{ %s \"$sitegen_done%s $sitegen_after\"; }\n", step, lowered)
	}
	t.printf("map $sitegen_lowered%d $sitegen_lowered { %s $1; }\n", steps, regex(`^(.*) \z`))
}
