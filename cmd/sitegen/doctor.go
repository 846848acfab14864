package main

import (
	"cmp"
	"fmt"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/doctor"
	"github.com/Slicer/sitegen/generator/fault"
)

// doctorCommand implements sitegen doctor.
type doctorCommand struct{ *program }

// maxAge is the default age of a good run that is too old: a day, and two hours for a nightly job that was late.
const maxAge = 26 * time.Hour

func (p doctorCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "doctor [flags]",
		Short: "look for faults of the site, each with its next step",
		Long: `doctor looks for faults of the site and of its machine, and prints what to do next: folders
and their modes, the files that the web server's user may not read, damaged databases, runs
that fail or are missing, the clock, the source (read as by a build, which would refuse
its list or not), the answers of the web server, whether Nginx includes the generated
configuration and has read it since it changed, and what a deploy to AWS needs.

It changes nothing. Only if a bucket is configured, it tries the rights on it, as sitegen
deploy init does. Run it as the user who runs sitegen; as root, it can also ask Nginx for
its configuration (nginx -T). What it cannot see, it lists as "not checked". With
--offline, it sends no request.

The exit code is 14 if there is a problem. Warnings do not change it.
`,
		Example: `  sitegen doctor
  sitegen doctor --quiet --offline           print only problems, without the network
  sitegen doctor --address http://127.0.0.1  ask the Nginx of this machine instead of base_url
  sitegen doctor --json | jq -r '.[] | select(.status == "problem") | .next'`,
		Args: noArguments,
	}, p.doctor)
	addOptions(cmd, "source", "app", "offline", "base_url", "out", "redirects", "data", "log_format")
	flags := cmd.Flags()
	flags.String("web-user", "", "`USER` of the web server (default: that of the running Nginx, or www-data)")
	flags.String("address", "", "`URL` at which the web server answers (default: base_url)")
	flags.Duration("max-age", maxAge, "a good run of build, stats, deploy or backup that is\nolder is a problem")
	addMessages(cmd)
	flags.Bool("json", false, "print the findings as JSON, even with --quiet")
	note(flags, "json", messagesGroup, "")
	return cmd
}

func (p doctorCommand) doctor(cmd *cobra.Command, _ []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	old, err := cmd.Flags().GetDuration("max-age")
	if err != nil || old <= 0 {
		return fault.Wrap(fault.Usage, fmt.Errorf("--max-age must be a positive duration (found %s)", old), "")
	}
	list, found := doctor.Run(cmd.Context(), o, doctor.Options{
		WebUser: cmd.Flag("web-user").Value.String(), Address: cmd.Flag("address").Value.String(), MaxAge: old,
		Client: &http.Client{},
	})
	if given(cmd, "json") {
		return cmp.Or(printJSON(p.stdout, list), found)
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, f := range list {
		if given(cmd, "quiet") && f.Status != doctor.Problem {
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.Status, f.Check, printable(f.Detail))
		if f.Next != "" {
			fmt.Fprintf(w, "\t\t-> %s\n", printable(f.Next))
		}
	}
	return cmp.Or(w.Flush(), found)
}
