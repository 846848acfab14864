package netlify

import (
	"fmt"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// host emulates Netlify with a _redirects file.
type host struct {
	rules *redirect.Rules
	files redirect.Files
}

// Emulate implements redirect.Server. It parses the compiled file as rules.txt, which has the same syntax and
// meaning.
func (s Server) Emulate(t *redirect.Table, compiled func() *redirect.Compilation) (redirect.Emulator, error) {
	list, err := redirect.Parse(fileName, string(compiled().File(s, fileName)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", fileName, err)
	}
	return host{redirect.NewRules(list), t.Files}, nil
}

// Answer implements redirect.Emulator. The first line that matches answers, unless a file exists at the path and the
// line does not end in "!".
func (h host) Answer(s *emulate.Site, path, query string) (emulate.Reply, error) {
	o := h.rules.Match(path, query)
	switch {
	case o.Rule == nil, !o.Rule.Force && h.files.Has(path):
		return s.Serve(path, query)
	case o.Rule.Moved():
		return emulate.Redirect(o.Rule.Status, o.Target, ""), nil
	case o.Target == "":
		return s.Missing(o.Rule.Status, path)
	}
	return s.Show(o.Rule.Status, o.Target)
}
