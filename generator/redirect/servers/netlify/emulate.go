package netlify

import (
	"fmt"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// host emulates Netlify with a _redirects file.
type host struct{ rules *redirect.Rules }

// Emulate implements redirect.Server. It parses the compiled file as rules.txt, which has the same syntax and meaning.
// Netlify uses the first line that matches, but the order is the same as well: the file has exact sources before
// patterns.
func (s Server) Emulate(_ *redirect.Table, compiled func() *redirect.Compilation) (redirect.Emulator, error) {
	list, err := redirect.Parse(fileName, string(compiled().File(s, fileName)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", fileName, err)
	}
	return host{redirect.NewRules(list)}, nil
}

// Answer implements redirect.Emulator. The first line that matches answers, unless a file exists at the path and the
// line does not end in "!".
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
