package caddy

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
)

// day matches the days of the calendar in the years 0000 to 9999: months of 31 days, months of 30 days, the first 28
// days of February, and 29 February in leap years.
const day = `[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])` +
	`|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)` +
	`|02-(?:0[1-9]|1[0-9]|2[0-8]))` +
	`|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29`

// validValue returns an expression that matches an equals sign and a valid, decoded value of a parameter. It returns ""
// if no value is valid.
func validValue(p *lookup.Parameter) string {
	switch p.Kind {
	case lookup.Choice:
		return `^=(?:` + strings.Join(p.Values, "|") + `)$`
	case lookup.Text:
		return `^=(?s:.)`
	case lookup.Natural:
		return `^= *\+?[0-9]+ *$`
	case lookup.Integer:
		return `^= *[-+]?[0-9]+ *$`
	case lookup.Day:
		return `^=(?:` + day + `)$`
	}
	return ""
}

// parameter writes two maps for a parameter of a request. They set raw to its first value as it was sent, and value to
// the same value decoded, both after an equals sign. Both are empty if the parameter is not given.
//
// Caddy's own placeholder, {http.request.uri.query.NAME}, holds all values of a name, decoded and joined with commas.
// It lacks values with invalid escapes. The map finds the first value in it with the help of the raw value. Its four
// rows, with an example of each for the parameter os:
//
//	query              placeholder   raw        value
//	os=w%69n           win           =w%69n     =win       one value without a comma
//	o%73=win           win                      =win       an encoded name has no raw value
//	os=win&os=linux    win,linux     =win       =win       no comma in the raw value: it ends at the first comma
//	os=a%2Cb           a,b           =a%2Cb     =a%2Cb     a comma or an invalid escape: the raw value, not decoded
func (w *writer) parameter(name, raw, value string) {
	w.mapping("{http.request.uri.query}", []string{raw},
		[]string{expression(`^(?:[^&]*&)*?` + regexp.QuoteMeta(name) + `(?:=([^&]*))?(?:&.*)?$`), "`=${1}`"},
		defaults(1))
	w.mapping("{http.request.uri.query."+name+"} "+raw, []string{value},
		[]string{expression(`(?s)^([^,]+) =(?:[^%;]|%[0-9A-Fa-f]{2})+$`), "`=${1}`"},
		[]string{expression(`(?s)^([^,]+) $`), "`=${1}`"},
		[]string{expression(`(?s)^([^,]*),.* =(?:[^%;,]|%[013-9A-Fa-f][0-9A-Fa-f]|%2[0-9ABD-Fabd-f])*$`), "`=${1}`"},
		[]string{expression(` (=.*)$`), "`${1}`"},
		defaults(1))
}

// query writes the maps that parse a request to the download API.
type query struct {
	*writer
	spec *lookup.Spec
}

// parameters writes the maps that parse the parameters of the download API. The state of a parameter is a digit: 0 not
// given, 1 valid, 2 invalid.
func (w *query) parameters() {
	w.section("The parameters of the download API: their raw and decoded values, after an equals sign, and their\n" +
		"states: 0 not given, 1 valid, 2 invalid.")
	for i, p := range w.spec.Parameters() {
		value := numbered("value", i)
		w.parameter(p.Name, numbered("raw", i), value)
		rows := [][]string{{`""`, "0"}}
		if re := validValue(&p); re != "" {
			rows = append(rows, []string{expression(re), "1"})
		}
		w.mapping(value, []string{numbered("state", i)}, append(rows, []string{"default", "2"})...)
	}
}

// numbered returns the placeholder of the i-th parameter or condition: {sitegen_value_0}.
func numbered(name string, i int) string { return fmt.Sprintf("{sitegen_%s_%d}", name, i) }

// request writes the maps that evaluate the parameters together. They set {sitegen_problem} to the invalid parameter,
// if there is one, and {sitegen_finds} to how the package is found.
//
// The input of these maps is the path, a space, and the states of all parameters in order. For example, let os be
// parameter 0, and version and revision the modes 5 and 6 of nine parameters. Then /find?os=win&version=5.2&revision=1
// has the input "/find 100001100". The row ^[^ ]* .{5}0*[12]0*[12] for mode 5 matches it: two digits from index 5 on
// are not zero, so the query has two modes. The problem is lookup.ManyModes.
func (w *query) request() {
	w.section("The parameters together. {sitegen_problem} is the invalid parameter, {sitegen_finds} the way to find\n" +
		"the package; {sitegen_unsupported} is 1 if lists cannot answer the request.")
	parameters := w.spec.Parameters()
	at := func(i int) string { // matches the input up to the state of parameter i
		return fmt.Sprintf(`^[^ ]* .{%d}`, i)
	}
	states := ""
	var problems, finds [][]string
	modes := false
	for i, p := range parameters {
		states += numbered("state", i)
		if p.Role == lookup.ModeRole {
			if !modes {
				modes = true
				problems = append(problems, []string{expression(at(i) + `0*[12]0*[12]`), lookup.ManyModes})
			}
			finds = append(finds, []string{expression(at(i) + `1`), findsWord(p.Finds)})
		}
		wrong := at(i) + `2`
		if p.Role == lookup.OSRole {
			wrong = `^(?:/|/findall) .{` + fmt.Sprint(i) + `}2|^(?:/find|/download) .{` + fmt.Sprint(i) + `}[02]`
		}
		problems = append(problems, []string{expression(wrong), p.Name})
	}
	w.mapping("{http.request.uri.path} "+states, []string{"{sitegen_problem}"}, append(problems, defaults(1))...)
	w.mapping("{http.request.uri.path} "+states, []string{"{sitegen_finds}"},
		append(finds, []string{"default", "newest"})...)
	w.mapping(states, []string{"{sitegen_given}"}, []string{expression("^0*$"), `""`}, []string{"default", "1"})
	w.choices()
	w.values()
	offset := w.role(lookup.OffsetRole)
	w.mapping("{http.request.uri.path} {sitegen_finds}"+offset, []string{"{sitegen_unsupported}"},
		[]string{expression(`^/(?:find|download) (?:newest|version|revision)(?:= *[-+]?0+ *)?$`), `""`},
		[]string{"default", "1"})
}

// findsWord returns the value of {sitegen_finds} for a way to find a package.
func findsWord(f lookup.Finds) string {
	return map[lookup.Finds]string{lookup.Newest: "newest", lookup.ByVersion: "version", lookup.ByRevision: "revision",
		lookup.ByClosestRevision: "closest", lookup.ByDate: "date"}[f]
}

// role returns the placeholder of the value of the parameter with a role, "" if there is no such parameter.
func (w *query) role(r lookup.Role) string {
	for i, p := range w.spec.Parameters() {
		if p.Role == r {
			return numbered("value", i)
		}
	}
	return ""
}

// choices writes the maps of the system, the architecture and the stability, with their defaults.
func (w *query) choices() {
	given := expression(`^=([^ ]+)`)
	w.mapping(w.role(lookup.OSRole), []string{"{sitegen_os}"}, []string{given, "`${1}`"}, defaults(1))
	w.mapping(w.role(lookup.ArchRole), []string{"{sitegen_arch}"}, []string{given, "`${1}`"},
		[]string{"default", string(w.spec.DefaultArch())})
	rows := [][]string{{given, "`${1}`"}}
	for _, f := range []lookup.Finds{lookup.ByVersion, lookup.ByRevision} {
		rows = append(rows, []string{quoted(" " + findsWord(f)), string(w.spec.DefaultStability(f))})
	}
	w.mapping(w.role(lookup.StabilityRole)+" {sitegen_finds}", []string{"{sitegen_stability}"},
		append(rows, []string{"default", string(w.spec.DefaultStability(lookup.Newest))})...)
}

// values writes the maps of the version and of the revision to find. Several parameters may select by version; a valid
// query has only one of them, so the concatenation of their values is the value of that one.
func (w *query) values() {
	for _, f := range []struct {
		finds lookup.Finds
		re    string
	}{
		{lookup.ByVersion, `^=([0-9A-Za-z._-]+)$`},
		{lookup.ByRevision, `^= *\+?0*([0-9]+) *$`},
	} {
		source := ""
		for i, p := range w.spec.Parameters() {
			if p.Role == lookup.ModeRole && p.Finds == f.finds {
				source += numbered("value", i)
			}
		}
		w.mapping(source+" ", []string{placeholder(findsWord(f.finds))},
			[]string{expression(strings.TrimSuffix(f.re, "$") + " $"), "`${1}`"}, defaults(1))
	}
}
