package lookup

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/Slicer/sitegen/generator/catalog"
)

// Explain prints how the answer to a request is found: the parameters as read, the matching packages, the effect of the
// offset, and the answer. rawURL is a path and query, or a complete URL.
func (x *Index) Explain(w io.Writer, rawURL string) error {
	path, query, err := SplitURL(rawURL)
	if err != nil {
		return err
	}
	out := &printer{w: w, spec: x.spec}
	out.printf("%s", path)
	if query != "" {
		out.printf("?%s", query)
	}
	out.printf("\n")
	a := x.Answer(path, query)
	switch {
	case a.Kind == NotOurs:
		out.section("answer")
		out.printf("  the file of that path, or the 404 page: the download API has no such route\n")
	case strings.HasPrefix(mergeSlashes(path), BitstreamPrefix):
		out.bitstream(a)
	default:
		out.parameters(query, a)
		if a.Problem == nil {
			out.cells(x, &a.Query)
		}
		out.answer(a)
	}
	return out.err
}

// SplitURL returns the path (decoded) and the query (still encoded) of a URL, or of a path with a query.
func SplitURL(rawURL string) (path, query string, err error) {
	rest, query, _ := strings.Cut(rawURL, "?")
	query, _, _ = strings.Cut(query, "#")
	rest, _, _ = strings.Cut(rest, "#")
	if _, after, ok := strings.Cut(rest, "://"); ok {
		_, p, _ := strings.Cut(after, "/")
		rest = "/" + p
	}
	path, err = url.PathUnescape(rest)
	if err != nil {
		return "", "", fmt.Errorf("read the URL %.80q: %w", rawURL, err)
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path, query, nil
}

// printer writes text and stores the first error.
type printer struct {
	w    io.Writer
	spec *Spec
	err  error
}

func (o *printer) printf(format string, args ...any) {
	if o.err == nil {
		_, o.err = fmt.Fprintf(o.w, format, args...)
	}
}

func (o *printer) section(name string) { o.printf("\n%s\n", name) }

func (o *printer) bitstream(a Answer) {
	o.section("answer")
	if a.Package == nil {
		o.printf("  %d: no published package has this id\n", a.Status)
		return
	}
	o.printf("  %d to the file of %s\n", a.Status, o.describe(a.Package))
}

// parameters prints the parameters as read, and the defaults of missing ones.
func (o *printer) parameters(rawQuery string, a Answer) {
	given := DecodeQuery(rawQuery)
	o.section("parameters as read")
	tw := tabwriter.NewWriter(o.w, 0, 0, 2, ' ', 0)
	row := func(name, value, fallback string) {
		note := ""
		if _, ok := given[name]; !ok {
			value, note = fallback, "(default)"
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", name, value, note)
	}
	quoted := func(name string) string { return fmt.Sprintf("%.80q", given[name]) }
	if a.Problem == nil {
		q := a.Query
		quoted = func(name string) string { return given[name] }
		row("os", join(q.OSes), join(q.OSes))
		row("stability", join(q.Stabilities), join(q.Stabilities))
		row("arch", string(q.Arch), string(q.Arch))
		row("offset", fmt.Sprint(q.Offset), "0")
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch {
		case slices.Contains(o.spec.ModeNames(), name):
			fmt.Fprintf(tw, "  %s\t%s\t\n", name, quoted(name))
		case o.spec.Parameter(name) == nil:
			fmt.Fprintf(tw, "  %.40q\t%.80q\t(unknown: ignored)\n", name, given[name])
		case a.Problem != nil:
			fmt.Fprintf(tw, "  %s\t%s\t\n", name, quoted(name))
		}
	}
	if err := tw.Flush(); err != nil {
		o.err = cmp.Or(o.err, err)
	}
}

// cells prints how the package for each requested operating system and stability is found.
func (o *printer) cells(x *Index, q *Query) {
	for _, s := range q.Stabilities {
		for _, os := range q.OSes {
			o.section(fmt.Sprintf("candidates for %s, %s", os, s))
			o.cell(x, q, os, s)
		}
	}
}

// shownCandidates is the number of matching packages that are listed.
const shownCandidates = 5

func (o *printer) cell(x *Index, q *Query, os catalog.OS, s catalog.Stability) {
	pf := catalog.Platform{Arch: q.Arch, OS: os}
	heads := x.Heads(pf)
	if len(heads) == 0 {
		o.printf("  none: nothing is published for %s\n", pf)
		return
	}
	matching := candidates(x, q, pf, s)
	noun := "revision"
	if !o.spec.Revisions {
		noun = "build day"
	}
	o.printf("  %s has %s; %d packages match %s, newest first\n", pf, count(len(heads), noun), len(matching),
		condition(q, s))
	for i, p := range matching {
		if i == shownCandidates {
			o.printf("    … %d more\n", len(matching)-i)
			break
		}
		mark := " "
		if i == 0 {
			mark = "*"
		}
		o.printf("  %s %s\n", mark, o.describe(p))
	}
	if len(matching) == 0 || q.Offset == 0 {
		return
	}
	o.offset(q, heads, matching[0], x.Find(q, os, s))
}

// offset prints the step from a package to found, which is nil if there are too few revisions in that direction. heads
// are the newest builds of all revisions, oldest first. In a scheme without revisions the step is between days.
func (o *printer) offset(q *Query, heads []*catalog.Package, from, found *catalog.Package) {
	i, _ := slices.BinarySearchFunc(heads, from.Revision,
		func(p *catalog.Package, r int) int { return cmp.Compare(p.Revision, r) })
	left, steps := len(heads)-1-i, q.Offset
	if steps < 0 {
		left, steps = i, -steps
	}
	label, noun, up, down := "revision ", "distinct revision", "higher", "lower"
	name := func(p *catalog.Package) string { return strconv.Itoa(p.Revision) }
	if !o.spec.Revisions {
		label, noun, up, down = "", "build day", "later", "earlier"
		name = (*catalog.Package).Day
	}
	direction := up
	if q.Offset < 0 {
		direction = down
	}
	o.printf("  offset %+d: from %s%s", q.Offset, label, name(from))
	if found == nil {
		o.printf(" only %d %s ones are left: no match\n", left, direction)
		return
	}
	o.printf(", %s %s is %s; its newest build:\n  > %s\n", count(steps, noun), direction, name(found),
		o.describe(found))
}

// candidates returns the packages that match the query, without regard to the offset, newest first.
func candidates(x *Index, q *Query, pf catalog.Platform, s catalog.Stability) []*catalog.Package {
	var list []*catalog.Package
	for _, p := range x.packages {
		if p.Platform() == pf && p.Matches(s) && q.allows(p) {
			list = append(list, p)
		}
	}
	return list
}

// allows reports whether a package matches the mode of the query. It is the definition of the modes. The tables return
// the same answers faster; a test checks that both agree.
func (q *Query) allows(p *catalog.Package) bool {
	switch q.Finds {
	case ByVersion:
		return p.Version != "" && (p.Version == q.Value || strings.HasPrefix(p.Version, q.Value+"."))
	case ByRevision:
		return p.Revision == q.Number
	case ByClosestRevision:
		return p.Revision <= q.Number
	case ByDate:
		return dayNumber(p.Built) <= q.Day
	}
	return true
}

func condition(q *Query, s catalog.Stability) string {
	text := "stability " + string(s)
	switch q.Finds {
	case ByVersion, ByRevision:
		text += fmt.Sprintf(" and %s %s", q.Mode, q.Value)
	case ByClosestRevision:
		text += " and have a revision at or below " + q.Value
	case ByDate:
		text += " and were built on or before " + q.Value
	}
	return text
}

func (o *printer) answer(a Answer) {
	o.section("answer")
	switch a.Kind {
	case BadQuery:
		o.printf("  400: %s\n", a.Problem)
	case NoMatch:
		o.printf("  404: no package matches\n")
	case Redirect:
		o.printf("  302 to %s\n  %s\n", Location(a.Package), o.describe(a.Package))
	case Object:
		o.printf("  200 with the record of\n  %s\n", o.describe(a.Package))
	case Page, Objects:
		o.printf("  200 with\n")
		for _, c := range a.Cells {
			text := "nothing"
			if c.Package != nil {
				text = o.describe(c.Package)
			}
			o.printf("  %s %s: %s\n", c.OS, c.Stability, text)
		}
	}
}

// describe describes a package in one line.
func (o *printer) describe(p *catalog.Package) string {
	kind := "nightly"
	if p.Release != "" {
		kind = "release"
		if p.PreRelease {
			kind = "unreleased (pre-release)"
		}
	}
	revision := ""
	if o.spec.Revisions {
		revision = fmt.Sprintf("  revision %d", p.Revision)
	}
	return fmt.Sprintf("%s  %s%s  built %s  %s  %q", p.ID, cmp.Or(p.Version, "no version"), revision, p.Day(), kind,
		p.Name)
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}

// count returns "1 revision" or "2 revisions".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
