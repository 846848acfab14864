package caddy

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
)

// day matches the days of the calendar, years 0000 to 9999.
const day = `[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))` +
	`|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29`

// validValue is the expression of an equals sign and a decoded value that a parameter takes; "" when no value is right.
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

// parameter writes two maps for a parameter of a request: raw is its first value as sent, after an equals sign; value
// the same decoded. Both are empty when it is not given.
//
// Caddy decodes all values of a name and joins them with commas. What has no comma is one value; else the part before
// the first comma is the first value, if no comma was sent in it. Caddy drops values with bad escapes, so the raw value
// must have none; if it has, or has a comma, it counts as it was sent. A parameter whose name is sent with escapes has
// no raw value.
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

// query writes the maps that read a request to the download API.
type query struct {
	*writer
	spec *lookup.Spec
}

// parameters writes the maps that read the parameters of the download API. The state of each is a digit: 0 not given,
// 1 valid, 2 wrong.
func (w *query) parameters() {
	w.section("The parameters of the download API: their values as sent and decoded, after an equals sign, and their " +
		"states:\n0 not given, 1 valid, 2 wrong.")
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

func numbered(name string, i int) string { return fmt.Sprintf("{sitegen_%s_%d}", name, i) }

// request writes the maps of what the parameters mean together: the problem, if there is one, and what to find.
func (w *query) request() {
	w.section("What the request asks for. A problem is the parameter to blame; {sitegen_unsupported} is 1 for what " +
		"lists cannot answer.")
	parameters := w.spec.Parameters()
	at := func(i int) string { // a state is after the route and a blank
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

func findsWord(f lookup.Finds) string {
	return map[lookup.Finds]string{lookup.Newest: "newest", lookup.ByVersion: "version", lookup.ByRevision: "revision",
		lookup.ByClosestRevision: "closest", lookup.ByDate: "date"}[f]
}

// role is the value of the parameter with a role.
func (w *query) role(r lookup.Role) string {
	for i, p := range w.spec.Parameters() {
		if p.Role == r {
			return numbered("value", i)
		}
	}
	return ""
}

// choices writes the system, architecture and stability, with their defaults.
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

// values writes the version or revision to find: of the mode that is given, since there is one at most.
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
