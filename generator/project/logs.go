package project

import (
	"fmt"

	"github.com/Slicer/sitegen/generator/accesslog"
)

// LogFormats returns the formats of access logs: the built-in ones and those that the configuration adds.
func (p *Project) LogFormats() (*accesslog.Formats, error) {
	c := &p.Config.Stats
	f := c.JSONFields
	formats, err := accesslog.NewFormats(c.LogFormats, accesslog.Fields{
		Address: f.Address, Time: f.Time, Request: f.Request, Method: f.Method, URI: f.Path, Status: f.Status,
		Agent: f.Agent,
	})
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", p.Config.Origin("stats.log_formats"), err), "")
	}
	formats.TrustedProxies = c.Proxies
	return formats, nil
}
