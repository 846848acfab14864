package redirect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// ContentsPath is the file in redirects/ that lists what the maps of all servers hold: the newest packages, all
// packages and all rules, one to a line. Diff compares two versions of it. Its lines have tabs between the columns:
//
//	latest   win nightly                34880
//	package  5f4ab7d0e1ba0d8f3cb04d4d   win    34880   nightly   5.13.0   false
//	rule     /old                       /old /new 301
//
// The first column is the kind of fact, the second is the key, the rest of the line is the value.
const ContentsPath = "contents.tsv"

// Contents returns that file for a table.
func Contents(t *Table) output.File {
	var b bytes.Buffer
	b.WriteString("# " + output.Mark +
		": do not edit. Lists what the maps in this folder hold, for sitegen redirects diff.\n")
	var lines []string
	line := func(words ...string) { lines = append(lines, strings.Join(words, "\t")+"\n") }
	for _, pf := range t.Index.Platforms() {
		for _, s := range []catalog.Stability{catalog.Release, catalog.Nightly} {
			if p := t.Index.Table(pf, s).Newest; p != nil {
				line("latest", platformName(t.Index, pf)+" "+string(s), buildName(t.Index.Spec(), p))
			}
		}
	}
	for _, p := range t.Index.Packages() {
		line("package", p.ID, platformName(t.Index, p.Platform()), fmt.Sprint(p.Revision), string(p.Stability()),
			p.Version, fmt.Sprint(p.PreRelease))
	}
	for _, r := range t.Rules.All() {
		line("rule", r.subject(), r.String())
	}
	slices.Sort(lines)
	for _, l := range lines {
		b.WriteString(l)
	}
	return output.File{Root: output.Redirects, Group: output.Maps, Path: ContentsPath, Data: b.Bytes()}
}

// platformName returns the system, followed by the architecture if it is not the default one: "win", "macosx arm64".
func platformName(x *lookup.Index, pf catalog.Platform) string {
	if pf.Arch == x.Spec().DefaultArch() {
		return string(pf.OS)
	}
	return string(pf.OS) + " " + string(pf.Arch)
}

// buildName returns the usual name of a package: its release, such as 5.12.4, or for a nightly build its revision, such
// as 34873, or the day of the build if the project has no revisions.
func buildName(spec *lookup.Spec, p *catalog.Package) string {
	switch {
	case p.Release != "":
		return p.Release
	case !spec.Revisions:
		return p.Day()
	}
	return fmt.Sprint(p.Revision)
}

// Diff describes how the contents of the maps changed in one line, for a commit message: "latest win nightly: 34873 to
// 34880; 3 packages added; nothing removed".
func Diff(before, after []byte) string {
	a, b := facts(before), facts(after)
	var words []string
	for _, key := range sortedKeys(a["latest"], b["latest"]) {
		switch was, is := a["latest"][key], b["latest"][key]; {
		case was == is:
		case was == "":
			words = append(words, fmt.Sprintf("latest %s: none to %s", key, is))
		case is == "":
			words = append(words, fmt.Sprintf("latest %s: %s to none", key, was))
		default:
			words = append(words, fmt.Sprintf("latest %s: %s to %s", key, was, is))
		}
	}
	removed := 0
	for _, kind := range []string{"package", "rule"} {
		added, gone, changed := 0, 0, 0
		for _, key := range sortedKeys(a[kind], b[kind]) {
			was, had := a[kind][key]
			is, has := b[kind][key]
			switch {
			case !had:
				added++
			case !has:
				gone++
			case was != is:
				changed++
			}
		}
		for _, n := range []struct {
			count int
			what  string
		}{{added, "added"}, {changed, "changed"}, {gone, "removed"}} {
			if n.count > 0 {
				words = append(words, plural(n.count, kind)+" "+n.what)
			}
		}
		removed += gone
	}
	switch {
	case len(words) == 0:
		return "no change"
	case removed == 0:
		words = append(words, "nothing removed")
	}
	return strings.Join(words, "; ")
}

// Changes returns the packages and rules that only one of two contents files has, one per line, sorted. A package or
// rule that was changed is in both lists:
//
//	removed  rule /old / 301
//	added    rule /old /new/ 301
//	         package 6af4b433c4720811bd6c43a8 win 35185 nightly 5.13.0 false
func Changes(before, after []byte) (added, removed []string) {
	a, b := facts(before), facts(after)
	added, removed = []string{}, []string{}
	for _, kind := range []string{"package", "rule"} {
		for _, key := range sortedKeys(a[kind], b[kind]) {
			was, had := a[kind][key]
			is, has := b[kind][key]
			if had && has && was == is {
				continue
			}
			if had {
				removed = append(removed, describeFact(kind, key, was))
			}
			if has {
				added = append(added, describeFact(kind, key, is))
			}
		}
	}
	return added, removed
}

// describeFact returns a line of a contents file for people. The text of a rule begins with its key.
func describeFact(kind, key, value string) string {
	if kind == "rule" {
		return kind + " " + value
	}
	return strings.Join(append([]string{kind, key}, strings.Fields(value)...), " ")
}

// facts parses a contents file. The result maps the kind of a fact, then its key, to the rest of the line:
// facts["latest"]["win nightly"] is "34880".
func facts(text []byte) map[string]map[string]string {
	all := map[string]map[string]string{}
	for line := range strings.Lines(string(text)) {
		kind, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if all[kind] == nil {
			all[kind] = map[string]string{}
		}
		key, value, _ := strings.Cut(rest, "\t")
		all[kind][key] = value
	}
	return all
}

// sortedKeys returns the keys that are in a or b.
func sortedKeys(a, b map[string]string) []string {
	var keys []string
	for _, m := range []map[string]string{a, b} {
		for key := range m {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
