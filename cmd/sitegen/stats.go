package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/count"
	"github.com/Slicer/sitegen/generator/stats"
)

// statsCommand is sitegen stats.
type statsCommand struct{ *program }

func (p statsCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "stats [flags] [LOG...]",
		Short: "count downloads from access logs, publish the statistics",
		Long: `stats reads what is new in the web server's access logs, keeps the downloads in the
data folder, and writes the statistics into download-stats/ of the public folder. LOG
is a file, a pattern, a folder, - for standard input, or s3://bucket/prefix for the
objects of a bucket whose keys begin so; plain, gzip or zstd. The formats are
recognised: combined (Nginx, Apache), CloudFront, S3, JSON lines.

Reading a log again, renamed, packed or by a pipe, counts nothing twice. Run it from
cron over all logs that are there. Without a LOG it publishes what it has.
`,
		Example: `  sitegen stats /var/log/nginx/access.log*   all that is there; reads what is new
  zcat old/*.gz | sitegen stats -            history, from a pipe
  sitegen stats s3://logs/cloudfront/        what CloudFront has written into a bucket
  sitegen stats --geoip City.mmdb logs/      with countries
  sitegen stats export --format csv          the numbers, a line for each day and kind
  sitegen stats import download-stats.sqlite what the job before has collected`,
		Args: cobra.ArbitraryArgs,
	}, p.stats)
	addStatsOptions(cmd)
	flags := cmd.Flags()
	flags.Bool("json", false, "print the report as JSON, even with --quiet")
	flags.Bool("dry-run", false, "read and report, and change nothing")
	flags.Bool("strict", false, "end with an error when a line or a log cannot be read")
	note(flags, "json", messagesGroup, "")
	admin := statsAdmin{p.program}
	cmd.AddCommand(admin.exportCommand(), admin.verifyCommand(), admin.forgetCommand(), admin.reclassifyCommand(),
		admin.importCommand(), admin.importDailyCommand(), statsGeoIP{p.program}.updateCommand())
	return cmd
}

// addStatsOptions gives a command the flags that the engine takes.
func addStatsOptions(cmd *cobra.Command) {
	keys := []string{"out", "data", "log_format"}
	for _, o := range config.Options() {
		if o.Command == "stats" {
			keys = append(keys, o.Key)
		}
	}
	addOptions(cmd, keys...)
	addMessages(cmd)
}

// stats counts and publishes.
func (p statsCommand) stats(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	// What a run keeps in memory is small compared with what it reads: collecting garbage early costs little, and a log of
	// any length is read in 150 MB.
	debug.SetGCPercent(40)
	report, err := count.Run(cmd.Context(), o, count.Options{Logs: args, Stdin: cmd.InOrStdin(), DryRun: given(cmd, "dry-run")})
	if err != nil {
		return err
	}
	return cmp.Or(p.reportStats(cmd, report), strict(cmd, report))
}

// reportStats prints what a run did, in the form that the flags ask for.
func (p statsCommand) reportStats(cmd *cobra.Command, r *stats.Report) error {
	for _, problem := range r.Problems() {
		p.messages.Warn(problem)
	}
	switch {
	case given(cmd, "json"):
		return printJSON(p.stdout, r)
	case given(cmd, "quiet"):
		return nil
	}
	return r.WriteText(p.stdout)
}

// strict makes bad lines and logs an error, when the flag asks for it.
func strict(cmd *cobra.Command, r *stats.Report) error {
	if !given(cmd, "strict") || r.BadCount() == 0 && len(r.Problems()) == 0 {
		return nil
	}
	return fmt.Errorf("%d lines and %d logs could not be read, and --strict was given; what could is counted", r.BadCount(), len(r.Problems()))
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
