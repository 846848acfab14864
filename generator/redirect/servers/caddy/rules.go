package caddy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
)

// writeRules writes the maps of rules: {sitegen_status} and {sitegen_target}, empty when none matches.
//
// Exact rules without conditions are a list. The others are expressions over the values of the conditions' parameters
// and the path, "=7&=en /store", which are tried one after the other.
func writeRules(w *writer, rules *redirect.Rules) {
	w.section("The rules of rules.txt, the aliases of pages and links of retired servers. Exact paths come before " +
		"patterns.")
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
		if !slices.ContainsFunc(tried, func(row []string) bool { return row[0] == expression(re) }) { // a second one never matches
			tried = append(tried, []string{expression(re), fmt.Sprint(r.Status), "`" + target + "`"})
		}
	}
	w.mapping("{http.request.uri.path}", []string{"{sitegen_path}"}, []string{expression(`(?s)^(.*[^/])/?$`), "`${1}`"},
		[]string{"default", "/"})
	w.mapping("{sitegen_path}", []string{"{sitegen_status}", "{sitegen_target}"},
		append(list, []string{"default", quoted("{sitegen_tried_status}"), quoted("{sitegen_tried_target}")})...)
	w.mapping(source+" {http.request.uri.path}", []string{"{sitegen_tried_status}", "{sitegen_tried_target}"},
		append(tried, defaults(2))...)
}

// exactRules lists the rules without a pattern, those of one source after the other.
func exactRules(rules *redirect.Rules) (list []*redirect.Rule) {
	for _, r := range rules.All() {
		if !r.Pattern() && rules.Exact(r.Source)[0] == r {
			list = append(list, rules.Exact(r.Source)...)
		}
	}
	return list
}

// literal reports whether a rule needs no expression: it has no conditions, and its source is a token of a Caddyfile.
func literal(r *redirect.Rule) bool {
	return !r.Pattern() && len(r.Conditions) == 0 && !strings.ContainsAny(r.Source, "{}\\`")
}

// conditionNames lists the parameters that conditions compare.
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

// writeCondition writes the map of a parameter's value, after an equals sign. A value that no condition takes counts as
// none.
func writeCondition(w *writer, name string, i int) {
	w.parameter(name, numbered("condition_raw", i), numbered("condition_value", i))
	w.mapping(numbered("condition_value", i), []string{numbered("condition", i)},
		[]string{expression(`^(=` + redirect.Unreserved + `+)$`), "`${1}`"}, defaults(1))
}

// ruleExpression is the expression of a rule, and its target with references to the groups.
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

// withoutTokens writes what a Caddyfile would take for its own in another way.
func withoutTokens(re string) string {
	return strings.NewReplacer("\\{", `\x7B`, "\\}", `\x7D`, "`", `\x60`).Replace(re)
}
