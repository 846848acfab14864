package nginx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// rules writes rules.conf, the maps that choose a rule. $sitegen_rule is "status target" of the rule that matches the
// path, "" when none does. The locations that ask for it are in files.conf and bitstreams.conf of the server. Rules
// that Nginx cannot read are findings of c.
func rules(r *redirect.Rules, c *redirect.Compilation) output.File {
	w := &rulesWriter{rules: r, found: c}
	w.comment("A dollar sign, which cannot be written in the value of a map.")
	w.printf("geo $sitegen_dollar { default \"$\"; }\n")
	w.exact()
	w.conditions()
	w.patterns()
	w.parameters()
	w.comment("The rule, by its status.")
	for _, status := range []int{301, 302, 307, 308, 200} {
		w.printf("map $sitegen_rule $sitegen_rule_%d { %s $1; }\n", status, regex(fmt.Sprintf(`^%d (.*)\z`, status)))
	}
	for _, status := range []int{404, 410} {
		w.printf("map $sitegen_rule $sitegen_rule_%d { %d 1; }\n", status, status)
	}
	return file("http/rules.conf", `
		The rules of rules.txt, the aliases of pages, and links of servers that are retired.
		A rule is "status target". Exact paths come before patterns; of each the first that matches counts.`, &w.text)
}

// rulesWriter writes rules.conf part by part.
type rulesWriter struct {
	text
	rules  *redirect.Rules
	groups [][]*redirect.Rule // rules of exact paths with conditions, by the map that they are in
	names  []string           // of the parameters that conditions ask for, each once
	found  *redirect.Compilation
}

// exact writes the table of paths. The value of a path whose rules have conditions is ?N: the map $sitegen_conditions_N
// goes on.
func (w *rulesWriter) exact() {
	w.comment(`
		The path without a slash at its end; "" for one with a line end, which no rule has and which could be taken for a
		line of the list below.`)
	w.printf("map $uri $sitegen_source { %s $1; }\n", regex(`^(/|[^\n]*[^/\n])/?\z`))
	var pairs []pair
	seen := map[string]bool{}
	for _, r := range w.rules.All() {
		if r.Pattern() || seen[r.Source] {
			continue
		}
		seen[r.Source] = true
		value := ruleText(r, r.Target)
		if group := w.rules.Exact(r.Source); slices.ContainsFunc(group, conditional) {
			value = fmt.Sprintf("?%d", w.group(group))
		}
		pairs = append(pairs, pair{r.Source, value})
	}
	h := hash{name: "source_digit", source: "$sitegen_source"}
	about := "The rules of exact paths."
	if len(w.groups) > 0 {
		about += " The value ?0 stands for rules with conditions, in $sitegen_conditions_0."
	}
	w.comment(about + h.explain(pairs))
	h.define(&w.text, digitsFor(len(pairs)))
	h.table(&w.text, "$sitegen_exact", pairs)
	lines := []string{entry("default", "$sitegen_exact"), entry(`""`, "$sitegen_pattern")}
	for i := range w.groups {
		lines = append(lines, entry(fmt.Sprintf("?%d", i), fmt.Sprintf("$sitegen_conditions_%d", i)))
	}
	w.block("map $sitegen_exact $sitegen_rule", lines...)
}

func conditional(r *redirect.Rule) bool { return len(r.Conditions) > 0 }

// perMap is how many rules with conditions a map has. Nginx tries their expressions one after the other, some ten of
// them in a microsecond. The rules of one path stay together.
const perMap = 100

// group adds the rules of one path to a map of conditions and returns its number.
func (w *rulesWriter) group(rules []*redirect.Rule) int {
	if end := slices.IndexFunc(rules, func(r *redirect.Rule) bool { return !conditional(r) }); end >= 0 {
		rules = rules[:end+1] // what comes after it is never reached
	}
	last := len(w.groups) - 1
	if last < 0 || len(w.groups[last])+len(rules) > perMap {
		w.groups = append(w.groups, nil)
		last++
	}
	w.groups[last] = append(w.groups[last], rules...)
	return last
}

// conditions writes the maps of rules with conditions on the query. The first expression that matches the path and the
// parameters of the map's rules counts. For instance, these rules
//
//	/store id=:id lang=en  /en/blog/:id
//	/store                 /shop
//
// become
//
//	map "$sitegen_source\n$sitegen_parameter_0&$sitegen_parameter_1" $sitegen_conditions_0 {
//	    "~^/store\n=(?<sitegen_value_0>[A-Za-z0-9._~-]+)&=en\z" "301 /en/blog/${sitegen_value_0}";
//	    "~^/store\n[^&\n]*&[^&\n]*\z" "301 /shop";
//	    default $sitegen_pattern;
//	}
func (w *rulesWriter) conditions() {
	if len(w.groups) > 0 {
		w.comment(`
			Rules with conditions on the query, by path and parameters. "" is a parameter that is not there, "=" one that is
			empty.`)
	}
	for i, rules := range w.groups {
		asked := w.asked(rules)
		var lines []string
		for _, r := range rules {
			target := r.Expand(func(name string) string { return conditionValue(r, name) })
			lines = append(lines, w.line(r, "^"+regexp.QuoteMeta(r.Source)+asked.expr(r), target))
		}
		lines = append(lines, entry("default", "$sitegen_pattern"))
		w.list(fmt.Sprintf("map %s $sitegen_conditions_%d", asked.after("$sitegen_source"), i), lines...)
	}
}

// patterns writes the map of rules with placeholders in their path.
func (w *rulesWriter) patterns() {
	rules := w.rules.Patterns()
	asked := w.asked(rules)
	var lines []string
	for _, r := range rules {
		target := r.Expand(func(name string) string {
			if i := slices.Index(r.Names(), name); i >= 0 {
				return fmt.Sprintf("$%d", i+1)
			}
			return conditionValue(r, name)
		})
		lines = append(lines, w.line(r, r.Expr()+asked.expr(r), target))
	}
	w.comment("Patterns, in the order of rules.txt.")
	w.list("map "+asked.after("$uri")+" $sitegen_pattern", lines...)
}

// line writes the entry of a rule.
func (w *rulesWriter) line(r *redirect.Rule, expr, target string) string {
	key, value := regex(expr+`\z`), quote(ruleText(r, target))
	if max(len(key), len(value)) > maxToken {
		w.found.Fail(r, "the rule is longer than the %d bytes that Nginx reads at once; use fewer conditions", maxToken)
	}
	return entry(key, value)
}

// ruleText is what maps have for a rule.
func ruleText(r *redirect.Rule, target string) string {
	if target == "" {
		return fmt.Sprint(r.Status)
	}
	return fmt.Sprintf("%d %s", r.Status, target)
}

// conditionValue is the variable that holds what a placeholder of a condition stands for. Unlike $1 and so on, which
// hold what those of the path stand for, there may be more than nine of them.
func conditionValue(r *redirect.Rule, name string) string {
	i := slices.IndexFunc(r.Conditions, func(c redirect.Condition) bool { return c.Placeholder == name })
	return fmt.Sprintf("${sitegen_value_%d}", i)
}

// askedParameters is the parameters that the conditions of some rules name, by their index among those of all rules.
type askedParameters struct {
	all   []string
	index []int
}

// asked lists the parameters of rules.
func (w *rulesWriter) asked(rules []*redirect.Rule) askedParameters {
	var list []int
	for _, r := range rules {
		for _, c := range r.Conditions {
			i := slices.Index(w.names, c.Name)
			if i < 0 {
				i = len(w.names)
				w.names = append(w.names, c.Name)
			}
			if !slices.Contains(list, i) {
				list = append(list, i)
			}
		}
	}
	return askedParameters{w.names, list}
}

// after writes the parameters after a path, which is a variable, and a line end.
func (a askedParameters) after(path string) string {
	if len(a.index) == 0 {
		return path
	}
	var list []string
	for _, i := range a.index {
		list = append(list, fmt.Sprintf("$sitegen_parameter_%d", i))
	}
	return quote(path + "\n" + strings.Join(list, "&"))
}

// expr is the expression for what after adds to the path that meets the conditions of a rule.
func (a askedParameters) expr(r *redirect.Rule) string {
	var list []string
	for _, at := range a.index {
		expr := `[^&\n]*`
		for i, c := range r.Conditions {
			switch {
			case c.Name != a.all[at]:
			case c.Placeholder != "":
				expr = fmt.Sprintf("=(?<sitegen_value_%d>%s+)", i, redirect.Unreserved)
			default:
				expr = "=" + regexp.QuoteMeta(c.Value)
			}
		}
		list = append(list, expr)
	}
	if len(list) == 0 {
		return ""
	}
	return `\n` + strings.Join(list, "&")
}

// parameters writes the maps that read the parameters of conditions: "" for one that is not there.
func (w *rulesWriter) parameters() {
	if len(w.names) > 0 {
		w.comment("The parameters that conditions ask for.")
	}
	for i, name := range w.names {
		expr := regex("(?:^|&)" + regexp.QuoteMeta(name) + `(?:=([^&]*))?(?=&|\z)`)
		w.printf("map $sitegen_query $sitegen_parameter_%d { %s \"=$1\"; }\n", i, expr)
	}
}
