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

// details is what the page at /-/ shows.
type details struct {
	*view
	URL        string // that was tried
	Explained  string
	Rules      []*redirect.Rule // but for those of the profile
	Inherited  int              // how many these are
	Permalinks []redirect.Link  // those that lead to what is newest
	Others     int              // permalinks that never change
}

// details serves the page that lists every path of the site and explains a URL.
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

// explain describes the answer to a URL, as sitegen explain does.
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

// Pages lists the pages of the newest state.
func (d details) Pages() []Page {
	if d.newest == nil {
		return nil
	}
	return d.newest.Pages
}

// Problems is what is wrong with the newest edit.
func (d details) Problems() string { return d.status.Problems }

// Log is what the last build did, and what deserves a look.
func (d details) Log() string {
	return strings.Join(append(d.log[:len(d.log):len(d.log)], d.warnings...), "\n")
}
