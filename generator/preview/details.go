package preview

import (
	"bytes"
	_ "embed"
	"html/template"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

//go:embed details.html
var detailsHTML string

var detailsTemplate = template.Must(template.New("details").Parse(detailsHTML))

// details is the data of the page at /-/.
type details struct {
	*view
	URL        string // the URL to explain
	Explained  string
	Rules      []*redirect.Rule // without those of the profile
	Inherited  int              // number of rules of the profile
	Permalinks []redirect.Link  // permalinks that may lead to another package later
	Others     int              // number of permalinks that always lead to the same package
}

// details returns the page at /-/, which lists the pages and redirects of the site and explains a URL.
func (s *Server) details(url string) emulate.Reply {
	v := s.view.Load()
	d := details{view: v, URL: url}
	if v.newest != nil {
		d.redirects(v.newest.Table)
		if url != "" {
			d.Explained = v.newest.explain(url)
		}
	}
	var b bytes.Buffer
	if err := detailsTemplate.Execute(&b, d); err != nil {
		return emulate.Respond(500, emulate.MediaType(".txt"), emulate.NoStore, []byte(err.Error()))
	}
	return emulate.Respond(200, emulate.MediaType(".html"), emulate.NoStore, b.Bytes())
}

// explain describes how the site answers a URL, like the command sitegen explain.
func (s *site) explain(url string) string {
	var b strings.Builder
	err := s.Table.Explain(&b, url)
	if err == nil {
		err = s.as.Explain(&b, url, s.files)
	}
	if err != nil {
		b.WriteString(err.Error())
	}
	return b.String()
}

// redirects fills in the rules and permalinks.
func (d *details) redirects(t *redirect.Table) {
	for _, r := range t.Rules.All() {
		if r.Origin == redirect.Inherited {
			d.Inherited++
			continue
		}
		d.Rules = append(d.Rules, r)
	}
	for _, l := range redirect.Links(t.Index) {
		if l.Moves {
			d.Permalinks = append(d.Permalinks, l)
		} else {
			d.Others++
		}
	}
}

// Pages returns the pages of the newest state.
func (d details) Pages() []Page {
	if d.newest == nil {
		return nil
	}
	return d.newest.Pages
}

// Problems returns the mistakes of the newest edit.
func (d details) Problems() string { return d.status.Problems }

// Log returns the log of the last build and the warnings.
func (d details) Log() string {
	return strings.Join(append(d.log[:len(d.log):len(d.log)], d.warnings...), "\n")
}
