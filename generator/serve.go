package generator

import (
	"context"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/preview"
)

// ServeOptions is what a preview takes from outside.
type ServeOptions struct {
	Options
	Load  func() (config.Config, error) // reads the configuration anew, when its file has changed
	Ready func(url string)              // called once, when the site can be asked for
}

// Serve builds the site in memory and shows it until ctx is done, whose error it gives then. Whatever changes
// is built and shown again. Nothing is written: not the site, not the redirects, not the catalogue.
func Serve(ctx context.Context, o ServeOptions) error {
	c := o.Config.Preview
	server := preview.Options{
		Listen: c.Listen, AllowedHosts: c.AllowedHosts, Refresh: c.Refresh,
		Ready: o.Ready, Log: o.Log, Now: o.Now,
	}
	if c.Poll {
		server.Poll = pollInterval
	}
	return preview.New(server, &previewer{o: o.Options, load: o.Load}).Run(ctx)
}
