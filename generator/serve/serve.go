// Package serve previews a site. Serve builds the site in memory and serves it until ctx is done. It builds again after
// every change of content, layouts, rules, configuration or packages. It does not write any files.
//
// Package preview contains the HTTP server, watches the files and reloads the browsers. This package builds the site
// for it, in the same steps as package build.
package serve

import (
	"context"
	"time"

	"github.com/Slicer/sitegen/generator/preview"
	"github.com/Slicer/sitegen/generator/project"
)

// pollInterval is the time between two checks of the files on file systems that do not report changes.
const pollInterval = 500 * time.Millisecond

// Options configures a preview in addition to its project.
type Options struct {
	Load  func() (*project.Project, error) // reads the configuration again after its file has changed
	Ready func(url string)                 // called once, when the server answers requests
}

// Serve serves the site of a project until ctx is done, and then returns the error of ctx.
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
