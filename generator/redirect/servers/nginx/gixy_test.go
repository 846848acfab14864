package nginx_test

import (
	"fmt"
	"maps"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// gixyRules returns the rules of gixy as functions, by the names that gixy and its forks give them. gixy is a program
// that checks configurations of Nginx for mistakes, but it does not get to the end of tables of this size. Each
// function reports the directives with a mistake.
//
// Rules about directives that the configuration does not use need no function: the rule "directives" reports a new one.
// That is the case for alias_traversal, allow_without_deny, proxy_pass_normalized, resolver_external,
// return_bypasses_allow_deny, ssrf, valid_referers and the rules about TLS, limits and the server block.
//
// Two rules are not kept on purpose. hash_without_default: a map without a default is empty for all other keys, which
// means that nothing was found. try_files_is_evil_too: a cache of open files would serve files of earlier builds.
func gixyRules() map[string]func(c *config, report func(d *directive, format string, args ...any)) {
	type reporter = func(d *directive, format string, args ...any)
	each := func(check func(c *config, d *directive, report reporter)) func(*config, reporter) {
		return func(c *config, report reporter) {
			for d := range c.all() {
				check(c, d, report)
			}
		}
	}
	return map[string]func(*config, reporter){
		"directives":              each(onlyKnown),
		"http_splitting":          each(noLineEnds),
		"add_header_redefinition": each(noLostHeaders),
		"add_header_multiline": each(func(_ *config, d *directive, report reporter) {
			if d.name == "add_header" && strings.ContainsAny(d.args[1], "\r\n") {
				report(d, "the header has several lines")
			}
		}),
		"add_header_content_type": each(func(_ *config, d *directive, report reporter) {
			if d.name == "add_header" && strings.EqualFold(d.args[0], "Content-Type") {
				report(d, "use default_type")
			}
		}),
		"if_is_evil": each(func(_ *config, d *directive, report reporter) {
			if d.parent != nil && d.parent.name == "if" && d.name != "return" && d.name != "rewrite" {
				report(d, "only return and rewrite have a reliable meaning in an if block")
			}
		}),
		"unanchored_regex": each(func(_ *config, d *directive, report reporter) {
			if expr := d.expr(); d.name != "if" && expr != "" && !strings.HasPrefix(expr, "^") {
				report(d, "the expression has no ^: %s", expr)
			}
		}),
		"invalid_regex":        each(validExpressions),
		"overlapping_captures": each(noNestedGroups),
		"unnamed_groups": each(func(_ *config, d *directive, report reporter) {
			if d.name == "rewrite" && len(d.args) < 3 {
				report(d, "a directive after this one could use its groups")
			}
		}),
		"mixed_case_variable": each(func(_ *config, d *directive, report reporter) {
			for _, name := range d.variables() {
				if name != strings.ToLower(name) {
					report(d, "$%s", name)
				}
			}
		}),
		"host_spoofing, origins": each(func(_ *config, d *directive, report reporter) {
			for _, name := range d.variables() {
				if d.name != "log_format" && (name == "host" || strings.HasPrefix(name, "http_") ||
					strings.HasPrefix(name, "cookie_") || strings.HasPrefix(name, "arg_")) {
					report(d, "an answer depends on $%s, which clients choose freely", name)
				}
			}
		}),
	}
}

// onlyKnown reports directives that gixyRules does not know.
func onlyKnown(_ *config, d *directive, report func(*directive, string, ...any)) {
	known := []string{"absolute_redirect", "add_header", "charset", "default_type", "error_page", "etag", "geo", "gzip",
		"gzip_proxied", "gzip_static", "gzip_types", "gzip_vary", "if", "if_modified_since", "index", "internal",
		"location", "log_format", "map", "max_ranges", "recursive_error_pages", "return", "rewrite", "set",
		"split_clients", "ssi", "ssi_types",
		"try_files", "types", "variables_hash_bucket_size", "variables_hash_max_size"}
	if !slices.Contains(known, d.name) {
		report(d, "check the rules of gixy about this directive, then add it to the known ones")
	}
}

// noLineEnds reports headers and addresses that can contain a line end.
func noLineEnds(c *config, d *directive, report func(*directive, string, ...any)) {
	v := value{}
	switch {
	case d.name == "return" && len(d.args) == 2, d.name == "add_header":
		v.text = d.args[1]
	case d.name == "rewrite":
		v.text, v.expr = d.args[1], d.args[0]
	case d.name == "error_page":
		v.text = d.args[len(d.args)-1]
	}
	if because := c.lineEnd(v); because != "" {
		report(d, "the value can contain a line end: %s", because)
	}
}

// noLostHeaders reports headers in locations: there, Nginx ignores the headers of the server block, among them those of
// an administrator.
func noLostHeaders(_ *config, d *directive, report func(*directive, string, ...any)) {
	if d.name == "add_header" && d.parent != nil {
		report(d, "the headers of the server block are lost; set a variable of server/headers.conf")
	}
}

// validExpressions reports regular expressions that end in $, which also matches before a line end, and values with a
// group that the expression does not have.
func validExpressions(_ *config, d *directive, report func(*directive, string, ...any)) {
	for _, expr := range d.exprs() {
		if strings.HasSuffix(expr, "$") && !strings.HasSuffix(expr, `\$`) {
			report(d, `the expression ends in $, not in \z: %s`, expr)
		}
		if _, err := parseExpr(expr); err != nil {
			report(d, "%v", err)
		}
	}
	check := func(expr, value string) {
		groups := 0
		if re, err := parseExpr(expr); err == nil {
			groups = re.MaxCap()
		}
		for _, name := range references(value) {
			if n, err := strconv.Atoi(name); err == nil && n > groups {
				report(d, "the expression has no group %d: %s %s", n, expr, value)
			}
		}
	}
	switch d.name {
	case "rewrite":
		check(d.args[0], d.args[1])
	case "map":
		for _, e := range d.block {
			if len(e.args) == 1 {
				check(e.key(), e.args[0])
			}
		}
	case "set", "return", "add_header", "error_page", "try_files":
		for _, arg := range d.args {
			check("", arg) // the groups would be those of whatever expression was matched last
		}
	}
}

// noNestedGroups reports rewrites with a group in another one, if both are used. Nginx had a bug in these.
func noNestedGroups(_ *config, d *directive, report func(*directive, string, ...any)) {
	re, err := parseExpr(d.expr())
	if d.name != "rewrite" || err != nil {
		return
	}
	used := references(d.args[1])
	var walk func(re *syntax.Regexp, within bool)
	walk = func(re *syntax.Regexp, within bool) {
		if re.Op == syntax.OpCapture && slices.Contains(used, strconv.Itoa(re.Cap)) {
			if within {
				report(d, "the group %d is in another one", re.Cap)
			}
			within = true
		}
		for _, sub := range re.Sub {
			walk(sub, within)
		}
	}
	walk(re, false)
}

// variables returns the variables that a directive uses or sets.
func (d *directive) variables() (list []string) {
	for _, arg := range d.args {
		list = append(list, references(arg)...)
	}
	if d.isTable() {
		for _, e := range d.block {
			list = append(list, references(strings.Join(e.args, " "))...)
		}
	}
	return list
}

// mistakes returns the reports of all rules, by rule.
func mistakes(c *config) map[string][]string {
	found := map[string][]string{}
	for name, rule := range gixyRules() {
		rule(c, func(d *directive, format string, args ...any) {
			found[name] = append(found[name], fmt.Sprintf("%s: %s: %s", d.place, d.name, fmt.Sprintf(format, args...)))
		})
	}
	return found
}

// TestGixy checks configurations by the rules of gixy: those of all catalogues, with rules of each kind, and with ids
// of each form.
func TestGixy(t *testing.T) {
	names := *testutil.OtherSpec(t).Scheme
	names.IDs = catalog.NameIDs
	tables := sites(t)
	for _, p := range testutil.Pairs(t) {
		tables = append(tables, &redirect.Table{Index: testutil.NoPackages(t), Rules: readRules(t, p.Rules)})
	}
	tables = append(tables,
		&redirect.Table{Index: lookup.New(testutil.OtherSpec(t), testutil.Packages(t, "live")), Name: "other"},
		&redirect.Table{Index: lookup.New(lookup.NewSpec(&names, nil), nil), Rules: readRules(t, manyRules(4000))},
		&redirect.Table{Index: testutil.NoPackages(t), Rules: readRules(t, testutil.RandomRules(1, 200))})
	for _, table := range tables {
		for name, list := range mistakes(parseConfig(t, compile(t, table))) {
			t.Errorf("%s: %d, for instance\n%s", name, len(list), strings.Join(list[:min(len(list), 5)], "\n"))
		}
	}
}

// TestGixyFinds plants a mistake for each rule of gixy, and checks that it is found.
func TestGixyFinds(t *testing.T) {
	files := compile(t, &redirect.Table{Index: testutil.NoPackages(t), Rules: readRules(t, "/a/:b /c/:b\n")})
	missing := gixyRules()
	for _, tt := range []struct{ rule, http, server string }{
		{"directives", "", "location /x/ { alias /srv/; }"},
		{"directives", "", "location /x { proxy_pass http://$args; }"},
		{"directives", "", "location /x { proxy_set_header Host $http_host; }"},
		{"directives", "", "location /x { valid_referers none; }"},
		{"directives", "", "location /x { allow 127.0.0.1; deny all; return 200 x; }"},
		{"directives", "resolver 192.0.2.1;", ""},
		{"http_splitting", "", "location /x { return 301 https://download.example$uri; }"},
		{"http_splitting", "", "location /x { rewrite ^/x/(.*) /y/$1 redirect; }"},
		{"http_splitting", "", "location /x { add_header X-Path ${document_uri}; }"},
		{"http_splitting", "", `location ~ "^/x/(?<sitegen_x>[^.]*)\z" { return 301 /y/$sitegen_x; }`},
		{"http_splitting", `map $uri $sitegen_x { "~^/x/([^/]*)\z" "/y/$1"; }`,
			"location /x { return 301 $sitegen_x; }"},
		{"http_splitting", `map $uri $sitegen_x { default $sitegen_y; } map $uri $sitegen_y { "~^/x(\s+)" $1; }`,
			"location /x { set $sitegen_z /y/$sitegen_x; return 301 $sitegen_z; }"},
		{"http_splitting", "", `location /x { error_page 404 /-/error/$uri.html; }`},
		{"add_header_redefinition", "", "location /x { add_header X-A 1; }"},
		{"add_header_redefinition", "", "location /x { if ($args) { add_header X-A 1; return 204; } }"},
		{"add_header_multiline", "", `location /x { add_header X-A "1\n  2"; }`},
		{"add_header_content_type", "", "location /x { add_header content-type text/plain; }"},
		{"if_is_evil", "", "location /x { if ($args) { set $sitegen_x 1; } }"},
		{"if_is_evil", "", "location /x { if ($args) { try_files /x =404; } }"},
		{"unanchored_regex", "", `location ~ \.php\z { return 404; }`},
		{"unanchored_regex", "", `location /x { rewrite /x/y /z last; }`},
		{"invalid_regex", "", `location ~ "^/x$" { return 404; }`},
		{"invalid_regex", `map $uri $sitegen_x { "~^/x(/y)?$" 1; }`, ""},
		{"invalid_regex", `map $uri $sitegen_x { "~^/x(/y)?\z" $2; }`, ""},
		{"invalid_regex", `map $uri $sitegen_x { /x $1; }`, ""},
		{"invalid_regex", "", `location /x { rewrite "^/(?i)x" /$1 last; }`},
		{"invalid_regex", "", `location ~ "^/x/(y)\z" { return 302 /z/$1; }`},
		{"overlapping_captures", "", `location /x { rewrite "^/(x/([a-z]+))\z" /y?a=$1&b=$2 last; }`},
		{"unnamed_groups", "", `location /x { rewrite "^/x/([a-z]+)\z" /y?a=$1; set $sitegen_x 1; }`},
		{"mixed_case_variable", "map $args $sitegen_X { default 1; }", ""},
		{"mixed_case_variable", "", "location /x { return 302 /$Args; }"},
		{"host_spoofing, origins", "", "location /x { return 301 https://$host/; }"},
		{"host_spoofing, origins", "map $http_origin $sitegen_x { default 1; }", ""},
		{"host_spoofing, origins", "", "location /x { if ($http_referer ~ example.org) { return 404; } }"},
		{"host_spoofing, origins", "map $args $sitegen_x { default $arg_next; }", ""},
	} {
		planted := maps.Clone(files)
		planted["nginx/http/planted.conf"] = []byte(tt.http)
		planted["nginx/server/planted.conf"] = []byte(tt.server)
		if found := mistakes(parseConfig(t, planted)); len(found[tt.rule]) == 0 {
			t.Errorf("%s does not find: %s %s", tt.rule, tt.http, tt.server)
		}
		delete(missing, tt.rule)
	}
	for rule := range missing {
		t.Errorf("no mistake for the rule %s", rule)
	}
}
