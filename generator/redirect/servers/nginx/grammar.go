package nginx

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// grammar writes the files that parse requests. They depend on the Spec, but not on the packages.
type grammar struct {
	*lookup.Spec
	names
}

// param returns the variable of a parameter. Its value is "" if the query does not have the parameter; otherwise it is
// an equals sign and the value in the query.
func (n names) param(p *lookup.Parameter) string { return n.own("$sitegen_p_%s", word(p.Name)) }

// parameters writes parameters.conf.
func (g grammar) parameters() output.File {
	t := text{names: g.names}
	g.read(&t)
	g.mode(&t)
	g.values(&t)
	g.problems(&t)
	g.keys(&t)
	g.variant(&t)
	return file("http/parameters.conf", g.own(`
		Parses the parameters of /download, /find, /findall and /?QUERY. If a parameter is repeated, the first one
		counts. A variable $sitegen_p_* is "" if the query does not have the parameter, and "=" if its value is
		empty.`), &t)
}

// read writes the maps that extract the parameters from the query.
func (g grammar) read(t *text) {
	var common, others, names []string
	for i := range g.Parameters() {
		p := &g.Parameters()[i]
		expr := regex("&" + regexp.QuoteMeta(p.Name) + `(?:=([^&]*))?(?=&|\z)`)
		line := g.param(p) + "\t{ " + expr + "\t\"=$1\"; }"
		if p.Role == lookup.OSRole || p.Role == lookup.StabilityRole {
			common = append(common, g.own("map &$sitegen_query ")+line)
			continue
		}
		others = append(others, g.own("map $sitegen_others ")+line)
		names = append(names, regexp.QuoteMeta(p.Name))
	}
	t.columns(common...)
	t.comment(t.own("$sitegen_others saves time: most queries have none of the parameters below it."))
	any := regex("&(?:" + strings.Join(names, "|") + `)(?:[=&]|\z)`)
	t.printf("map &$sitegen_query $sitegen_others { %s &$sitegen_query; }\n", any)
	t.columns(others...)
}

// mode writes the maps that find the mode of a query.
func (g grammar) mode(t *text) {
	t.comment("The mode: at most one of " + strings.Join(g.ModeNames(), ", ") + `.
		The last map gets the names of all modes in the query, one after the other. Two names are not a key of it.`)
	var given, together []string
	names := []string{entry(`""`, "newest")}
	for _, p := range g.Modes() {
		variable := g.own("$sitegen_m_%s", word(p.Name))
		given = append(given, "map "+g.param(&p)+"\t"+variable+"\t{ \"\" \"\"; default &"+p.Name+"; }")
		together = append(together, variable)
		names = append(names, entry("&"+p.Name, p.Name))
	}
	t.columns(given...)
	t.block(t.own("map %s $sitegen_mode", quote(strings.Join(together, ""))),
		append(names, entry("default", "several"))...)
}

// filledIn returns the variable of a parameter with its default filled in, which values defines. It is "" for a
// parameter without a default.
func (n names) filledIn(p *lookup.Parameter) string {
	switch p.Role {
	case lookup.OSRole:
		return n.own("$sitegen_os")
	case lookup.ArchRole:
		return n.own("$sitegen_arch")
	case lookup.StabilityRole:
		return n.own("$sitegen_stability")
	}
	return ""
}

// values writes the maps that fill in the defaults of the system, the architecture and the stability.
func (g grammar) values(t *text) {
	system, arch, stability := g.Of(lookup.OSRole), g.Of(lookup.ArchRole), g.Of(lookup.StabilityRole)
	t.comment(`The values with defaults filled in; "" for an unknown value. Upper and lower case differ.`)
	t.block(t.own("map %s $sitegen_os", g.param(system)),
		entry(`""`, "all"), entry(regex("^="+group(system)+`\z`), "$1"))
	t.block(t.own("map %s $sitegen_arch", g.param(arch)),
		entry(`""`, string(g.DefaultArch())), entry(regex("^="+group(arch)+`\z`), "$1"))

	usual := g.DefaultStability(lookup.Newest)
	lines := []string{entry(`" newest"`, string(usual))}
	for _, p := range g.Modes() {
		if s := g.DefaultStability(p.Finds); s != usual {
			lines = append(lines, entry(quote(" "+p.Name), string(s)))
		}
	}
	lines = append(lines, entry(regex("^ "), string(usual)), entry(regex("^="+group(stability)+" "), "$1"))
	t.block(t.own(`map "%s $sitegen_mode" $sitegen_stability`, g.param(stability)), lines...)
}

// group returns an expression that matches the values of a parameter of kind Choice.
func group(p *lookup.Parameter) string {
	values := make([]string, len(p.Values))
	for i, v := range p.Values {
		values[i] = regexp.QuoteMeta(v)
	}
	return "(" + strings.Join(values, "|") + ")"
}

// problems writes the checks of a query as a chain of maps, in the order in which lookup.Parse looks for problems. If a
// parameter is valid, the value of its map is the variable of the next check. For example, with the parameters os and
// stability:
//
//	map $sitegen_os        $sitegen_problem           { "" os;        default $sitegen_problem_stability; }
//	map $sitegen_stability $sitegen_problem_stability { "" stability; default $sitegen_problem_mode; }
//
// For a valid os and an unknown stability, $sitegen_problem is the value of $sitegen_problem_stability, "stability".
// Modes come last: the first check is that there is at most one of them, the second that its value is valid.
func (g grammar) problems(t *text) {
	t.comment(t.own(`
		The problem of the query: the name of an error page, or "" for a valid query. Each map checks one parameter; its
		default is the next check. $sitegen_single_problem is for /download and /find, which require a system.`))
	var first []*lookup.Parameter // the parameters that are not modes
	system := 0
	for i := range g.Parameters() {
		p := &g.Parameters()[i]
		if p.Role == lookup.OSRole {
			system = len(first)
		}
		if p.Role != lookup.ModeRole {
			first = append(first, p)
		}
	}
	check := func(start string, i int) string {
		switch {
		case i == 0:
			return start
		case i == len(first):
			return start + "_" + lookup.ManyModes
		}
		return start + "_" + word(first[i].Name)
	}
	all, single := g.own("$sitegen_problem"), g.own("$sitegen_single_problem")
	for i, p := range first {
		checkParameter(t, p, check(all, i), check(all, i+1))
		switch { // both chains need the checks before that of the system
		case i < system:
			checkParameter(t, p, check(single, i), check(single, i+1))
		case i == system:
			t.block("map "+g.param(p)+" "+check(single, i), entry(`""`, p.Name), entry("default", check(all, i)))
		}
	}
	byMode := []string{entry("newest", `""`)}
	for _, p := range g.Modes() {
		byMode = append(byMode, entry(p.Name, all+"_"+word(p.Name)))
	}
	t.block(t.own("map $sitegen_mode %s", check(all, len(first))),
		append(byMode, entry("default", lookup.ManyModes))...)
	for _, p := range g.Modes() {
		checkParameter(t, &p, all+"_"+word(p.Name), `""`)
	}
}

// checkParameter writes the map that checks one parameter. The variable target is the name of the parameter if its
// value is invalid; otherwise it is next.
func checkParameter(t *text, p *lookup.Parameter, target, next string) {
	source, wrong := t.param(p), entry("default", p.Name)
	var lines []string
	switch filled := t.filledIn(p); {
	case filled != "":
		source, lines, wrong = filled, []string{entry(`""`, p.Name)}, entry("default", next)
	case p.Kind == lookup.Text:
		lines, wrong = []string{entry(`"="`, p.Name)}, entry("default", next)
	default:
		if p.Role != lookup.ModeRole { // a mode is checked only if the query has it
			lines = []string{entry(`""`, next)}
		}
		for _, expr := range right(p) {
			lines = append(lines, entry(regex("^="+expr+`\z`), next))
		}
	}
	t.block("map "+source+" "+target, append(lines, wrong)...)
}

// A number may have spaces around it and a plus sign. In a query, a space is written + or %20, and a plus sign %2B.
const (
	blanks = `(?:\+|%20)*`
	plus   = `(?:%2[Bb])?`
	sign   = `(?:-|%2[Bb])?`
)

// right returns expressions that match the valid values of a parameter.
func right(p *lookup.Parameter) []string {
	switch p.Kind {
	case lookup.Choice:
		return []string{group(p)}
	case lookup.Natural:
		return []string{blanks + plus + `\d+` + blanks}
	case lookup.Integer:
		return []string{blanks + sign + `\d+` + blanks}
	case lookup.Day: // a day of the calendar; 29 February only in leap years
		return []string{
			`\d{4}-(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])`,
			`\d{4}-(?:0[469]|11)-(?:0[1-9]|[12]\d|30)`,
			`\d{4}-02-(?:0[1-9]|1\d|2[0-8])`,
			`\d\d(?:0[48]|[2468][048]|[13579][26])-02-29`,
			`(?:[02468][048]|[13579][26])00-02-29`,
		}
	}
	return nil // no value of a retired parameter is valid
}

// given returns the value of the mode that finds a package in one of the given ways. It concatenates the variables of
// all such modes; a valid query has at most one of them, and the other variables are empty. It returns "" if the
// grammar has no such mode.
func (g grammar) given(ways ...lookup.Finds) string {
	var variables []string
	for _, p := range g.Modes() {
		if slices.Contains(ways, p.Finds) {
			variables = append(variables, g.param(&p))
		}
	}
	if len(variables) > 1 {
		return quote(strings.Join(variables, ""))
	}
	return strings.Join(variables, "")
}

// keys writes the maps that convert the values of the query to the keys of the tables of packages.
func (g grammar) keys(t *text) {
	if version := g.given(lookup.ByVersion); version != "" {
		t.comment(`
			The version. Nginx ignores the case of keys, so versions with capital letters start with c, and all others
			with v.`)
		t.block(t.own("map %s $sitegen_version", version),
			entry(regex(`^=([^A-Z]*)\z`), `"v$1"`), entry(regex(`^=(.*)\z`), `"c$1"`))
	}
	if day := g.given(lookup.ByDate); day != "" {
		t.comment(`
			The day as an address, for the geo blocks in dates-*.conf: 2026-09-09 is 26.9.9.0. A day before 2000 is the
			first address, a day after 2099 an address after all others.`)
		t.block(t.own("map %s $sitegen_date_address", day),
			entry(regex(`^=20(\d\d)-(\d\d)-(\d\d)`), `"$1.$2.$3.0"`),
			entry(regex(`^=[01]`), "0.0.0.0"),
			entry("default", lastAddress.String()))
	}
	if number := g.given(lookup.ByRevision, lookup.ByClosestRevision); number != "" {
		t.comment(fmt.Sprintf(`
			The revision without spaces, sign and leading zeros, and as an address, for the geo blocks in
			revisions-*.conf: 34645 is 3.46.45.0. Packages have no revisions above %d, so a higher one is an address
			after all others.`,
			catalog.MaxRevision))
		t.block(t.own("map %s $sitegen_number", number), entry(regex("^="+blanks+plus+`0*(\d+)`+blanks+`\z`), "$1"))
		t.block(t.own("map $sitegen_number $sitegen_number_address"),
			entry(regex(`^(\d\d?)\z`), `"0.0.$1.0"`),
			entry(regex(`^(\d\d?)(\d\d)\z`), `"0.$1.$2.0"`),
			entry(regex(`^(\d\d?)(\d\d)(\d\d)\z`), `"$1.$2.$3.0"`),
			entry(regex(`^(1\d\d|2[0-4]\d|25[0-3])(\d\d)(\d\d)\z`), `"$1.$2.$3.0"`),
			entry("default", lastAddress.String()))
	}
	offset := g.param(g.Of(lookup.OffsetRole))
	t.comment(`The offset: its sign and the number of steps, "" for none.`)
	t.block(t.own("map %s $sitegen_sign", offset), entry(regex("^="+blanks+"-"), "-"), entry("default", "+"))
	t.block(t.own("map %s $sitegen_steps", offset),
		entry(`""`, `""`),
		entry(regex("^="+blanks+sign+"0+"+blanks+`\z`), `""`),
		entry(regex("^="+blanks+sign+`0*([1-9]\d{0,4})`+blanks+`\z`), "$1"), // MaxOffset has five digits
		note(entry("default", strconv.Itoa(lookup.MaxOffset)), "beyond the end of any catalogue"))
}

// picked writes the map that finds the build for each mode, before an offset is added.
func (g grammar) picked(t *text) {
	found := map[lookup.Finds]string{
		lookup.Newest:            g.own("$sitegen_newest"),
		lookup.ByVersion:         g.own("$sitegen_by_version"),
		lookup.ByRevision:        g.own("$sitegen_by_revision"),
		lookup.ByClosestRevision: g.own("$sitegen_by_closest"),
		lookup.ByDate:            g.own("$sitegen_by_date"),
	}
	lines := []string{"volatile;", entry("newest", found[lookup.Newest])}
	for _, p := range g.Modes() {
		lines = append(lines, entry(p.Name, found[p.Finds]))
	}
	t.block(t.own("map $sitegen_mode $sitegen_picked"), lines...)
	if g.given(lookup.ByRevision) != "" {
		t.comment(`
			The newest build of exactly the given revision: the newest build at or below it, if that has this revision.
			For revision 34645, the builds 34645 and 34645.1 have it; 34640 does not.`)
		t.block(t.own(`map "$sitegen_by_closest=$sitegen_number" $sitegen_by_revision`),
			"volatile;", entry(regex(`^((\d+)(?:\.\d+)?)=\2\z`), "$1"))
	}
	t.WriteByte('\n')
}

// variant writes the maps that choose among the composed answers to / and /findall.
func (g grammar) variant(t *text) {
	stability := g.param(g.Of(lookup.StabilityRole))
	t.comment(t.own(`
		The rows that the query selects, for the download page and for /findall. $sitegen_os selects the columns.`))
	t.printf("map %s $sitegen_rows { \"\" default; default $sitegen_stability; }\n", stability)
	t.comment("1 if the query of the home page has one of the parameters.")
	t.block(t.own(`map "%s%s$sitegen_others" $sitegen_asked`, g.param(g.Of(lookup.OSRole)), stability),
		entry(`""`, `""`), entry("default", "1"))
}

// permalinks writes permalinks.conf.
func (g grammar) permalinks() output.File {
	var t text
	var paths, rewrites []string
	suffix := regexp.QuoteMeta(lookup.RecordSuffix)
	for i := range g.Permalinks() {
		l := &g.Permalinks()[i]
		paths = append(paths, l.Pattern())
		query := l.Query(func(i int) string { return "$" + strconv.Itoa(i+1) })
		rewrite := func(suffix string, to lookup.Route) {
			rewrites = append(rewrites, fmt.Sprintf("rewrite \"^%s%s\\z\"\t%s?%s? last;", l.Pattern(), suffix, to,
				query))
		}
		rewrite("", lookup.Download)
		rewrite(suffix, lookup.Find)
	}
	t.block(fmt.Sprintf("location ~ \"^(?:%s)(?:%s)?\\z\"", strings.Join(paths, "|"), suffix), rewrites...)
	return file("server/permalinks.conf", `
		Permalinks are short for requests to the download API. The question mark at the end of each rewrite drops the
		query of the original request.`, &t)
}

// escapes is the maximum number of escapes that are decoded in a query. Clients have no reason to send any, because the
// values of the API need no escapes; 16 are enough for a usual query with all values escaped.
const escapes = 16

// decode writes decode.conf. It decodes percent-escapes of unreserved characters, which mean the same as the characters
// themselves (RFC 3986, section 2.3).
func (g grammar) decode() output.File {
	const unreserved = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
	t := text{names: g.names}
	t.printf("map $sitegen_escape $sitegen_char {\n    volatile;\n    \"\" %%25;\n")
	for i := range len(unreserved) {
		t.printf("    %02x %c;\n", unreserved[i], unreserved[i])
	}
	t.printf("}\n\n")
	t.unescape("$args", t.own("$sitegen_escaped"), t.own("$sitegen_query"))
	system := g.Of(lookup.OSRole)
	last := len(system.Name) - 1
	return file("http/decode.conf", g.own(`
		$sitegen_query is the query string without unnecessary escapes: %s%%%02x=%s becomes %[1]s%[2]c=%[3]s. Each map
		decodes one escape, up to %[4]d in total. A space marks the end of the decoded part. Most queries have no
		escapes. A percent sign that does not start an escape is a literal percent sign. It becomes %%25, because it
		could otherwise form an escape with characters that are decoded after it.`,
		system.Name[:last], system.Name[last], system.Values[0], escapes), &t)
}

// unescape writes maps that decode up to escapes escapes of a variable into another one. steps is the start of the
// names of the variables in between.
func (t *text) unescape(from, steps, to string) {
	t.printf("map %s %s0 { default \" %[1]s\"; }\n", from, steps)
	const escape = `2[DEde]|3\d|[46][1-9A-Fa-f]|5[0-9AFaf]|7[0-9AEae]|(?![0-9A-Fa-f]{2})`
	step := regex(t.own(`^(?<sitegen_done>[^ ]*) (?<sitegen_before>.*?)%%(?<sitegen_escape>%s)(?<sitegen_after>.*)\z`,
		escape))
	for i := range escapes {
		t.printf("map %s%d %[1]s%[3]d { default %[1]s%[2]d; ", steps, i, i+1)
		t.printf("%s \"$sitegen_done$sitegen_before$sitegen_char $sitegen_after\"; }\n", step)
	}
	t.printf("\nmap %[1]s%[2]d %[1]s { %[3]s $1$2; }\n", steps, escapes, regex(`^([^ ]*) (.*)\z`))
	t.printf("map %[1]s %[2]s { default %[1]s; %[3]s %[4]s; }\n", from, to, regex("%"), steps)
}
