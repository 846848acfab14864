// Package preview serves a site to browsers while people edit it.
//
// A Builder builds States of the site. A State consists of the files, which are rendered when they are requested, and
// the redirect table. The emulator of a web server answers the requests. The Server keeps the newest state,
// and earlier ones without known mistakes, which answer if a page of the newest state cannot be rendered.
//
// One goroutine, the worker, builds. For example, after someone saves content/about.md:
//
//  1. The watcher reports the file.
//  2. The worker builds a new State and renders the pages that are open in browsers.
//  3. The hub sends the new status to the open pages, which reload.
//  4. The worker checks the whole site for mistakes, which takes longer, and the hub sends the number of warnings.
//
// A program receives exactly the bytes and headers that will be published. A browser also receives a script, which
// reloads pages and shows a bar at their bottom, and headers that disable its cache.
package preview

import (
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// site is a State that can answer requests.
type site struct {
	*State
	files *emulate.Site
	as    *redirect.Emulation
}

// newSite returns a site for a state. It reuses the emulator of the previous site if server and redirects are the same.
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

// answer replies as the emulated server does. path is decoded and clean; query is still encoded.
func (s *site) answer(path, query string) (emulate.Reply, error) {
	return s.as.Answer(s.files, path, query)
}

// withHeaders adds the headers of all responses to a reply, if the emulated server sends them.
func (s *site) withHeaders(r emulate.Reply) emulate.Reply {
	if s.As.Describe().Headers {
		for _, h := range s.Table.Headers {
			r.Header.Set(h.Name, h.Value)
		}
	}
	return r
}
