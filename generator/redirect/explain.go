package redirect

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Explain prints how the table answers a request, step by step: the parameters and packages of the download API, or the
// permalink, or the rules that were tried. rawURL is a path and query, or a whole URL.
func (t *Table) Explain(w io.Writer, rawURL string) error {
	path, query, err := lookup.SplitURL(rawURL)
	if err != nil {
		return err
	}
	a := t.Answer(path, query)
	if a.Permalink == "" && a.API.Kind != lookup.NotOurs && a.API.Kind != lookup.NoSuchID {
		return t.Index.Explain(w, rawURL)
	}
	var b strings.Builder
	if a.Permalink != "" {
		fmt.Fprintf(&b, "permalink\n  %s is short for %s\n", path, a.Permalink)
	} else {
		t.trace(&b, path, query)
	}
	fmt.Fprintf(&b, "answer\n  %s\n", a.words())
	_, err = io.WriteString(w, b.String())
	return err
}

// Explain prints how the server's reply to a request differs from the table's answer, and why; or that it is the same.
func (e *Emulation) Explain(w io.Writer, rawURL string, site *emulate.Site) error {
	path, query, err := lookup.SplitURL(rawURL)
	if err != nil {
		return err
	}
	path = emulate.Clean(path)
	reply, err := e.Answer(site, path, query)
	if err != nil {
		return err
	}
	text, err := e.Difference(site, path, query, reply)
	if err != nil {
		return err
	}
	if text == "" {
		text = "the same"
	} else if reason := e.Compilation().Reason(path, e.Table.Answer(path, query), reply); reason != "" {
		text += "\n  " + reason
	}
	_, err = fmt.Fprintf(w, "on %s\n  %s\n", e.Server.Name(), text)
	return err
}

// trace prints the rules that are tried for a request, and why each does not match.
func (t *Table) trace(b *strings.Builder, path, rawQuery string) {
	b.WriteString("rules\n")
	tries := t.Rules.Trace(path, rawQuery)
	if len(tries) == 0 {
		b.WriteString("  no rule has this path as its source, and there are no patterns\n")
		return
	}
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, try := range tries {
		result := "no: " + try.Missed
		switch {
		case try.Missed != "":
		case !try.Tried.Force && t.Files.Has(path):
			result = fmt.Sprintf("matches, but there is a file at this path, which comes first; write %d! to hide it",
				try.Tried.Status)
		default:
			result = "matches"
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", try.Tried.Pos, try.Tried, result)
	}
	tw.Flush() // a write to a strings.Builder cannot fail
}

// words describes an answer in one line.
func (a Answer) words() string {
	switch {
	case a.Location != "":
		return fmt.Sprintf("%d, to %s", a.Status, a.Location)
	case a.File != "":
		return fmt.Sprintf("%d, the file %s", a.Status, a.File)
	case a.API.Problem != nil:
		return fmt.Sprintf("400: %s", a.API.Problem)
	case a.Status != 0:
		return fmt.Sprint(a.Status)
	}
	return "the file at this path, or the 404 page"
}
