package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/serve"
)

// serveCommand implements sitegen serve.
type serveCommand struct{ *program }

func (p serveCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "serve [flags]",
		Short: "preview the site in a browser",
		Long: `serve builds the site in memory and serves it on this machine as Nginx would: pages,
the download API, redirects, error pages. When you save content, layouts, rules.txt,
holds.yaml or sitegen.yaml, it builds again and reloads the pages that are open in a
browser. Errors are shown there and in this terminal. It writes nothing: public/,
redirects/ and the catalogue stay unchanged. Press Ctrl-C to stop it. See
docs/preview.md for details.

The preview shows the packages of the source. If its server cannot be reached, it shows
those of the last build or, if there was none, a sample.
`,
		Example: `  sitegen serve                     run in a site folder
  sitegen serve --source sample     try it, without network
  sitegen serve --drafts --open     with drafts, in a browser
  sitegen serve --as s3             what a bucket's website endpoint would answer
  sitegen serve --as cloudfront     what visitors see after sitegen deploy
  sitegen serve --listen :9000      make it visible to other machines, on port 9000`,
		Args: noArguments,
	}, p.serve)
	addOptions(cmd, "source", "app", "offline", "base_url", "redirects", "data", "jobs",
		"listen", "allow_hosts", "as", "drafts", "future", "refresh", "poll", "open", "log_format")
	addMessages(cmd)
	return cmd
}

func (p serveCommand) serve(cmd *cobra.Command, _ []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	return serve.Serve(cmd.Context(), o, serve.Options{
		Load: func() (*project.Project, error) {
			c, err := config.Load(p.input(cmd))
			if err != nil {
				return nil, err
			}
			return p.project(cmd, c)
		},
		Ready: func(url string) {
			c := o.Config
			p.messages.Info("serving " + url)
			p.messages.Info(fmt.Sprintf("watching %s, %s, %s, %s and %s; press Ctrl-C to stop", c.Content, c.Layouts,
				o.RulesFile(), o.HoldsFile(), c.File))
			if c.Preview.Open {
				p.openBrowser(cmd.Context(), url)
			}
		},
	})
}

// openBrowser opens a browser on this machine. If that fails, it logs a warning, because the preview works anyway.
func (p serveCommand) openBrowser(ctx context.Context, url string) {
	command := []string{"xdg-open", url}
	switch runtime.GOOS {
	case "darwin":
		command[0] = "open"
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	}
	if err := exec.CommandContext(ctx, command[0], command[1:]...).Start(); err != nil {
		p.messages.Warn("open a browser: " + err.Error())
	}
}
