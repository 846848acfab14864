package caddy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
)

// writeRules writes the maps of rules. They set {sitegen_status} and {sitegen_target}, which are empty if no rule
// matches.
//
// Exact rules without conditions are a list of paths. All other rules are regular expressions that Caddy tries in
// order. Their input is the values of all parameters that conditions use, and the path. For example, with the rule
//
//	/store id=:id lang=en /blog/:id
//
// the request /store?lang=en&id=7 has the input "=7&=en /store". The expression ^=([…]+)&=en /store/?$ matches it, and
// the target /blog/${1} becomes /blog/7.
func writeRules(w *writer, rules *redirect.Rules) {
	w.section("The rules of rules.txt, the aliases of pages and the links of retired servers. Exact paths come\n" +
		"before patterns.")
	names := conditionNames(rules)
	source := ""
	for i, name := range names {
		writeCondition(w, name, i)
		if i > 0 {
			source += "&"
		}
		source += numbered("condition", i)
	}
	var list, tried [][]string
	for _, r := range slices.Concat(exactRules(rules), rules.Patterns()) {
		if literal(r) && len(rules.Exact(r.Source)) == 1 {
			list = append(list, []string{quoted(r.Source), fmt.Sprint(r.Status), quoted(r.Target)})
			continue
		}
		re, target := ruleExpression(r, names)
		row := []string{expression(re), fmt.Sprint(r.Status), "`" + target + "`"}
		if !slices.ContainsFunc(tried, func(other []string) bool { return other[0] == row[0] }) {
			tried = append(tried, row) // a second rule with the same expression would never match
		}
	}
	w.mapping("{http.request.uri.path}", []string{"{sitegen_path}"}, []string{expression(`(?s)^(.*[^/])/?$`), "`${1}`"},
		[]string{"default", "/"})
	w.mapping("{sitegen_path}", []string{"{sitegen_status}", "{sitegen_target}"},
		append(list, []string{"default", quoted("{sitegen_tried_status}"), quoted("{sitegen_tried_target}")})...)
	w.mapping(source+" {http.request.uri.path}", []string{"{sitegen_tried_status}", "{sitegen_tried_target}"},
		append(tried, defaults(2))...)
}

// exactRules returns the rules without a pattern, grouped by source.
func exactRules(rules *redirect.Rules) (list []*redirect.Rule) {
	for _, r := range rules.All() {
		if !r.Pattern() && rules.Exact(r.Source)[0] == r {
			list = append(list, rules.Exact(r.Source)...)
		}
	}
	return list
}

// literal reports whether a rule can be a row of the list of paths: it is exact and has no conditions, and its source
// can be quoted as a token of a Caddyfile.
func literal(r *redirect.Rule) bool {
	return !r.Pattern() && len(r.Conditions) == 0 && !strings.ContainsAny(r.Source, "{}\\`")
}

// conditionNames returns the names of the parameters that conditions use.
func conditionNames(rules *redirect.Rules) (names []string) {
	for _, r := range rules.All() {
		for _, c := range r.Conditions {
			if !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

// writeCondition writes the maps of a parameter that conditions use: its value after an equals sign, or nothing if no
// condition can match the value.
func writeCondition(w *writer, name string, i int) {
	w.parameter(name, numbered("condition_raw", i), numbered("condition_value", i))
	w.mapping(numbered("condition_value", i), []string{numbered("condition", i)},
		[]string{expression(`^(=` + redirect.Unreserved + `+)$`), "`${1}`"}, defaults(1))
}

// ruleExpression returns the regular expression of a rule, and its target with references to the groups.
func ruleExpression(r *redirect.Rule, names []string) (re, target string) {
	groups := map[string]int{}
	var parts []string
	for _, name := range names {
		part := `[^& ]*`
		if i := slices.IndexFunc(r.Conditions, func(c redirect.Condition) bool { return c.Name == name }); i >= 0 {
			if c := r.Conditions[i]; c.Placeholder != "" {
				groups[c.Placeholder] = len(groups) + 1
				part = `=(` + redirect.Unreserved + `+)`
			} else {
				part = "=" + regexp.QuoteMeta(c.Value)
			}
		}
		parts = append(parts, part)
	}
	for _, name := range r.Names() {
		groups[name] = len(groups) + 1
	}
	path := strings.TrimPrefix(r.ExprOf(func(segment string) string { return segment }), "^")
	if r.Source == "/" {
		path = "/"
	}
	re = "^" + strings.Join(parts, "&") + " " + withoutTokens(path) + "$"
	return re, r.Expand(func(name string) string { return fmt.Sprintf("${%d}", groups[name]) })
}

// withoutTokens escapes the characters of an expression that have a meaning in a Caddyfile: braces and backquotes.
func withoutTokens(re string) string {
	return strings.NewReplacer("\\{", `\x7B`, "\\}", `\x7D`, "`", `\x60`).Replace(re)
}
