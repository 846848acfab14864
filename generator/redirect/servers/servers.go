// Package servers lists the web servers that sitegen compiles redirects for. A new one is a folder here, with a type
// that implements redirect.Server, and a line in All.
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

// All lists the servers. The first is the one that a preview imitates when it is not told another.
func All() []redirect.Server {
	return []redirect.Server{
		nginx.Server{},
		s3.Server{},
		cloudfront.Server{},
		netlify.Server{},
		caddy.Server{},
	}
}

// Default lists the names of the servers that redirects are compiled for when none are configured.
func Default() []string {
	return []string{nginx.Server{}.Name(), s3.Server{}.Name(), cloudfront.Server{}.Name()}
}

// Names lists the names of the servers.
func Names() []string {
	var names []string
	for _, s := range All() {
		names = append(names, s.Name())
	}
	return names
}

// Find returns the server with a name. The error lists the names and is marked fault.Usage.
func Find(name string) (redirect.Server, error) {
	for _, s := range All() {
		if s.Name() == name {
			return s, nil
		}
	}
	err := fmt.Errorf("no such server (found %.40q); %s%s", name, strings.Join(Names(), ", "),
		fault.DidYouMean(name, Names()))
	return nil, fault.Wrap(fault.Usage, err, "")
}
