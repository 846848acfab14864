package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/Slicer/sitegen/generator/deploy"
)

// rows prints the report of a deploy as a table, whose lines have the form "name  text". It lists a few of the files
// that differ, or all of them.
func (p deployCommand) rows(r *deploy.Report, all bool) error {
	limit := examples
	if all {
		limit = math.MaxInt
	}
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", name, fmt.Sprintf(format, args...))
	}
	list := func(name string, paths []string) {
		text := "none"
		if len(paths) > 0 {
			text = fmt.Sprintf("%s: %s", plural(len(paths), "file"), enumerate(printables(paths), limit))
		}
		row(name, "%s", text)
	}
	row("edition", "%s", r.Edition)
	switch {
	case r.Unchanged:
		row("deploy", "unchanged: %s is live", r.Deploy)
	case r.DryRun:
		row("deploy", "would replace %s; nothing was changed (--dry-run)", orNone(r.Previous))
	default:
		row("deploy", "%s replaces %s", r.Deploy, orNone(r.Previous))
	}
	row("site", "%s", plural(r.Files.Total, "file"))
	if !r.Unchanged {
		list("added", r.Files.Added)
		list("changed", r.Files.Changed)
		list("removed", r.Files.Removed)
		row("upload", "%s, %s", plural(r.Objects.Uploaded, "object"), humanize.Bytes(uint64(r.Objects.Bytes)))
		row("keep", "%s", plural(r.Objects.Kept, "object"))
		row("store", "%s in %s", plural(r.Store.Keys, "key"), plural(r.Store.Calls, "call"))
	}
	if d := r.Damage; d != nil {
		row("missing", "%s, %s", plural(d.Objects, "object"), plural(d.Keys, "key"))
	}
	c := r.Collected
	row("collect", "%s, %s, %s", plural(c.Deploys, "deploy"), plural(c.Objects, "object"), plural(c.Keys, "key"))
	n := r.Requests
	row("requests", "%d: %s, %s, %s, %d to the store", n.Total(), plural(int(n.Writes), "write"),
		plural(int(n.Reads), "read"), plural(int(n.Deletes), "delete"), n.Store)
	row("cost", "%s (prices of %s, us-east-1)", dollars(r.Cost), deploy.PricesAsOf())
	if !r.DryRun {
		row("time", "%.2f s", r.Seconds)
	}
	_, err := io.WriteString(p.stdout, b.String())
	return err
}

// orNone returns the id of a deploy, or "none".
func orNone(id string) string {
	if id == "" {
		return "none"
	}
	return id
}

// printables makes texts printable.
func printables(texts []string) []string {
	list := make([]string, len(texts))
	for i, t := range texts {
		list[i] = printable(t)
	}
	return list
}
