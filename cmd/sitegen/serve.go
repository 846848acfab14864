package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator"
)

func (p *program) serveCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "serve [flags]",
		Short: "preview the site in a browser",
		Long: `serve builds the site in memory and serves it on this machine as Nginx would: pages,
the download API, redirects, error pages. It writes nothing: public/, redirects/ and
the catalogue stay as they are. Ctrl-C ends it.

The packages are those of the source. When its server cannot be reached, they are
those of the last build; when there was none, a sample.
`,
		Example: `  sitegen serve                     in a site folder
  sitegen serve --source sample     try it, without network
  sitegen serve --listen :9000      for other machines as well, on port 9000`,
		Args: noArguments,
	}, p.serve)
	addOptions(cmd, "source", "app", "offline", "base_url", "data", "jobs", "listen", "log_format")
	addMessages(cmd)
	return cmd
}

func (p *program) serve(cmd *cobra.Command, _ []string) error {
	c, err := p.load(cmd)
	if err != nil {
		return err
	}
	return generator.Serve(cmd.Context(), generator.Options{Config: c, Log: p.messages.Logger, Now: time.Now})
}
