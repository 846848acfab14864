package nginx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// rules writes rules.conf, the maps that find the rule for a request. They set $sitegen_rule to "status target" of the
// first rule that matches, or to "" if none does. The locations in server/files.conf and server/bitstreams.conf use it.
// rules adds an error to c for each rule that Nginx cannot read.
func rules(n names, r *redirect.Rules, c *redirect.Compilation) output.File {
	w := &rulesWriter{text: text{names: n}, rules: r, found: c}
	w.comment("A dollar sign. In the value of a map, it would start the name of a variable.")
	w.printf("geo $sitegen_dollar { default \"$\"; }\n")
	w.exact()
	w.conditions()
	w.patterns()
	w.parameters()
	w.comment("The target of the rule, in one variable for each status.")
	for _, status := range []int{301, 302, 307, 308, 200} {
		target := regex(fmt.Sprintf(`^%d ([^\r\n]*)\z`, status))
		w.printf("map $sitegen_rule $sitegen_rule_%d { %s $1; }\n", status, target)
	}
	for _, status := range []int{404, 410} {
		w.printf("map $sitegen_rule $sitegen_rule_%d { %d 1; }\n", status, status)
	}
	return file("http/rules.conf", `
		The rules of rules.txt, the aliases of pages, and the links of retired servers. A rule has the form
		"status target". Exact paths come before patterns, and the first rule that matches is used.`, &w.text)
}

// rulesWriter writes the parts of rules.conf.
type rulesWriter struct {
	text
	rules  *redirect.Rules
	groups [][]*redirect.Rule // rules for exact paths with conditions; groups[N] is in the map $sitegen_conditions_N
	asking []string           // the parameters that conditions use, each once
	found  *redirect.Compilation
}

// exact writes the table of exact paths. If the rules of a path have conditions, its value is ?N, and the map
// $sitegen_conditions_N finds the rule.
func (w *rulesWriter) exact() {
	w.comment(`
		The path without a slash at its end. It is "" for a path with a line end: no rule has such a path, and the line
		after the line end could match a line of the lists below.`)
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
	h := hash{digit: w.own("$sitegen_source_digit"), source: w.own("$sitegen_source")}
	about := "The rules of exact paths."
	if len(w.groups) > 0 {
		about += w.own(`
			The value ?0 means that the rules of the path have conditions; they are in $sitegen_conditions_0.`)
	}
	w.comment(about + h.explain(pairs))
	h.define(&w.text, digitsFor(len(pairs)))
	h.table(&w.text, w.own("$sitegen_exact"), pairs)
	lines := []string{entry("default", w.own("$sitegen_exact")), entry(`""`, w.own("$sitegen_pattern"))}
	for i := range w.groups {
		lines = append(lines, entry(fmt.Sprintf("?%d", i), w.own("$sitegen_conditions_%d", i)))
	}
	w.block(w.own("map $sitegen_exact $sitegen_rule"), lines...)
}

// conditional reports whether a rule has conditions.
func conditional(r *redirect.Rule) bool { return len(r.Conditions) > 0 }

// perMap is the maximum number of rules with conditions in a map, unless a single path has more. Nginx tries their
// expressions one after the other, about ten in a microsecond.
const perMap = 100

// group adds the rules of one path to a group and returns the number of the group.
func (w *rulesWriter) group(rules []*redirect.Rule) int {
	if end := slices.IndexFunc(rules, func(r *redirect.Rule) bool { return !conditional(r) }); end >= 0 {
		rules = rules[:end+1] // a rule without conditions always matches; the rules after it never do
	}
	last := len(w.groups) - 1
	if last < 0 || len(w.groups[last])+len(rules) > perMap {
		w.groups = append(w.groups, nil)
		last++
	}
	w.groups[last] = append(w.groups[last], rules...)
	return last
}

// conditions writes the maps of rules with conditions on the query. Nginx uses the first expression that matches the
// path and the parameters that the rules of the map use. For example, these rules
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
			Rules with conditions on the query. The key is the path and the parameters, which are "" if the query does
			not have them and "=" if they are empty.`)
	}
	for i, rules := range w.groups {
		asked := w.asked(rules)
		var lines []string
		for _, r := range rules {
			target := r.Expand(func(name string) string { return w.conditionValue(r, name) })
			lines = append(lines, w.line(r, "^"+regexp.QuoteMeta(r.Source)+asked.expr(r), target))
		}
		lines = append(lines, entry("default", w.own("$sitegen_pattern")))
		w.list(w.own("map %s $sitegen_conditions_%d", asked.after(w.own("$sitegen_source")), i), lines...)
	}
}

// patterns writes the map of rules with placeholders or an asterisk in their path.
func (w *rulesWriter) patterns() {
	rules := w.rules.Patterns()
	asked := w.asked(rules)
	var lines []string
	for _, r := range rules {
		target := r.Expand(func(name string) string {
			if i := slices.Index(r.Names(), name); i >= 0 {
				return fmt.Sprintf("$%d", i+1)
			}
			return w.conditionValue(r, name)
		})
		lines = append(lines, w.line(r, r.Expr()+asked.expr(r), target))
	}
	w.comment("Patterns, in the order of rules.txt.")
	w.list(w.own("map %s $sitegen_pattern", asked.after("$uri")), lines...)
}

// line returns the entry of a rule.
func (w *rulesWriter) line(r *redirect.Rule, expr, target string) string {
	key, value := regex(expr+`\z`), quote(ruleText(r, target))
	if max(len(key), len(value)) > maxToken {
		w.found.Fail(r, "the rule is longer than %d bytes, the most that Nginx reads; use fewer conditions", maxToken)
	}
	return entry(key, value)
}

// ruleText returns the value of a rule in the maps: "301 /new", or "404" for a rule without a target.
func ruleText(r *redirect.Rule, target string) string {
	if target == "" {
		return fmt.Sprint(r.Status)
	}
	return fmt.Sprintf("%d %s", r.Status, target)
}

// conditionValue returns the variable that holds the value of a placeholder in a condition. The placeholders of the
// path are $1 to $9; conditions may have more than nine placeholders, so theirs have names.
func (n names) conditionValue(r *redirect.Rule, name string) string {
	i := slices.IndexFunc(r.Conditions, func(c redirect.Condition) bool { return c.Placeholder == name })
	return n.own("${sitegen_value_%d}", i)
}

// askedParameters holds the parameters that the conditions of some rules use.
type askedParameters struct {
	names
	all   []string // the parameters of all rules
	index []int    // indexes in all
}

// asked returns the parameters that the conditions of rules use.
func (w *rulesWriter) asked(rules []*redirect.Rule) askedParameters {
	var list []int
	for _, r := range rules {
		for _, c := range r.Conditions {
			i := slices.Index(w.asking, c.Name)
			if i < 0 {
				i = len(w.asking)
				w.asking = append(w.asking, c.Name)
			}
			if !slices.Contains(list, i) {
				list = append(list, i)
			}
		}
	}
	return askedParameters{w.text.names, w.asking, list}
}

// after returns the source of a map: the variable path, a line end, and the parameters with ampersands between them.
func (a askedParameters) after(path string) string {
	if len(a.index) == 0 {
		return path
	}
	var list []string
	for _, i := range a.index {
		list = append(list, a.own("$sitegen_parameter_%d", i))
	}
	return quote(path + "\n" + strings.Join(list, "&"))
}

// expr returns an expression for the part that after appends to the path. It matches if the conditions of the rule
// hold.
func (a askedParameters) expr(r *redirect.Rule) string {
	var list []string
	for _, at := range a.index {
		expr := `[^&\n]*`
		for i, c := range r.Conditions {
			switch {
			case c.Name != a.all[at]:
			case c.Placeholder != "":
				expr = a.own("=(?<sitegen_value_%d>%s+)", i, redirect.Unreserved)
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

// parameters writes the maps that extract the parameters of conditions from the query.
func (w *rulesWriter) parameters() {
	if len(w.asking) > 0 {
		w.comment("The parameters that conditions use.")
	}
	for i, name := range w.asking {
		expr := regex("(?:^|&)" + regexp.QuoteMeta(name) + `(?:=([^&]*))?(?=&|\z)`)
		w.printf("map $sitegen_query $sitegen_parameter_%d { %s \"=$1\"; }\n", i, expr)
	}
}
