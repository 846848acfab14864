package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/build"
)

// examples is the maximum number of packages that a line of the summary lists. With --verbose, it lists all.
const examples = 3

// printSummary writes the report of a build as text.
func printSummary(w io.Writer, r *build.Report, verbose bool) error {
	limit := examples
	if verbose {
		limit = math.MaxInt
	}
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	row("source", "%s", printable(r.Source))
	row("published", "%s", plural(r.Published, "package"))
	row("held back", "%s", plural(len(r.Held), "record"))
	for _, group := range groupHeld(r.Held) {
		reason := fmt.Sprintf("%5d  %s: %s", len(group), printable(group[0].Field), printable(group[0].Reason))
		if !verbose {
			row("", "%s: %s", reason, enumerate(heldNames(group), limit))
			continue
		}
		row("", "%s", reason)
		for _, h := range group {
			row("", "       %.80q (%.40q), found %.80q%s", h.Name, h.ID, h.Value, placeOf(h))
		}
	}
	row("added", "%s", items(r.Added, limit))
	row("changed", "%s", items(r.Changed, limit))
	row("withdrawn", "%s", items(r.Withdrawn, limit))
	if len(r.Returned) > 0 {
		row("returned", "%s", items(r.Returned, limit))
	}
	row("pages", "%s", files(r.Pages))
	row("maps", "%s", files(r.Maps))
	for _, s := range r.Stopped {
		row("stopped", "%s: %s", s.Server, printable(s.Reason))
	}
	row("time", "%.2f s%s", r.Seconds, phases(r.Phases))
	_, err := io.WriteString(w, b.String())
	return err
}

// placeOf returns the place of a record and what to do about it, if they are known.
func placeOf(h build.Held) string {
	text := ""
	if h.Place != "" {
		text = ", in " + printable(h.Place)
	}
	if h.Hint != "" {
		text += "; " + printable(h.Hint)
	}
	return text
}

// phases returns the times of the parts of a build that took longer than the shortest time that the summary shows:
// ": source 1.20 s, pages 0.35 s".
func phases(list []build.Phase) string {
	var times []string
	for _, p := range list {
		if p.Seconds >= 0.01 {
			times = append(times, fmt.Sprintf("%s %.2f s", p.Name, p.Seconds))
		}
	}
	if len(times) == 0 {
		return ""
	}
	return ": " + strings.Join(times, ", ")
}

// reloadHint tells people how to have their web servers read the new redirects.
func reloadHint(list []build.Reload) string {
	var commands []string
	for _, r := range list {
		commands = append(commands, fmt.Sprintf("for %s: %s", r.Title, r.Command))
	}
	return "redirects changed: reload the web server, " + strings.Join(commands, "; ")
}

// groupHeld groups records by field and reason, the largest group first.
func groupHeld(held []build.Held) [][]build.Held {
	var groups [][]build.Held
	for _, h := range held {
		i := slices.IndexFunc(groups, func(g []build.Held) bool {
			return g[0].Field == h.Field && g[0].Reason == h.Reason
		})
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], h)
	}
	slices.SortStableFunc(groups, func(a, b []build.Held) int { return len(b) - len(a) })
	return groups
}

func heldNames(held []build.Held) []string {
	var list []string
	for _, h := range held {
		list = append(list, fmt.Sprintf("%.80q", h.Name))
	}
	return list
}

func items(list []build.Item, limit int) string {
	if len(list) == 0 {
		return "none"
	}
	var names []string
	for _, it := range list {
		names = append(names, fmt.Sprintf("%.80q", it.Name))
	}
	return fmt.Sprintf("%s: %s", plural(len(list), "package"), enumerate(names, limit))
}

// enumerate lists the first limit names and counts the rest: "a, b, c and 12 more".
func enumerate(names []string, limit int) string {
	if rest := len(names) - limit; rest > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:limit], ", "), rest)
	}
	return strings.Join(names, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func files(f build.FileCount) string {
	return fmt.Sprintf("%d written, %d unchanged, %d removed", f.Written, f.Unchanged, f.Removed)
}
