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

// ContentsPath is the file below redirects/ that lists what the maps of all servers hold, a line for each fact: what is
// newest, packages, rules. Diff reads it.
const ContentsPath = "contents.tsv"

// Contents makes that file.
func Contents(t *Table) output.File {
	var b bytes.Buffer
	b.WriteString("# " + output.Mark +
		": do not edit. What the maps in this folder hold; sitegen redirects diff reads it.\n")
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

// platformName is the system, and the architecture if it is not the default.
func platformName(x *lookup.Index, pf catalog.Platform) string {
	if pf.Arch == x.Spec().DefaultArch() {
		return string(pf.OS)
	}
	return string(pf.OS) + " " + string(pf.Arch)
}

// buildName is what people call a package: 5.12.4, or for a nightly build its revision, 34873, or its day, 2026-11-20.
func buildName(spec *lookup.Spec, p *catalog.Package) string {
	switch {
	case p.Release != "":
		return p.Release
	case !spec.Revisions:
		return p.Day()
	}
	return fmt.Sprint(p.Revision)
}

// Diff describes how the contents of the maps changed, for a commit message: "latest win nightly: 34873 to 34880;
// 3 packages added; nothing removed".
func Diff(before, after []byte) string {
	a, b := facts(before), facts(after)
	var words []string
	for _, key := range sortedKeys(a["latest"], b["latest"]) {
		switch was, is := a["latest"][key], b["latest"][key]; {
		case was == is:
		case was == "":
			words = append(words, fmt.Sprintf("latest %s: %s, the first", key, is))
		case is == "":
			words = append(words, fmt.Sprintf("latest %s: none, was %s", key, was))
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

// facts reads a contents file: by kind, by key, the rest of the line.
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
