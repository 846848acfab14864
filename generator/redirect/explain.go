package redirect

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/Slicer/sitegen/generator/lookup"
)

// Explainer is a Target that can say what it answers itself, where that is not what Table.Answer says.
type Explainer interface {
	Target
	// Explain says in one line how the target's answer to a request differs, "" when it does not.
	Explain(t *Table, path, rawQuery string, a Answer) string
}

// Explain prints how a request comes to its answer, rule after rule; path is decoded, rawQuery still
// encoded. A request to the download API is explained by lookup.Index.Explain. target may be nil.
func (t *Table) Explain(w io.Writer, path, rawQuery string, target Target) error {
	a := t.Answer(path, rawQuery)
	var b strings.Builder
	if a.Permalink != "" {
		fmt.Fprintf(&b, "permalink\n  %s stands for %s\n", path, a.Permalink)
	}
	if a.Permalink == "" && (a.API.Kind == lookup.NotOurs || a.API.Kind == lookup.NoSuchID) {
		t.trace(&b, path, rawQuery)
	}
	fmt.Fprintf(&b, "answer\n  %s\n", a.words())
	if e, ok := target.(Explainer); ok {
		difference := e.Explain(t, path, rawQuery, a)
		if difference == "" {
			difference = "the same"
		}
		fmt.Fprintf(&b, "on %s\n  %s\n", target.Name(), difference)
	} else if target != nil {
		fmt.Fprintf(&b, "on %s\n  the same\n", target.Name())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// trace prints the rules that were tried.
func (t *Table) trace(b *strings.Builder, path, rawQuery string) {
	b.WriteString("rules\n")
	tries := t.Rules.Trace(path, rawQuery)
	if len(tries) == 0 {
		b.WriteString("  none has this path as its source, and there are no patterns\n")
		return
	}
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, try := range tries {
		result := "no: " + try.Missed
		if try.Missed == "" {
			result = "matches"
		}
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", try.Tried.Pos, try.Tried, result)
	}
	tw.Flush() // into a string: cannot fail
}

// words says an answer in one line.
func (a Answer) words() string {
	switch {
	case a.Location != "":
		return fmt.Sprintf("%d, to %s", a.Status, a.Location)
	case a.File != "":
		return fmt.Sprintf("200, the file %s", a.File)
	case a.API.Problem != nil:
		return fmt.Sprintf("400: %s", a.API.Problem)
	case a.Status != 0:
		return fmt.Sprint(a.Status)
	}
	return "the file of that path, or the 404 page"
}

// ExplainURL explains a request to the download API first, and what comes after it: permalinks, rules and
// what a server makes of the answer. rawURL is a path and query, or a whole URL.
func (t *Table) ExplainURL(w io.Writer, rawURL string, target Target) error {
	path, query, err := lookup.SplitURL(rawURL)
	if err != nil {
		return err
	}
	api := t.Index.Answer(path, query)
	if api.Kind != lookup.NotOurs && api.Kind != lookup.NoSuchID {
		if err := t.Index.Explain(w, rawURL); err != nil || target == nil {
			return err
		}
	}
	return t.Explain(w, path, query, target)
}
