package netlify

import (
	"fmt"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// host is Netlify with the site and the file.
type host struct{ rules *redirect.Rules }

// Emulate implements redirect.Server. The lines of the file mean the same as those of rules.txt, which have the syntax
// from it; exact sources stand before patterns in both.
func (s Server) Emulate(_ *redirect.Table, compiled func() *redirect.Compilation) (redirect.Emulator, error) {
	list, err := redirect.Parse(fileName, string(compiled().File(s, fileName)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", fileName, err)
	}
	return host{redirect.NewRules(list)}, nil
}

// Answer implements redirect.Emulator: the first line that matches counts, if no file is there or the line insists.
func (h host) Answer(s *emulate.Site, path, query string) (emulate.Reply, error) {
	o := h.rules.Match(path, query)
	file, err := s.Serve(path, query)
	switch {
	case o.Rule == nil, !o.Rule.Force && file.Status < 400, err != nil:
		return file, err
	case o.Rule.Moved():
		return emulate.Redirect(o.Rule.Status, o.Target, ""), nil
	case o.Rule.Status == 200:
		return s.Serve(o.Target, "")
	}
	return s.NotFound()
}
