package nginx

import (
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// mergedSlashes is the maximum number of places of a path where slashes are merged or decoded.
const mergedSlashes = 8

// encodedBytes is the maximum number of characters of a path, and of a query, that are percent-encoded. Browsers send
// none that need it; curl does, if a person types them. Nginx evaluates at most a hundred variables that depend on each
// other.
const encodedBytes = 48

// encode writes encode.conf: $sitegen_encoded is the path of the request, and $sitegen_encoded_query its query, in
// which everything is percent-encoded that is not allowed in a target. Nginx has no function for that. Each map encodes
// the first such character; for example, with a path of two:
//
//	$sitegen_path       /wiki/a=b&c
//	$sitegen_path_1     /wiki/a%3Db&c
//	$sitegen_path_2     /wiki/a%3Db%26c
func encode(n names, path, query bool) []output.File {
	if !path && !query {
		return nil
	}
	w := encoder{text{names: n}}
	w.comment(w.own(`
		The percent-encoded form of $sitegen_byte: a percent sign and the digits of its number in base 16. In a query, a
		plus sign is a space.`))
	w.digits("$sitegen_byte_high", func(d int) string { return fmt.Sprintf(`\x%x0-\x%[1]xf`, d) })
	w.digits("$sitegen_byte_low", func(d int) string {
		var class strings.Builder
		for high := range 16 {
			fmt.Fprintf(&class, `\x%x%x`, high, d)
		}
		return class.String()
	})
	w.printf("map $sitegen_byte $sitegen_byte_path { volatile; default %%$sitegen_byte_high$sitegen_byte_low; }\n")
	w.printf("map $sitegen_byte $sitegen_byte_query { volatile; + %%20; default $sitegen_byte_path; }\n")
	if path {
		w.comment(w.own(`
			The path as it was sent, with slashes merged and decoded as in $uri, and without unnecessary escapes. It is
			"" if its segments are not those of $uri, because it has segments of dots. Patterns then match $uri, without
			characters to encode.`))
		w.printf("map $request_uri $sitegen_sent { %s $1; }\n", regex(`^([^?#]*)`))
		from := w.own("$sitegen_sent")
		for i := range mergedSlashes {
			to := w.own("$sitegen_sent_%d", i+1)
			w.printf("map %[1]s %[2]s { default %[1]s; %[3]s $1/$2; }\n", from, to,
				regex(`^(.*?)(?:/{2,}|/*%2[Ff](?:/|%2[Ff])*)(.*)\z`))
			from = to
		}
		w.unescape(from, w.own("$sitegen_sent_escaped"), w.own("$sitegen_sent_plain"))
		w.printf("map $sitegen_sent_plain $sitegen_path { default $sitegen_sent_plain; %s \"\"; }\n",
			regex(`//|%2[Ff]|/\.\.?(?:/|\z)`))
		w.chain(w.own("$sitegen_encoded"), w.own("$sitegen_path"), "%"+redirect.KeptInPath, w.own("$sitegen_byte_path"))
	}
	if query {
		w.comment("The query.")
		w.chain(w.own("$sitegen_encoded_query"), w.own("$sitegen_query"), "%&="+redirect.KeptInValue,
			w.own("$sitegen_byte_query"))
	}
	return []output.File{file("http/encode.conf", n.own(`
		Percent-encodes what rules pass on from the path or the query of a request to a target: $sitegen_encoded and
		$sitegen_encoded_query. Nginx has no function for that, so each map encodes one character. Most requests have
		nothing to encode.`), &w.text)}
}

type encoder struct{ text }

// digits writes a map from $sitegen_byte to one of its hexadecimal digits. class returns the bytes that have a digit.
func (w *encoder) digits(variable constant, class func(digit int) string) {
	w.printf("map $sitegen_byte %s {\n    volatile;\n", w.own(variable))
	for d := range 16 {
		w.printf("    %s %X;\n", regex("^["+class(d)+`]\z`), d)
	}
	w.printf("}\n")
}

// chain writes the maps that encode the characters of a source that are not in the class kept. The variable escape is
// what replaces a character.
func (w *encoder) chain(target, source, kept, escape string) {
	step := regex(w.own(`^(?<sitegen_head>[%s]*)(?<sitegen_byte>[^%[1]s])(?<sitegen_tail>.*)\z`, kept))
	value := quote(w.own("$sitegen_head%s$sitegen_tail", escape))
	w.printf("map %[1]s %[2]s { default %[1]s; %[3]s %[1]s_%[4]d; }\n", source, target, regex("[^"+kept+"]"),
		encodedBytes)
	from := source
	for i := range encodedBytes {
		to := fmt.Sprintf("%s_%d", source, i+1)
		w.printf("map %[1]s %[2]s { default %[1]s; %[3]s %[4]s; }\n", from, to, step, value)
		from = to
	}
}
