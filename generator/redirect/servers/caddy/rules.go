package caddy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
)

// writeRules writes the maps of rules. They set {sitegen_status}, {sitegen_flags}, {sitegen_target} and
// {sitegen_fragment}, which are empty if no rule matches. The flags are "!" for a rule that comes before files and "?"
// for one that passes the query on.
//
// Exact rules without conditions are a list of paths. All other rules are regular expressions that Caddy tries in
// order. Their input is the values of all parameters that conditions use, the path, and, after a line end, the
// percent-encoded path. For example, with the rule
//
//	/store/:x id=:id lang=en /blog/:id/:x
//
// the request /store/a%20b?lang=en&id=7 has the input "=7&=en /store/a b\n/store/a%20b". The text of a target comes
// from the percent-encoded path, here a%20b, because Caddy cannot encode text. If the encoded path has another form,
// for instance /%73tore/a, the rule matches the decoded path if nothing that its target uses needs to be encoded.
func writeRules(w *writer, rules *redirect.Rules) {
	w.section("The rules of rules.txt, the aliases of pages and the links of retired servers. Exact paths are\n" +
		"looked up first; where a pattern comes before one in rules.txt, it is among them.")
	used := usedParameters(rules)
	var sources []string
	for i, u := range used {
		w.condition(u, i)
		sources = append(sources, numbered("condition", i))
	}
	source := strings.Join(sources, "&")
	var list, tried [][]string
	seen := map[string]bool{}
	try := func(r *redirect.Rule) {
		// Caddy refuses the same expression twice; the second rule would never match.
		if row := expressionRow(r, used); !seen[row[0]] {
			seen[row[0]] = true
			tried = append(tried, row)
		}
	}
	for _, source := range rules.Sources() {
		for _, r := range rules.Exact(source) {
			if literal(r) && len(rules.Exact(source)) == 1 {
				list = append(list, row(quoted(source), r, quoted,
					r.Expand(func(name string) string { return ":" + name })))
				continue
			}
			try(r)
		}
	}
	for _, r := range rules.Patterns() {
		try(r)
	}
	w.mapping("{http.request.uri.path}", []string{"{sitegen_path}"}, []string{expression(`(?s)^(.*[^/])/?$`), "`${1}`"},
		[]string{"default", "/"})
	w.mapping("{http.request.uri}", []string{"{sitegen_encoded}"}, []string{expression(`^([^?]*)`), "`${1}`"},
		defaults(1))
	outputs := []string{"status", "flags", "target", "fragment"}
	next := []string{"default"}
	var found, other []string
	for _, o := range outputs {
		found, other = append(found, placeholder(o)), append(other, placeholder("tried", o))
		next = append(next, quoted(placeholder("tried", o)))
	}
	w.mapping("{sitegen_path}", found, append(list, next)...)
	w.mapping(source+" {http.request.uri.path}\n{sitegen_encoded}", other, append(tried, defaults(len(outputs)))...)
	w.mapping("{sitegen_target}", []string{"{sitegen_location}"}, []string{expression(`^//+(.*)$`), "`/${1}`"},
		[]string{"default", quoted("{sitegen_target}")})
	w.mapping("{sitegen_flags} {http.request.uri.query}", []string{"{sitegen_passed}"},
		[]string{expression(`^!?\? (.+)$`), "`?${1}`"}, defaults(1))
}

// row returns the row of a map for a rule: the key, and the outputs. quote quotes each of them.
func row(key string, r *redirect.Rule, quote func(string) string, target string) []string {
	flags, fragment := "", ""
	if r.Force {
		flags += "!"
	}
	if r.PassesQuery() {
		flags += "?"
	}
	if at := strings.IndexByte(target, '#'); at >= 0 {
		target, fragment = target[:at], target[at:]
	}
	return []string{key, fmt.Sprint(r.Status), quote(flags), quote(target), quote(fragment)}
}

// literal reports whether a rule can be a row of the list of paths: it is exact and has no conditions, and its source
// can be quoted as a token of a Caddyfile.
func literal(r *redirect.Rule) bool {
	return len(r.Conditions) == 0 && !strings.ContainsAny(r.Source+r.Target, "{}\\`\"")
}

// parameter is a parameter that conditions use: decoded, to compare it with a value, or as it was sent, for a target.
type parameter struct {
	name string
	sent bool
}

// of returns the parameter that a condition uses.
func of(c redirect.Condition) parameter { return parameter{c.Name, c.Placeholder != ""} }

// usedParameters returns the parameters that conditions use.
func usedParameters(rules *redirect.Rules) (list []parameter) {
	for _, r := range rules.All() {
		for _, c := range r.Conditions {
			if !slices.Contains(list, of(c)) {
				list = append(list, of(c))
			}
		}
	}
	return list
}

// condition writes the maps of a parameter that conditions use: its value after an equals sign, or nothing if no
// condition can match the value.
func (w *writer) condition(p parameter, i int) {
	raw, decoded := numbered("condition_raw", i), numbered("condition_value", i)
	w.parameter(p.name, raw, decoded)
	plain := []string{expression(` (=` + redirect.Unreserved + `+)$`), "`${1}`"}
	if p.sent {
		sent := []string{expression(`^(=` + value + `+) `), "`${1}`"}
		w.mapping(raw+" "+decoded, []string{numbered("condition", i)}, sent, plain, defaults(1))
		return
	}
	w.mapping(" "+decoded, []string{numbered("condition", i)}, plain, defaults(1))
}

// expressionRow returns the row of a rule in the list of expressions.
func expressionRow(r *redirect.Rule, used []parameter) []string {
	groups := map[string]string{} // references to the groups of each placeholder
	n := 0
	group := func(name string) {
		n++
		groups[name] += fmt.Sprintf("${%d}", n)
	}
	var parts []string
	for _, u := range used {
		part := `[^& ]*`
		if i := slices.IndexFunc(r.Conditions, func(c redirect.Condition) bool { return of(c) == u }); i >= 0 {
			switch c := r.Conditions[i]; {
			case c.Placeholder == "":
				part = "=" + regexp.QuoteMeta(c.Value)
			case r.Moved():
				part = `=(` + value + `+)`
				group(c.Placeholder)
			default:
				part = `=(` + redirect.Unreserved + `+)`
				group(c.Placeholder)
			}
		}
		parts = append(parts, part)
	}
	decoded := func(one, any string) string {
		for _, name := range r.Names() {
			group(name)
		}
		if r.Source == "/" {
			return "/"
		}
		return r.ExprOf(regexp.QuoteMeta, one, any)
	}
	var path string
	if r.UsesPath() {
		path = decoded("["+redirect.KeptInValue+"]", "["+redirect.KeptInPath+"]") + `\n.*`
		for _, name := range r.Names() {
			group(name)
		}
		one, any := encodedClasses(r)
		path = "(?:" + path + `|.*\n` + r.EncodedExprOf(one, any) + ")"
	} else {
		path = decoded(`[^/]`, `.`) + `\n[^\n]*`
	}
	re := "(?s)^" + strings.Join(parts, "&") + " " + withoutTokens(path) + "$"
	inBackquotes := func(text string) string { return "`" + text + "`" }
	dollar := func(text string) string { return strings.ReplaceAll(text, "$", "$$") }
	return row(expression(re), r, inBackquotes, r.ExpandText(dollar, func(name string) string { return groups[name] }))
}

// value matches a character, or an escape, that a target can contain as the client sent it.
const value = `(?:[` + redirect.KeptInValue + `]|%[0-9A-Fa-f]{2})`

// encodedClasses returns the classes of characters that a placeholder and an asterisk match in the percent-encoded
// path. Go's encoding keeps some characters that mean something in a query; where a target uses text of the path in its
// query, they are not matched. An encoded slash is not matched either, because it is a slash in the decoded path.
func encodedClasses(r *redirect.Rule) (one, any string) {
	more := "$&+;="
	if strings.ContainsAny(r.Target, "?#") {
		more = ""
	}
	const escape = `%[013-9A-Fa-f][0-9A-Fa-f]|%2[0-9A-Ea-e]`
	return `(?:[` + more + redirect.KeptInValue + `]|` + escape + `)`,
		`(?:[` + more + redirect.KeptInPath + `]|` + escape + `)`
}

// withoutTokens escapes the characters of an expression that have a meaning in a Caddyfile: braces and backquotes.
func withoutTokens(re string) string {
	return strings.NewReplacer("\\{", `\x7B`, "\\}", `\x7D`, "`", `\x60`).Replace(re)
}
