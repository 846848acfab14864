package nginx

import (
	"maps"
	"slices"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// bitstreams writes files.conf: maps for the location in conf/server/bitstreams.conf, which find the id in a path and
// the URL of its file.
func bitstreams(n names, x *lookup.Index) output.File {
	t := text{names: n}
	writeID(&t, x.Spec().IDs)
	t.comment("The URL of the file.")
	urls := redirect.NewFileURLs(x.Packages())
	byID := `""`
	if len(urls.Mid) < len(x.Packages()) {
		byID = quote(urls.ByID.Join(n.own("${sitegen_bitstream}")))
	}
	if len(urls.Mid) == 0 {
		t.printf("map $sitegen_bitstream $sitegen_file_url { default %s; }\n", byID)
	} else {
		writeMiddles(&t, urls, byID)
	}
	t.comment(`
		The name of the package's JSON file. It is "-", which no file has, if these maps do not have the URL of the
		package yet: the package is newer than the last reload of Nginx.`)
	t.printf("map $sitegen_file_url $sitegen_record { \"\" -; default $sitegen_bitstream; }\n")
	return file("http/files.conf", `
		/bitstream/<id>: the id in the path, and the URL of the package's file. There is no list of ids: a package is
		published if the site has its JSON file.`, &t)
}

// writeMiddles writes the table of the URLs' middles, see redirect.FileURLs. An equals sign before each value
// distinguishes a package with an empty middle from one that is not in the table.
func writeMiddles(t *text, urls redirect.FileURLs, byID string) {
	t.block(t.own("map $sitegen_file $sitegen_file_url"),
		entry(`""`, byID), entry(regex(`^=([^\r\n]*)\z`), quote(urls.Rest.Join("$1"))))
	var pairs []pair
	for _, id := range slices.Sorted(maps.Keys(urls.Mid)) {
		pairs = append(pairs, pair{id, "=" + urls.Mid[id]})
	}
	h := hash{digit: t.own("$sitegen_bitstream_digit"), source: t.own("$sitegen_bitstream")}
	t.comment("The middle of the URL by id, after an equals sign." + h.explain(pairs))
	h.define(t, digitsFor(len(pairs)))
	h.table(t, t.own("$sitegen_file"), pairs)
}

// writeID writes the maps for $sitegen_bitstream, the id in the path. Hexadecimal ids are converted to lower case.
func writeID(t *text, form catalog.IDForm) {
	if form != catalog.HexIDs {
		t.printf("map $uri $sitegen_bitstream { %s $1; }\n", regex("^/bitstream/("+form.Pattern()+`)\z`))
		return
	}
	t.printf("map $uri $sitegen_bitstream_asked { %s $1; }\n", regex("^/bitstream/((?i:"+form.Pattern()+`))\z`))
	t.block(t.own("map $sitegen_bitstream_asked $sitegen_bitstream"),
		entry("default", t.own("$sitegen_bitstream_asked")), entry(regex("[A-F]"), t.own("$sitegen_lowered")))
	t.comment(`
		Converts an id with capital letters to lower case. Nginx has no function for that, but its maps ignore the case
		of keys. Each step looks up four digits: " 65A1B2…" becomes "65a1 B2…". The space marks the end of the converted
		part.`)
	const steps, each = 6, 4 // an id has 24 digits
	var digits, lowered string
	for i := range each {
		digits += t.own("(?<sitegen_hex%d>.)", i)
		lowered += t.own("$sitegen_lower%d", i)
		t.printf("map $sitegen_hex%d $sitegen_lower%[1]d { volatile; ", i)
		t.printf("default $sitegen_hex%d; a a; b b; c c; d d; e e; f f; }\n", i)
	}
	t.printf("map $sitegen_bitstream_asked $sitegen_lowered0 { default \" $sitegen_bitstream_asked\"; }\n")
	step := regex(t.own(`^(?<sitegen_done>[^ ]*) %s(?<sitegen_after>.*)\z`, digits))
	for i := range steps {
		t.printf("map $sitegen_lowered%d $sitegen_lowered%d ", i, i+1)
		t.printf("{ %s \"$sitegen_done%s $sitegen_after\"; }\n", step, lowered)
	}
	t.printf("map $sitegen_lowered%d $sitegen_lowered { %s $1; }\n", steps, regex(`^([0-9a-f]*) \z`))
}
