package nginx

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
)

// tailLength is how much of a path's end is its key in the map of exact rules, in bytes. With the default
// bucket size Nginx takes keys of 46 bytes (platforms.md section 1.1).
const tailLength = 40

// maxToken is the longest value that Nginx reads, in bytes, with some room (platforms.md section 1.1).
const maxToken = 4000

// rules writes the maps that choose a rule. $sitegen_rule is "status target" of the rule that matches the
// path, "" when none does. The locations that ask for it are in files.conf and bitstreams.conf.
func (c *compiler) rules() {
	w := &rulesWriter{}
	exact, conditional := c.exactRules(w)
	var body bytes.Buffer
	body.WriteString(`# A dollar sign that is no variable.
geo $sitegen_dollar { default "$"; }

# The path with no slash at its end, and the end of it: a key as long as Nginx takes.
# A path with a line end in it is none: it could say that it is a pair of lines.
map $uri $sitegen_source { "~^(/|[^\n]*[^/\n])/?\z" $1; }
map $sitegen_source $sitegen_tail { default $sitegen_source; "~^.*(.{40})\z" $1; }

# By the end of the path: pairs of lines, a whole path and its rule. Keys ignore case, so the path is
# compared again.
map $sitegen_tail $sitegen_candidates {
`)
	body.WriteString(exact)
	body.WriteString("}\nmap \"$sitegen_source$sitegen_candidates\" $sitegen_exact {\n    \"~^([^\\n]*)\\n(?:[^\\n]*\\n[^\\n]*\\n)*?\\1\\n([^\\n]*)\" $2;\n}\n")
	body.WriteString("map $sitegen_exact $sitegen_rule {\n    default $sitegen_exact;\n    \"\" $sitegen_pattern_0;\n")
	body.WriteString(conditional)
	body.WriteString("}\n\n# Patterns, in the order of rules.txt.\n")
	patterns := w.patterns(c.table.Rules.Patterns())
	body.WriteString(patterns)
	if w.conditions.Len() > 0 {
		body.WriteString("\n# Rules with conditions on the query: each hands on to the next where they do not hold.\n")
		body.WriteString(w.parameters())
		body.Write(w.conditions.Bytes())
	}
	body.WriteString("\n# The rule, by its status.\n")
	for _, status := range []int{301, 302, 307, 308, 200} {
		fmt.Fprintf(&body, "map $sitegen_rule $sitegen_rule_%d { \"~^%d (.*)\\z\" $1; }\n", status, status)
	}
	for _, status := range []int{404, 410} {
		fmt.Fprintf(&body, "map $sitegen_rule $sitegen_rule_%d { %d 1; }\n", status, status)
	}
	c.file("http/rules.conf", `
		The rules of rules.txt, the aliases of pages, and links of servers that are retired.
		A rule is "status target". Exact paths come before patterns; of each the first that matches counts.`, &body)
}

// rulesWriter numbers the rules that have conditions and collects their maps.
type rulesWriter struct {
	conditions bytes.Buffer
	count      int
	names      []string // of parameters, each once
}

// exactRules gives the entries of the map of candidates, and those that hand on to rules with conditions.
func (c *compiler) exactRules(w *rulesWriter) (entries, conditional string) {
	var order []string
	candidates := map[string]string{} // by tail, in lower case
	var handOn bytes.Buffer
	seen := map[string]bool{}
	for _, r := range c.table.Rules.All() {
		if r.Pattern() || seen[r.Source] {
			continue
		}
		seen[r.Source] = true
		text := ruleText(r, r.Target)
		if group := c.table.Rules.Exact(r.Source); slices.ContainsFunc(group, func(r *redirect.Rule) bool { return len(r.Conditions) > 0 }) {
			first := w.chain(group, "$sitegen_pattern_0")
			text = "?" + strings.TrimPrefix(first, "$sitegen_condition_")
			fmt.Fprintf(&handOn, "    %s %s;\n", quote(text), first)
		}
		tail := strings.ToLower(r.Source[max(0, len(r.Source)-tailLength):])
		if _, ok := candidates[tail]; !ok {
			order = append(order, tail)
		}
		candidates[tail] += "\n" + r.Source + "\n" + text
	}
	slices.Sort(order)
	var b bytes.Buffer
	for _, tail := range order {
		value := literal(candidates[tail] + "\n")
		if len(value) > maxToken && c.err == nil {
			c.err = fmt.Errorf("write the Nginx rules: %d paths end in %q, Nginx's limit is %d bytes for one value; use a pattern for them", strings.Count(candidates[tail], "\n")/2, tail, maxToken)
		}
		fmt.Fprintf(&b, "    %s %s;\n", key(tail), value)
	}
	return b.String(), handOn.String()
}

// ruleText is what a map gives for a rule.
func ruleText(r *redirect.Rule, target string) string {
	if target == "" {
		return fmt.Sprint(r.Status)
	}
	return fmt.Sprintf("%d %s", r.Status, target)
}

// chain writes a map for each rule with conditions; the last hands on to next. It gives the variable of the
// first.
func (w *rulesWriter) chain(group []*redirect.Rule, next string) string {
	first := w.count
	for _, r := range group {
		variable := fmt.Sprintf("$sitegen_condition_%d", w.count)
		w.count++
		if len(r.Conditions) == 0 {
			// Nothing after it is reached. The names in the target, if any, are of the pattern's own.
			fmt.Fprintf(&w.conditions, "map $uri %s { default %s; }\n", variable, quote(ruleText(r, r.Expand(placeholders(r)))))
			break
		}
		after := fmt.Sprintf("$sitegen_condition_%d", w.count)
		if r == group[len(group)-1] {
			after = next
		}
		w.condition(r, variable, after)
	}
	return fmt.Sprintf("$sitegen_condition_%d", first)
}

// condition writes the map of one rule.
func (w *rulesWriter) condition(r *redirect.Rule, variable, next string) {
	var values, expr []string
	for _, cond := range r.Conditions {
		i := slices.Index(w.names, cond.Name)
		if i < 0 {
			i = len(w.names)
			w.names = append(w.names, cond.Name)
		}
		values = append(values, fmt.Sprintf("$sitegen_parameter_%d", i))
		if cond.Placeholder != "" {
			expr = append(expr, fmt.Sprintf("=(?<%s>%s+)", placeholder(r, cond.Placeholder), redirect.Unreserved))
			continue
		}
		expr = append(expr, "="+regexp.QuoteMeta(cond.Value))
	}
	fmt.Fprintf(&w.conditions, "map %s %s { default %s; %s %s; }\n", quote(strings.Join(values, "&")), variable, next,
		expression("~^"+strings.Join(expr, "&")+`\z`), quote(ruleText(r, r.Expand(placeholders(r)))))
}

// placeholder names the variable that holds a placeholder of a rule with conditions. Names of groups are short:
// 32 bytes in PCRE.
func placeholder(r *redirect.Rule, name string) string {
	names := r.Names()
	for _, c := range r.Conditions {
		names = append(names, c.Placeholder)
	}
	return fmt.Sprintf("sitegen_rule%d_%d", r.Pos.Line, slices.Index(names, name))
}

// placeholders fills a target with these variables.
func placeholders(r *redirect.Rule) func(string) string {
	return func(name string) string { return "${" + placeholder(r, name) + "}" }
}

// parameters writes the maps that read the parameters of conditions: "" for one that is not there.
func (w *rulesWriter) parameters() string {
	var b strings.Builder
	for i, name := range w.names {
		fmt.Fprintf(&b, "map $sitegen_query $sitegen_parameter_%d { %s \"=$1\"; }\n", i, expression("~(?:^|&)"+regexp.QuoteMeta(name)+`(?:=([^&]*))?(?=&|\z)`))
	}
	return b.String()
}

// patterns writes a map for each run of patterns that have no conditions, and one for each that has.
func (w *rulesWriter) patterns(rules []*redirect.Rule) string {
	var b strings.Builder
	n := 0
	open := false
	for _, r := range rules {
		if !open {
			fmt.Fprintf(&b, "map $uri $sitegen_pattern_%d {\n", n)
			n++
			open = true
		}
		if len(r.Conditions) == 0 {
			i := 0
			target := r.Expand(func(name string) string { i = slices.Index(r.Names(), name) + 1; return fmt.Sprintf("$%d", i) })
			fmt.Fprintf(&b, "    %s %s;\n", expression("~"+r.Expr()+`\z`), quote(ruleText(r, target)))
			continue
		}
		// Its names are variables: the map of its conditions would overwrite $1.
		next := fmt.Sprintf("$sitegen_pattern_%d", n)
		fmt.Fprintf(&b, "    %s %s;\n    default %s;\n}\n", expression("~"+namedExpr(r)+`\z`), w.chain([]*redirect.Rule{r}, next), next)
		open = false
	}
	if !open {
		fmt.Fprintf(&b, "map $uri $sitegen_pattern_%d {\n", n)
	}
	b.WriteString("}\n")
	return b.String()
}

// namedExpr is the expression of a pattern with a name for each of its groups.
func namedExpr(r *redirect.Rule) string {
	expr := r.Expr()
	for _, name := range r.Names() {
		expr = strings.Replace(expr, "("+redirect.Captured[:1], fmt.Sprintf("(?<%s>[", placeholder(r, name)), 1)
	}
	return expr
}

// key writes a key of a map. A backslash before it says that it is no word of Nginx's.
func key(s string) string {
	if strings.HasPrefix(s, "/") {
		return quote(s)
	}
	return quote(`\` + s)
}

// expression writes a regular expression as a key. Backslashes come in pairs with what they escape; Nginx
// itself reads only those before a backslash and a quote.
func expression(s string) string {
	return `"` + strings.NewReplacer(`\\`, `\\\\`, `"`, `\"`).Replace(s) + `"`
}

// literal writes a value that has no variables.
func literal(s string) string { return quote(strings.ReplaceAll(s, "$", "${sitegen_dollar}")) }

// quote writes a key or a value with variables. In a key a dollar sign is no variable.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
