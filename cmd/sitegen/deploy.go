package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/deploy"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/runs"
)

// deployCommand implements sitegen deploy.
type deployCommand struct{ *program }

func (p deployCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "deploy [flags]",
		Short: "publish the built site on S3 and CloudFront",
		Long: `deploy publishes what sitegen build has written: it uploads the files that are missing in
the bucket, and switches to the new site in one write. Visitors see the old site or the
new one, never a mixture. If deploy is interrupted anywhere, the old site stays live, and
the next run continues. If nothing has changed, it sends one request.

With deploy.target s3-website, it uploads to the paths of a bucket whose website endpoint
serves the site, without CloudFront: what refers to a file is uploaded after it.

It needs deploy.bucket and, for CloudFront, deploy.store in sitegen.yaml, and credentials
where the programs of AWS find them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
AWS_PROFILE, or the role of the machine. docs/deploy.md describes how to set it up.
`,
		Example: `  sitegen build && sitegen deploy           publish the newest packages, by hand or from cron
  sitegen deploy --dry-run                  what would be uploaded, and what it costs
  sitegen deploy --edition staging          publish on another host, to look at it first
  sitegen deploy --verify                   check what is stored, and put back what is missing`,
		Args: noSuchCommand,
	}, p.recorded(runs.Deploy, p.deploy))
	p.addDeployOptions(cmd, "out", "redirects", "data", "base_url", "jobs", "deploy.edition", "deploy.keep",
		"deploy.max_deletes", "deploy.uploads", "metrics")
	addRecording(cmd)
	addDryRun(cmd)
	cmd.Flags().Bool("verify", false, "compare everything that is stored, and put back what is missing")
	admin := deployAdmin{p}
	cmd.AddCommand(admin.initCommand(), admin.listCommand(), admin.showCommand(), admin.rollbackCommand(),
		admin.promoteCommand())
	return cmd
}

// editions completes the name of an edition: production, or one of deploy.hosts.
func (p deployCommand) editions(
	cmd *cobra.Command, _ []string, _ string,
) ([]cobra.Completion, cobra.ShellCompDirective) {
	names := []cobra.Completion{live.Production}
	c, _ := config.Load(p.input(cmd)) // invalid values do not matter here
	for _, h := range c.Deploy.Hosts {
		names = append(names, h.Edition)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func addDryRun(cmd *cobra.Command) {
	cmd.Flags().Bool("dry-run", false, "print what would be done and what it costs, but change nothing")
}

// addDeployOptions adds the flags for bucket, store and messages to a command, and those of the options with the given
// keys.
func (p deployCommand) addDeployOptions(cmd *cobra.Command, keys ...string) {
	addOptions(cmd, append(keys, "deploy.bucket", "deploy.store", "log_format")...)
	addMessages(cmd)
	_ = cmd.RegisterFlagCompletionFunc("edition", p.editions) // an error means that the command has no such flag
	cmd.Flags().Bool("json", false, "print the result as JSON, even with --quiet")
	note(cmd.Flags(), "json", messagesGroup, "")
}

func (p deployCommand) deploy(cmd *cobra.Command, _ []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	report, err := deploy.Run(cmd.Context(), o, runOptions(cmd))
	if err != nil {
		return err
	}
	p.record.count(deployCounts(report)...)
	return p.report(cmd, report)
}

// deployCounts returns the numbers of a deploy for its record.
func deployCounts(r *deploy.Report) []runs.Count {
	return []runs.Count{
		{Name: "files", Help: "files of the site", Value: float64(r.Files.Total)},
		{Name: "uploaded_objects", Help: "objects that were uploaded", Value: float64(r.Objects.Uploaded)},
		{Name: "uploaded_bytes", Help: "size of these objects in bytes", Value: float64(r.Objects.Bytes)},
		{Name: "requests", Help: "requests to AWS", Value: float64(r.Requests.Total())},
	}
}

// runOptions returns the options of a run that flags set.
func runOptions(cmd *cobra.Command) deploy.Options {
	return deploy.Options{Program: versionLine(), DryRun: given(cmd, "dry-run"), Verify: given(cmd, "verify")}
}

// report prints the report of a deploy, as text or, with --json, as JSON.
func (p deployCommand) report(cmd *cobra.Command, r *deploy.Report) error {
	switch {
	case given(cmd, "json"):
		return printJSON(p.stdout, r)
	case given(cmd, "quiet"):
		return nil
	case r.DryRun || given(cmd, "verbose"):
		return p.rows(r, given(cmd, "verbose"))
	}
	_, err := fmt.Fprintln(p.stdout, deployLine(r))
	return err
}

// deployLine returns the report of a deploy in one line.
func deployLine(r *deploy.Report) string {
	what := fmt.Sprintf("%s: %s is live, ", cmp.Or(r.Edition, r.Target), r.Deploy)
	switch {
	case r.Unchanged:
		what += "unchanged"
	case r.Of != "":
		what += "the site of " + r.Of + " again"
	default:
		what += fmt.Sprintf("%s uploaded (%s), %d kept", plural(r.Objects.Uploaded, "object"),
			humanize.Bytes(uint64(r.Objects.Bytes)), r.Objects.Kept)
		if r.Target == config.CloudFront {
			what += fmt.Sprintf(", %s written", plural(r.Store.Keys, "key"))
		} else {
			what += fmt.Sprintf(", %d deleted", r.Collected.Objects)
			if r.Collected.Later > 0 {
				what += fmt.Sprintf(" (%d later)", r.Collected.Later)
			}
		}
	}
	if r.Damage != nil {
		if *r.Damage == (deploy.Damage{}) {
			what += "; nothing was missing"
		} else {
			what += "; missing or different before: " + strings.Join(damage(r), ", ")
		}
	}
	return fmt.Sprintf("%s; %s, %s, %.1f s", what, plural(int(r.Requests.Total()), "request"), dollars(r.Cost),
		r.Seconds)
}

// damage describes what --verify has found.
func damage(r *deploy.Report) []string {
	list := []string{plural(r.Damage.Objects, "object")}
	switch {
	case r.Target == config.CloudFront:
		list = append(list, plural(r.Damage.Keys, "key"))
	case r.Damage.Configuration:
		list = append(list, "the website configuration")
	}
	return list
}

// dollars formats an amount of money with two digits that are not zero: $0.0012, $0.45, $12.
func dollars(usd float64) string {
	switch {
	case usd == 0:
		return "$0"
	case usd < 0.00001:
		return "less than $0.00001"
	}
	digits := 2
	for limit := 0.1; usd < limit && digits < 6; limit /= 10 {
		digits++
	}
	return fmt.Sprintf("$%.*f", digits, usd)
}
