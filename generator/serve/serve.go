// Package serve previews a site. Serve builds it in memory and shows it until it is stopped; whatever changes (content,
// layouts, rules, configuration, packages) is built and shown again. Nothing is written: not the site, not the redirects,
// not the history of packages.
//
// The HTTP server, the watching of files and the reloading of browsers are package preview's. This package gives it the
// states of the site, by the same steps that a build takes.
package serve

import (
	"context"
	"time"

	"github.com/Slicer/sitegen/generator/preview"
	"github.com/Slicer/sitegen/generator/project"
)

// pollInterval is how often files are looked at on file systems that do not report changes.
const pollInterval = 500 * time.Millisecond

// Options is what a preview needs besides its project.
type Options struct {
	Load  func() (*project.Project, error) // reads the configuration again, after its file has changed
	Ready func(url string)                 // called once, when the site can be visited
}

// Serve shows the site of a project until ctx is done, and returns the error of ctx then.
func Serve(ctx context.Context, p *project.Project, o Options) error {
	c := p.Config.Preview
	server := preview.Options{
		Listen: c.Listen, AllowedHosts: c.AllowedHosts, Refresh: c.Refresh,
		Ready: o.Ready, Log: p.Log, Now: p.Now,
	}
	if c.Poll {
		server.Poll = pollInterval
	}
	return preview.New(server, &builder{project: p, load: o.Load}).Run(ctx)
}
