package nginx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// rules writes rules.conf, the maps that find the rule for a request, and encode.conf, if rules need it. They set
// $sitegen_rule to the first rule that matches, or to "" if none does; ruleText describes its form. The locations in
// server/files.conf and server/bitstreams.conf use it. rules adds an error to c for each rule that Nginx cannot read.
func rules(n names, r *redirect.Rules, c *redirect.Compilation) []output.File {
	w := &rulesWriter{text: text{names: n}, rules: r, found: c}
	w.comment("A dollar sign. In the value of a map, it would start the name of a variable.")
	w.printf("geo $sitegen_dollar { default \"$\"; }\n")
	w.exact()
	w.conditions()
	w.patterns()
	w.parameters()
	w.answers()
	rules := file("http/rules.conf", `
		The rules of rules.txt, the aliases of pages, and the links of retired servers. A rule has the form
		"status target". After the status, ! means that the rule comes before files, and ? that the query of the request
		is passed on to the target. The first rule that matches is used.`, &w.text)
	return append(encode(n, w.fromPath, w.fromQuery), rules)
}

// answers writes the variables that server/rules.conf uses.
func (w *rulesWriter) answers() {
	w.comment(`
		What a rule answers: its status, and the Location or the file of the site that it leads to. A Location never
		starts with two slashes, which would lead to another host. A file is "" if its name would be hidden.`)
	w.printf("map $uri $sitegen_index { default $uri; %s $1index.html; }\n", regex(`(?s)^(.*/)\z`))
	if slices.ContainsFunc(w.rules.All(), func(r *redirect.Rule) bool { return r.Force }) {
		w.printf("map $sitegen_rule $sitegen_rule_forced { %s 1; }\n", regex(`^\d+!`))
	} else { // requests for files need not look for a rule
		w.printf("geo $sitegen_rule_forced { default \"\"; }\n")
	}
	w.printf("map $sitegen_rule $sitegen_rule_status { %s $1; }\n", regex(`^(\d+)`))
	w.block(w.own("map $sitegen_rule $sitegen_rule_target"), entry(regex(`(?s)^\d+!? (.*)\z`), "$1"),
		entry(regex(`^\d+!?\? ([^#]*)(.*)\z`), `"$1$is_args$args$2"`))
	w.block(w.own("map $sitegen_rule_target $sitegen_rule_location"), entry(regex(`^//+([^\r\n]*)\z`), "/$1"),
		entry(regex(`^([^\r\n]*)\z`), "$1"))
	w.printf("map $sitegen_rule_target $sitegen_rule_file { %s $1; }\n",
		regex(`(?s)^(?!.*/\.(?!well-known(?:/|\z)))(/.*)\z`))
	w.block(w.own("map $sitegen_rule_file $sitegen_rule_missing"), entry("default", "/-/file"),
		entry(`""`, w.own("$sitegen_missing_page")))
	w.printf("map $sitegen_rule_status $sitegen_rule_cache { 200 \"public, max-age=300\"; default no-store; }\n")
	w.printf("map $request_uri $sitegen_missing_page { default $sitegen_not_found; %s /-/error/404-bitstream.html; }\n",
		regex("^/+bitstream/"))
}

// rulesWriter writes the parts of rules.conf.
type rulesWriter struct {
	text
	rules  *redirect.Rules
	groups [][]*redirect.Rule // rules for exact paths with conditions; groups[N] is in the map $sitegen_conditions_N
	asking []string           // the parameters that conditions use, each once
	found  *redirect.Compilation

	fromPath, fromQuery bool // some target needs text of the path, or of the query, percent-encoded
}

// exact writes the table of exact paths. If the rules of a path have conditions, its value is ?N, and the map
// $sitegen_conditions_N finds the rule.
func (w *rulesWriter) exact() {
	w.comment(`
		The path without a slash at its end. It is "" for a path with a line end: no rule has such a path, and the line
		after the line end could match a line of the lists below.`)
	w.printf("map $uri $sitegen_source { %s $1; }\n", regex(`^(/|[^\n]*[^/\n])/?\z`))
	var pairs []pair
	for _, source := range w.rules.Sources() {
		group := w.rules.Exact(source)
		value := ruleText(group[0], group[0].Expand(func(name string) string { return ":" + name }))
		if conditional(group[0]) {
			value = fmt.Sprintf("?%d", w.group(group))
		}
		pairs = append(pairs, pair{source, value})
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
//	    "~(?s)^/store\n=(?<sitegen_value_0>[…]+)&=en\z" "301? /en/blog/${sitegen_value_0}";
//	    "~(?s)^/store\n[^&\n]*&[^&\n]*\z" "301? /shop";
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
			target := w.target(r, func(name string) string { return w.conditionValue(r, name) })
			lines = append(lines, w.line(r, regexp.QuoteMeta(r.Source)+asked.expr(r), target))
		}
		lines = append(lines, entry("default", w.own("$sitegen_pattern")))
		w.list(w.own("map %s $sitegen_conditions_%d", asked.after(w.own("$sitegen_source")), i), lines...)
	}
}

// patterns writes the map of rules with placeholders or an asterisk in their path. Its key is the path as it was sent,
// the decoded path, and the parameters that conditions use, which have no line ends. A target gets percent-encoded text
// from the path as it was sent, because Nginx cannot encode text. If that has other segments than the decoded path, or
// its text is encoded in an unusual way, a rule matches the decoded path if nothing that its target uses needs to be
// encoded. For example, the rule
//
//	/docs/* /new/:splat
//
// becomes
//
//	map "$sitegen_encoded\n$uri" $sitegen_pattern {
//	    "~(?s)^(?|/docs(?:/([%…]*))?\n.*|[^\n]*\n/docs(?:/([…]*))?)\z" "301? /new/$1";
//	}
func (w *rulesWriter) patterns() {
	rules := w.rules.Patterns()
	asked := w.asked(rules)
	w.fromPath = slices.ContainsFunc(rules, needsEncoding)
	path, sent := "$uri", ""
	if w.fromPath {
		path, sent = w.own("$sitegen_encoded\n$uri"), `[^\n]*\n`
	}
	var lines []string
	for _, r := range rules {
		target := w.target(r, func(name string) string {
			if i := slices.Index(r.Names(), name); i >= 0 {
				return fmt.Sprintf("$%d", i+1)
			}
			return w.conditionValue(r, name)
		})
		expr := sent + r.Expr()
		if needsEncoding(r) {
			plain := r.ExprOf(regexp.QuoteMeta, "["+redirect.KeptInValue+"]", "["+redirect.KeptInPath+"]")
			expr = "(?|" + r.EncodedExpr() + `\n.*|` + sent + plain + ")"
		}
		lines = append(lines, w.line(r, expr+asked.expr(r), target))
	}
	w.comment("Patterns, in the order of rules.txt.")
	w.list(w.own("map %s $sitegen_pattern", asked.after(path)), lines...)
}

// needsEncoding reports whether a rule passes text of the path on to a URL.
func needsEncoding(r *redirect.Rule) bool { return r.Moved() && r.UsesPath() }

// target returns the target of a rule as the value of a map. value returns the variable of a placeholder.
func (w *rulesWriter) target(r *redirect.Rule, value func(name string) string) string {
	dollar := func(text string) string { return strings.ReplaceAll(text, "$", w.own("${sitegen_dollar}")) }
	return r.ExpandText(dollar, value)
}

// line returns the entry of a rule.
func (w *rulesWriter) line(r *redirect.Rule, expr, target string) string {
	key, value := regex(`(?s)^`+expr+`\z`), quote(ruleText(r, target))
	if max(len(key), len(value)) > maxToken {
		w.found.Fail(r.Written(), "the rule is longer than %d bytes, the most that Nginx reads; use fewer conditions",
			maxToken)
	}
	return entry(key, value)
}

// ruleText returns the value of a rule in the maps: "301? /new", or "404" for a rule without a target. After the
// status, "!" marks a rule that comes before files, and "?" one that passes the query on.
func ruleText(r *redirect.Rule, target string) string {
	text := fmt.Sprint(r.Status)
	if r.Force {
		text += "!"
	}
	if r.PassesQuery() {
		text += "?"
	}
	if target == "" {
		return text
	}
	return text + " " + target
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
	var list []string
	for _, i := range a.index {
		list = append(list, a.own("$sitegen_parameter_%d", i))
	}
	if len(list) == 0 {
		return quote(path)
	}
	return quote(path + "\n" + strings.Join(list, "&"))
}

// expr returns an expression for the part that after appends to the path. It matches if the conditions of the
// rule hold. The values are those of a file's name if the target is a file.
func (a askedParameters) expr(r *redirect.Rule) string {
	value := "[=%" + redirect.KeptInValue + "]"
	if !r.Moved() {
		value = redirect.Unreserved
	}
	var list []string
	for _, at := range a.index {
		expr := `[^&\n]*`
		for i, c := range r.Conditions {
			switch {
			case c.Name != a.all[at]:
			case c.Placeholder != "":
				expr = a.own("=(?<sitegen_value_%d>%s+)", i, value)
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
	for _, r := range w.rules.All() {
		w.fromQuery = w.fromQuery || slices.ContainsFunc(r.Conditions,
			func(c redirect.Condition) bool { return c.Placeholder != "" })
	}
	query := w.own("$sitegen_query")
	if w.fromQuery {
		query = w.own("$sitegen_encoded_query")
	}
	for i, name := range w.asking {
		expr := regex("(?:^|&)" + regexp.QuoteMeta(name) + `(?:=([^&]*))?(?=&|\z)`)
		w.printf("map %s $sitegen_parameter_%d { %s \"=$1\"; }\n", query, i, expr)
	}
}
