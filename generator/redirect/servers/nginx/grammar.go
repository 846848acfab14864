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

// grammar writes how requests are read: everything that follows from the Spec and not from the packages.
type grammar struct{ *lookup.Spec }

// param is the variable of a parameter as it is in the query: "" when it is not there, else "=" and its value.
func param(p *lookup.Parameter) string { return "$sitegen_p_" + word(p.Name) }

// parameters writes parameters.conf.
func (g grammar) parameters() output.File {
	var t text
	g.read(&t)
	g.mode(&t)
	g.values(&t)
	g.problems(&t)
	g.keys(&t)
	g.variant(&t)
	return file("http/parameters.conf", `
		The parameters of /download, /find, /findall and /?QUERY.
		Of a repeated parameter the first counts. "" is one that is not there, "=" one that is empty.`, &t)
}

// read takes the parameters out of the query.
func (g grammar) read(t *text) {
	var common, others, names []string
	for i := range g.Parameters() {
		p := &g.Parameters()[i]
		expr := regex("&" + regexp.QuoteMeta(p.Name) + `(?:=([^&]*))?(?=&|\z)`)
		line := param(p) + "\t{ " + expr + "\t\"=$1\"; }"
		if p.Role == lookup.OSRole || p.Role == lookup.StabilityRole {
			common = append(common, "map &$sitegen_query "+line)
			continue
		}
		others = append(others, "map $sitegen_others "+line)
		names = append(names, regexp.QuoteMeta(p.Name))
	}
	t.columns(common...)
	t.comment("Most requests have no other parameter.")
	any := regex("&(?:" + strings.Join(names, "|") + `)(?:[=&]|\z)`)
	t.printf("map &$sitegen_query $sitegen_others { %s &$sitegen_query; }\n", any)
	t.columns(others...)
}

// mode finds out which of the modes the query has.
func (g grammar) mode(t *text) {
	t.comment("The mode: at most one of " + strings.Join(g.ModeNames(), ", ") + `.
		The names of those that the query has are put together; two of them are no key of the last map.`)
	var given, together []string
	names := []string{entry(`""`, "newest")}
	for _, p := range g.Modes() {
		variable := "$sitegen_m_" + word(p.Name)
		given = append(given, "map "+param(&p)+"\t"+variable+"\t{ \"\" \"\"; default &"+p.Name+"; }")
		together = append(together, variable)
		names = append(names, entry("&"+p.Name, p.Name))
	}
	t.columns(given...)
	t.block("map "+quote(strings.Join(together, ""))+" $sitegen_mode", append(names, entry("default", "several"))...)
}

// filledIn is the variable that values has for a parameter, "" when the parameter has no default.
func filledIn(p *lookup.Parameter) string {
	switch p.Role {
	case lookup.OSRole:
		return "$sitegen_os"
	case lookup.ArchRole:
		return "$sitegen_arch"
	case lookup.StabilityRole:
		return "$sitegen_stability"
	}
	return ""
}

// values fills in the defaults of the parameters that every request has.
func (g grammar) values(t *text) {
	system, arch, stability := g.Of(lookup.OSRole), g.Of(lookup.ArchRole), g.Of(lookup.StabilityRole)
	t.comment(`The values, defaults filled in; "" is a value that is not known. The case of letters counts.`)
	t.block("map "+param(system)+" $sitegen_os", entry(`""`, "all"), entry(regex("^="+group(system)+`\z`), "$1"))
	t.block("map "+param(arch)+" $sitegen_arch",
		entry(`""`, string(g.DefaultArch())), entry(regex("^="+group(arch)+`\z`), "$1"))

	usual := g.DefaultStability(lookup.Newest)
	lines := []string{entry(`" newest"`, string(usual))}
	for _, p := range g.Modes() {
		if s := g.DefaultStability(p.Finds); s != usual {
			lines = append(lines, entry(quote(" "+p.Name), string(s)))
		}
	}
	lines = append(lines, entry(regex("^ "), string(usual)), entry(regex("^="+group(stability)+" "), "$1"))
	t.block("map "+quote(param(stability)+" $sitegen_mode")+" $sitegen_stability", lines...)
}

// group is the expression of the values of a choice.
func group(p *lookup.Parameter) string {
	values := make([]string, len(p.Values))
	for i, v := range p.Values {
		values[i] = regexp.QuoteMeta(v)
	}
	return "(" + strings.Join(values, "|") + ")"
}

// problems writes the checks as a chain, in the order in which lookup.Parse looks for problems: where a parameter is
// right, the value of its map is the variable of the next. Modes come last: that there are not several of them is
// checked first, then the value of the one that is there.
func (g grammar) problems(t *text) {
	t.comment(`
		What is wrong with the query, as the name of an error page; "" for nothing. Each check leads to the next one.
		$sitegen_single_problem is for /download and /find, which need a system.`)
	var first []*lookup.Parameter // those that are not modes
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
	const all, single = "$sitegen_problem", "$sitegen_single_problem"
	for i, p := range first {
		checkParameter(t, p, check(all, i), check(all, i+1))
		switch { // the checks before that of the system are there twice
		case i < system:
			checkParameter(t, p, check(single, i), check(single, i+1))
		case i == system:
			t.block("map "+param(p)+" "+check(single, i), entry(`""`, p.Name), entry("default", check(all, i)))
		}
	}
	byMode := []string{entry("newest", `""`)}
	for _, p := range g.Modes() {
		byMode = append(byMode, entry(p.Name, all+"_"+word(p.Name)))
	}
	t.block("map $sitegen_mode "+check(all, len(first)), append(byMode, entry("default", lookup.ManyModes))...)
	for _, p := range g.Modes() {
		checkParameter(t, &p, all+"_"+word(p.Name), `""`)
	}
}

// checkParameter writes the check of one parameter: target becomes its name if its value is wrong, else next.
func checkParameter(t *text, p *lookup.Parameter, target, next string) {
	source, wrong := param(p), entry("default", p.Name)
	var lines []string
	switch filled := filledIn(p); {
	case filled != "":
		source, lines, wrong = filled, []string{entry(`""`, p.Name)}, entry("default", next)
	case p.Kind == lookup.Text:
		lines, wrong = []string{entry(`"="`, p.Name)}, entry("default", next)
	default:
		if p.Role != lookup.ModeRole { // a mode is checked only where it is there
			lines = []string{entry(`""`, next)}
		}
		for _, expr := range right(p) {
			lines = append(lines, entry(regex("^="+expr+`\z`), next))
		}
	}
	t.block("map "+source+" "+target, append(lines, wrong)...)
}

// A number may have blanks around it and a plus sign. A blank is + or %20 in a query, a plus sign %2B.
const (
	blanks = `(?:\+|%20)*`
	plus   = `(?:%2[Bb])?`
	sign   = `(?:-|%2[Bb])?`
)

// right lists the expressions of the values that a parameter takes.
func right(p *lookup.Parameter) []string {
	switch p.Kind {
	case lookup.Choice:
		return []string{group(p)}
	case lookup.Natural:
		return []string{blanks + plus + `\d+` + blanks}
	case lookup.Integer:
		return []string{blanks + sign + `\d+` + blanks}
	case lookup.Day: // a day of the calendar, leap years included
		return []string{
			`\d{4}-(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])`,
			`\d{4}-(?:0[469]|11)-(?:0[1-9]|[12]\d|30)`,
			`\d{4}-02-(?:0[1-9]|1\d|2[0-8])`,
			`\d\d(?:0[48]|[2468][048]|[13579][26])-02-29`,
			`(?:[02468][048]|[13579][26])00-02-29`,
		}
	}
	return nil // of a retired parameter none is right
}

// given is the value of the modes that find a package in one of these ways, of which a query has one at most; "" when
// there is no such mode.
func (g grammar) given(ways ...lookup.Finds) string {
	var variables []string
	for _, p := range g.Modes() {
		if slices.Contains(ways, p.Finds) {
			variables = append(variables, param(&p))
		}
	}
	if len(variables) > 1 {
		return quote(strings.Join(variables, ""))
	}
	return strings.Join(variables, "")
}

// keys writes what the tables of packages are asked for.
func (g grammar) keys(t *text) {
	if version := g.given(lookup.ByVersion); version != "" {
		t.comment("The version. Nginx ignores the case of keys, so versions with capitals begin with c, all others " +
			"with v.")
		t.block("map "+version+" $sitegen_version",
			entry(regex(`^=([^A-Z]*)\z`), `"v$1"`), entry(regex(`^=(.*)\z`), `"c$1"`))
	}
	if day := g.given(lookup.ByDate); day != "" {
		t.comment(`
			The day as an address, which dates-*.conf look for: 2026-09-09 is 26.9.9.0. Days before 2000 are the first
			address, days after 2099 one behind all others.`)
		t.block("map "+day+" $sitegen_date_address",
			entry(regex(`^=20(\d\d)-(\d\d)-(\d\d)`), `"$1.$2.$3.0"`),
			entry(regex(`^=[01]`), "0.0.0.0"),
			entry("default", lastAddress.String()))
	}
	if number := g.given(lookup.ByRevision, lookup.ByClosestRevision); number != "" {
		t.comment(fmt.Sprintf(`
			The revision without blanks, sign and leading zeros, and as an address, which revisions-*.conf look for: 34645
			is 3.46.45.0. No package has a revision above %d, so those above are one address behind all others.`,
			catalog.MaxRevision))
		t.block("map "+number+" $sitegen_number", entry(regex("^="+blanks+plus+`0*(\d+)`+blanks+`\z`), "$1"))
		t.block("map $sitegen_number $sitegen_number_address",
			entry(regex(`^(\d\d?)\z`), `"0.0.$1.0"`),
			entry(regex(`^(\d\d?)(\d\d)\z`), `"0.$1.$2.0"`),
			entry(regex(`^(\d\d?)(\d\d)(\d\d)\z`), `"$1.$2.$3.0"`),
			entry(regex(`^(1\d\d|2[0-4]\d|25[0-3])(\d\d)(\d\d)\z`), `"$1.$2.$3.0"`),
			entry("default", lastAddress.String()))
	}
	offset := param(g.Of(lookup.OffsetRole))
	t.comment(`The offset: up or down, and how many steps, "" for none.`)
	t.block("map "+offset+" $sitegen_sign", entry(regex("^="+blanks+"-"), "-"), entry("default", "+"))
	t.block("map "+offset+" $sitegen_steps",
		entry(`""`, `""`),
		entry(regex("^="+blanks+sign+"0+"+blanks+`\z`), `""`),
		entry(regex("^="+blanks+sign+`0*([1-9]\d{0,4})`+blanks+`\z`), "$1"), // five digits, as MaxOffset has
		note(entry("default", strconv.Itoa(lookup.MaxOffset)), "further than any catalogue goes"))
}

// picked writes how each mode finds its build, before any offset.
func (g grammar) picked(t *text) {
	found := map[lookup.Finds]string{
		lookup.Newest: "$sitegen_newest", lookup.ByVersion: "$sitegen_by_version",
		lookup.ByRevision:        "$sitegen_by_revision",
		lookup.ByClosestRevision: "$sitegen_by_closest", lookup.ByDate: "$sitegen_by_date",
	}
	lines := []string{"volatile;", entry("newest", found[lookup.Newest])}
	for _, p := range g.Modes() {
		lines = append(lines, entry(p.Name, found[p.Finds]))
	}
	t.block("map $sitegen_mode $sitegen_picked", lines...)
	if g.given(lookup.ByRevision) != "" {
		t.comment(`
			The newest build of exactly a revision is the newest one at or below it, if that is of this revision: of 34645,
			for instance, the build 34645.1 is, and 34640 is not.`)
		t.block(`map "$sitegen_by_closest=$sitegen_number" $sitegen_by_revision`,
			"volatile;", entry(regex(`^((\d+)(?:\.\d+)?)=\2\z`), "$1"))
	}
	t.WriteByte('\n')
}

// variant writes which of the composed answers to / and /findall is the right one.
func (g grammar) variant(t *text) {
	stability := param(g.Of(lookup.StabilityRole))
	t.comment(`
		The rows of the download page and of /findall that the query asks for. The columns are $sitegen_os.`)
	t.printf("map %s $sitegen_rows { \"\" default; default $sitegen_stability; }\n", stability)
	t.comment("1 when the query of the home page has a parameter that is known.")
	t.block("map "+quote(param(g.Of(lookup.OSRole))+stability+"$sitegen_others")+" $sitegen_asked",
		entry(`""`, `""`), entry("default", "1"))
}

// permalinks writes permalinks.conf.
func permalinks(spec *lookup.Spec) output.File {
	var t text
	var paths, rewrites []string
	suffix := regexp.QuoteMeta(lookup.RecordSuffix)
	for i := range spec.Permalinks() {
		l := &spec.Permalinks()[i]
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
		Permalinks stand for requests to the download API. The question mark at the end of each request drops the query
		that the permalink was asked with.`, &t)
}

// escapes is how many escapes of a query string are decoded. Clients have no reason to send any, since the values of
// the API need none; this many are enough to write the values of a usual query in escapes altogether.
const escapes = 16

// decode writes decode.conf, which decodes percent-escapes of unreserved characters (RFC 3986, 2.3): they mean the
// same as the characters.
func decode(spec *lookup.Spec) output.File {
	const unreserved = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
	var t text
	t.printf("map $sitegen_escape $sitegen_char {\n    volatile;\n    \"\" %%25;\n")
	for i := range len(unreserved) {
		t.printf("    %02x %c;\n", unreserved[i], unreserved[i])
	}
	t.printf("}\n\nmap $args $sitegen_escaped0 { default \" $args\"; }\n")
	const escape = `2[DEde]|3\d|[46][1-9A-Fa-f]|5[0-9AFaf]|7[0-9AEae]|(?![0-9A-Fa-f]{2})`
	step := regex(`^(?<sitegen_done>[^ ]*) (?<sitegen_before>.*?)%(?<sitegen_escape>` + escape +
		`)(?<sitegen_after>.*)\z`)
	for i := range escapes {
		t.printf("map $sitegen_escaped%d $sitegen_escaped%d { default $sitegen_escaped%[1]d; ", i, i+1)
		t.printf("%s \"$sitegen_done$sitegen_before$sitegen_char $sitegen_after\"; }\n", step)
	}
	t.printf("\nmap $sitegen_escaped%d $sitegen_unescaped { %s $1$2; }\n", escapes, regex(`^([^ ]*) (.*)\z`))
	t.printf("map $args $sitegen_query { default $args; %s $sitegen_unescaped; }\n", regex("%"))
	system := spec.Of(lookup.OSRole)
	last := len(system.Name) - 1
	return file("http/decode.conf", fmt.Sprintf(`
		$sitegen_query is the query string without needless escapes: %s%%%02x=%s becomes %[1]s%[2]c=%[3]s. Each line
		decodes one escape, so that up to %[4]d are decoded; a blank marks how far the string is done. Most queries have
		none. A percent sign that begins no escape stands for itself. It becomes %%25, so that it cannot begin an escape
		together with what is decoded after it.`, system.Name[:last], system.Name[last], system.Values[0], escapes), &t)
}
