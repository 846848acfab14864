package netlify

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// redirects is a Compilation whose file is being written.
type redirects struct {
	redirect.Compilation
	body            bytes.Buffer
	lines           int                         // number of lines without comments
	static, dynamic int                         // number of lines that Cloudflare Pages reads: exact paths, patterns
	hides, behind   map[*redirect.Rule][]string // the pages that a rule hides, or would hide if it came before files
	warned          map[*redirect.Rule]bool
	sources         map[string]bool // of the lines that Cloudflare Pages reads
}

// newRedirects compares the rules with the pages of the site.
func newRedirects(t *redirect.Table) *redirects {
	f := &redirects{hides: map[*redirect.Rule][]string{}, behind: map[*redirect.Rule][]string{},
		warned: map[*redirect.Rule]bool{}, sources: map[string]bool{}}
	for _, page := range slices.Sorted(maps.Keys(t.Files.Pages)) {
		a := t.Answer(page, "")
		if a.Rule != nil {
			f.hides[a.Rule] = append(f.hides[a.Rule], page)
		}
		if a.Behind != nil {
			f.behind[a.Behind] = append(f.behind[a.Behind], page)
		}
	}
	return f
}

// write writes the file.
func (f *redirects) write(t *redirect.Table) {
	f.body.WriteString(`# ` + output.Mark + `: do not edit, the next build overwrites it.
#
# This format cannot answer /download?QUERY, /find?QUERY, /findall?QUERY and /?QUERY.
`)
	f.section("Rules, aliases and links of retired servers")
	for _, source := range t.Rules.Sources() {
		for _, r := range t.Rules.Exact(source) {
			f.exact(t, r)
		}
	}
	for _, r := range t.Rules.Patterns() {
		f.base(t, r)
	}
	f.section("Permalinks")
	for _, l := range redirect.Links(t.Index) {
		f.line(&f.static, l.Path, lookup.Location(l.Package), "302")
		f.line(&f.static, l.Path+".json", redirect.RecordPath(l.Package), "200")
	}
	f.section("Files of packages")
	for _, p := range t.Index.Packages() {
		f.line(&f.static, lookup.Location(p), p.URL, "302")
	}
	f.section("Patterns")
	for _, r := range t.Rules.Patterns() {
		f.pattern(r)
	}
	if len(t.Files.Languages) > 0 {
		f.section("Error pages in the language of the path")
	}
	for _, language := range t.Files.Languages {
		f.other("/"+language+"/*", "/-/error/"+language+"/404.html", "404")
	}
}

// section starts a part of the file.
func (f *redirects) section(title string) { fmt.Fprintf(&f.body, "\n# %s\n", title) }

// line writes a line that all hosts read, and adds 1 to n, one of the counts. It writes nothing if a line before has
// the same source: that one matches first.
func (f *redirects) line(n *int, source, target, status string) {
	if !f.sources[source] {
		f.sources[source] = true
		*n++
		f.other(source, target, status)
	}
}

// other writes a line that Cloudflare Pages ignores.
func (f *redirects) other(source, target, status string) {
	f.lines++
	fmt.Fprintf(&f.body, "%s %s %s\n", source, target, status)
}

// exact writes the lines of a rule for one path. Netlify and GitLab Pages ignore a slash at the end of a path.
func (f *redirects) exact(t *redirect.Table, r *redirect.Rule) {
	page := t.Files.Has(r.Source)
	if page && !r.Force && t.Files.Has(r.Source+"/") || f.leaveOut(r) { // a file comes first
		return
	}
	to, source := target(r, false), encodeSource(r.Source)
	sources := []string{source}
	switch {
	case page && !r.Force:
		sources[0] += "/" // there is a file at the path without a slash
	case source != "/" && !indexPage(to):
		sources = append(sources, source+"/")
	}
	f.rule(&f.static, r, to, sources, page, false)
}

// base writes the lines for the path before a slash and an asterisk, which Cloudflare Pages does not compare with the
// pattern, unless another rule or a file answers there.
//
//	/docs/* /d/:splat    /docs /d/
func (f *redirects) base(t *redirect.Table, r *redirect.Rule) {
	path, ok := strings.CutSuffix(r.Source, "/*")
	if !ok || path == "" || len(r.Names()) > 1 || len(f.behind[r]) > 0 ||
		ignoredByCloudflare(r, target(r, false)) != "" {
		return
	}
	for _, before := range t.Rules.Patterns() {
		if before == r {
			break
		}
		if len(before.Conditions) > 0 && regexp.MustCompile(`(?s)^`+before.Expr()+`$`).MatchString(path) {
			return // it must be asked first
		}
	}
	a := t.Answer(path, "")
	if a.Rule != r || a.Location == "" && a.File == "" {
		return
	}
	if t.Files.Has(path) { // the rule is forced
		f.other(encodeSource(path), a.Location+a.File, fmt.Sprintf("%d!", r.Status))
	}
	f.line(&f.static, encodeSource(path), a.Location+a.File, fmt.Sprint(r.Status))
}

// pattern writes the lines of a pattern.
func (f *redirects) pattern(r *redirect.Rule) {
	if f.leaveOut(r) {
		return
	}
	behind := len(f.behind[r]) > 0
	to, source := target(r, behind), encodeSource(r.Source)
	sources := []string{source}
	if base, ok := strings.CutSuffix(source, "/*"); ok && len(r.Names()) > 1 {
		sources = append(sources, base)
	} else if !strings.HasSuffix(source, "*") {
		sources = append(sources, source+"/")
	}
	f.rule(&f.dynamic, r, to, sources, len(f.hides[r]) > 0, behind)
}

// rule writes the lines of a rule: one for all hosts, and the others for Cloudflare Pages, unless it ignores the rule
// anyway. file: there is a file that the rule hides if it is forced. behind: there are files that it must not hide.
func (f *redirects) rule(n *int, r *redirect.Rule, to string, sources []string, file, behind bool) {
	conditions := ""
	for _, c := range r.Conditions {
		value := c.Value
		if c.Placeholder != "" {
			value = ":" + c.Placeholder
		}
		conditions += " " + c.Name + "=" + value
	}
	status, hides, ignored := fmt.Sprint(r.Status), r.Force && file, ignoredByCloudflare(r, to) != ""
	first := sources[0] + conditions
	if hides {
		f.other(first, to, status+"!")
	}
	switch {
	case ignored && !hides:
		f.other(first, to, status)
	case behind && !ignored:
		f.other(first, to, status+" # not for Cloudflare Pages, where it would hide files")
	case !ignored:
		for _, source := range sources {
			if source != sources[0] && strings.HasSuffix(sources[0], "/*") { // the asterisk matches nothing
				to = strings.ReplaceAll(to, ":"+redirect.Splat, "")
			}
			f.line(n, source, to, status)
		}
	}
	f.warn(r, to, len(first)+len(to)+len(status)+2, hides, behind)
}

// leaveOut reports whether a rule is left out because Netlify would understand it differently.
func (f *redirects) leaveOut(r *redirect.Rule) bool {
	why := misread(r.Written())
	if why != "" && !f.warned[r.Written()] {
		f.warned[r.Written()] = true
		f.Warn(r, "netlify: this rule is left out: on Netlify, %s", why)
	}
	return why != ""
}

// warn adds a warning about a rule that some host ignores.
func (f *redirects) warn(r *redirect.Rule, to string, length int, hides, behind bool) {
	// Where a host ignores a rule of the profile, which has status 404 then, it answers 404 as well.
	if f.warned[r.Written()] || r.Origin == redirect.Inherited {
		return
	}
	f.warned[r.Written()] = true
	cloudflare, gitlab := ignoredByCloudflare(r, to), ignoredByGitLab(r)
	if behind && (cloudflare == "" || indexPage(to)) {
		if cloudflare == "" && gitlab == "" {
			gitlab = "the line ends in a comment, for Cloudflare Pages"
		}
		pages := f.behind[r.Written()]
		cloudflare = fmt.Sprintf("it would hide %d pages there, %s among them", len(pages), pages[0])
	}
	if length > MaxLine && cloudflare == "" {
		cloudflare = fmt.Sprintf("the line has %d characters, and %d are allowed", length, MaxLine)
	}
	if hides && gitlab == "" {
		gitlab = "there, files come before rules"
	}
	var ignored []string
	for _, host := range []struct{ name, why string }{
		{"Netlify", ignoredByNetlify(r)}, {"Cloudflare Pages", cloudflare}, {"GitLab Pages", gitlab},
	} {
		if host.why != "" {
			ignored = append(ignored, fmt.Sprintf("%s ignores this rule: %s", host.name, host.why))
		}
	}
	if len(r.Conditions) > 0 {
		ignored = append(ignored, "GitLab Pages ignores the whole file if a rule has conditions")
	}
	if len(ignored) > 0 {
		f.Warn(r, "netlify: %s", strings.Join(ignored, "; "))
	}
}

// target returns the target of a rule as it is written. The hosts want a file for an error page. Cloudflare Pages wants
// a folder instead of its index page; with index set, the index page is kept.
func target(r *redirect.Rule, index bool) string {
	to := r.Expand(func(name string) string { return ":" + name })
	switch {
	case to == "":
		return "/404.html"
	case r.Status == 200 && !index:
		return strings.TrimSuffix(to, "index.html")
	}
	return to
}

// encodeSource returns a source as it is written. Netlify and GitLab Pages compare it with decoded paths, and
// Cloudflare Pages encodes it, so only what would end the source or mean something else is encoded.
func encodeSource(source string) string {
	var b strings.Builder
	for _, c := range source {
		if unicode.IsSpace(c) || strings.ContainsRune("\uFEFF%?#\\", c) {
			for _, octet := range []byte(string(c)) {
				fmt.Fprintf(&b, "%%%02X", octet)
			}
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}
