package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/deploy"
)

// rows is a table with two columns: a name and a text.
type rows struct {
	b     strings.Builder
	limit int // maximum number of names in a row
}

// newRows returns an empty table. all selects whether rows list all names, or only a few.
func newRows(all bool) *rows {
	if all {
		return &rows{limit: math.MaxInt}
	}
	return &rows{limit: examples}
}

func (t *rows) row(name, format string, args ...any) {
	fmt.Fprintf(&t.b, "%-10s %s\n", name, fmt.Sprintf(format, args...))
}

// files adds the files that differ between two deploys.
func (t *rows) files(f deploy.Files) {
	for _, list := range []struct {
		name  string
		paths []string
	}{{"added", f.Added}, {"changed", f.Changed}, {"removed", f.Removed}} {
		text := "none"
		if len(list.paths) > 0 {
			text = fmt.Sprintf("%s: %s", plural(len(list.paths), "file"), printable(enumerate(list.paths, t.limit)))
		}
		t.row(list.name, "%s", text)
	}
}

// lines adds a row for each text, or for a few of them.
func (t *rows) lines(mark string, texts []string) {
	for i, text := range texts {
		if i == t.limit {
			t.row("", "%s %d more", mark, len(texts)-i)
			return
		}
		t.row("", "%s %s", mark, printable(text))
	}
}

func (t *rows) write(w io.Writer) error {
	_, err := io.WriteString(w, t.b.String())
	return err
}

// rows prints the report of a deploy as a table.
func (p deployCommand) rows(r *deploy.Report, all bool) error {
	t := newRows(all)
	cloudFront := r.Target == config.CloudFront
	if cloudFront {
		t.row("edition", "%s", r.Edition)
	} else {
		t.row("target", "%s", r.Target)
	}
	switch {
	case r.Unchanged:
		t.row("deploy", "unchanged: %s is live", r.Deploy)
	case r.DryRun:
		t.row("deploy", "would replace %s; nothing was changed (--dry-run)", orNone(r.Previous))
	default:
		t.row("deploy", "%s replaces %s", r.Deploy, orNone(r.Previous))
	}
	if r.Of != "" {
		t.row("again", "%s", r.Of)
	}
	if !r.Unchanged {
		t.row("site", "%s", plural(r.Files.Total, "file"))
		t.files(r.Files)
		t.row("upload", "%s, %s", plural(r.Objects.Uploaded, "object"), humanize.Bytes(uint64(r.Objects.Bytes)))
		t.row("keep", "%s", plural(r.Objects.Kept, "object"))
		switch {
		case cloudFront:
			t.row("store", "%s in %s", plural(r.Store.Keys, "key"), plural(r.Store.Calls, "call"))
		case r.Configuration:
			t.row("rules", "a new website configuration")
		default:
			t.row("rules", "the same website configuration")
		}
	}
	if r.Damage != nil {
		text := strings.Join(damage(r), ", ")
		if r.DryRun && *r.Damage != (deploy.Damage{}) {
			text += "; would be put back"
		}
		t.row("missing", "%s", text)
	}
	c, n := r.Collected, r.Requests
	if cloudFront {
		t.row("collect", "%s, %s, %s", plural(c.Deploys, "deploy"), plural(c.Objects, "object"), plural(c.Keys, "key"))
	} else {
		later := ""
		if c.Later > 0 {
			later = fmt.Sprintf("; %s later, because the site no longer has them", plural(c.Later, "object"))
		}
		t.row("delete", "%s%s", plural(c.Objects, "object"), later)
	}
	requests := fmt.Sprintf("%d: %s, %s, %s", n.Total(), plural(int(n.Writes), "write"), plural(int(n.Reads), "read"),
		plural(int(n.Deletes), "delete"))
	if cloudFront {
		requests += fmt.Sprintf(", %d to the store", n.Store)
	}
	t.row("requests", "%s", requests)
	t.row("cost", "%s (prices of %s, us-east-1)", dollars(r.Cost), deploy.PricesAsOf())
	if !r.DryRun {
		t.row("time", "%.2f s", r.Seconds)
	}
	return t.write(p.stdout)
}

// orNone returns the id of a deploy, or "none".
func orNone(id string) string { return cmp.Or(id, "none") }
