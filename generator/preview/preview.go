// Package preview shows a site in a browser while people work on it.
//
// A Builder makes States of the site: its files, rendered when they are requested, and the redirect table. The emulator
// of a web server turns a request into a reply as that server would; the preview does not know which server it is. The
// Server keeps two states: the newest, and the last one that had no mistakes, which replaces pages of the newest that
// cannot be shown.
//
// One goroutine does the work: it waits until files have changed (watcher), builds, and sends the new state to the open
// pages (hub). Looking for mistakes everywhere takes longer than rendering the open pages, so it follows after they
// were told.
//
// Programs get what will be published, byte for byte and header for header. Browsers also get a bar at the foot of
// pages and the script that reloads them, and are told not to cache anything.
package preview

import (
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// site is a state that is served.
type site struct {
	*State
	files *emulate.Site
	as    *redirect.Emulation
}

// newSite makes a state ready to be served. The emulator of the state before serves again if it can.
func newSite(s *State, before *site) (*site, error) {
	next := &site{State: s, files: emulate.NewSite(s.Files)}
	if before != nil && before.As.Name() == s.As.Name() && before.Table.Same(s.Table) {
		next.as = before.as
		return next, nil
	}
	var err error
	next.as, err = redirect.Emulate(s.As, s.Table)
	return next, fault.Wrap(fault.Content, err, "")
}

// answer replies as the server would. path is decoded and clean, query as sent.
func (s *site) answer(path, query string) (emulate.Reply, error) {
	return s.as.Answer(s.files, path, query)
}
