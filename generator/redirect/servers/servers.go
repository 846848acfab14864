// Package servers lists the web servers that sitegen compiles redirects for. To add one, add a folder here with a type
// that implements redirect.Server, and a line to All.
package servers

import (
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers/caddy"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
	"github.com/Slicer/sitegen/generator/redirect/servers/netlify"
	"github.com/Slicer/sitegen/generator/redirect/servers/nginx"
	"github.com/Slicer/sitegen/generator/redirect/servers/s3"
)

// All returns the servers. The first one is the default of a preview.
func All() []redirect.Server {
	return []redirect.Server{
		nginx.Server{},
		s3.Server{},
		cloudfront.Server{},
		netlify.Server{},
		caddy.Server{},
	}
}

// Default returns the names of the servers that redirects are compiled for if none are configured.
func Default() []string {
	return []string{nginx.Server{}.Name(), s3.Server{}.Name(), cloudfront.Server{}.Name()}
}

// Names returns the names of all servers.
func Names() []string {
	var names []string
	for _, s := range All() {
		names = append(names, s.Name())
	}
	return names
}

// Find returns the server with a name. If there is none, the error lists the names and is marked fault.Usage.
func Find(name string) (redirect.Server, error) {
	for _, s := range All() {
		if s.Name() == name {
			return s, nil
		}
	}
	err := fmt.Errorf("unknown server (found %.40q); use one of %s%s", name, strings.Join(Names(), ", "),
		fault.DidYouMean(name, Names()))
	return nil, fault.Wrap(fault.Usage, err, "")
}
