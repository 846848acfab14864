package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/count"
	"github.com/Slicer/sitegen/generator/runs"
	"github.com/Slicer/sitegen/generator/stats"
)

// statsCommand implements sitegen stats.
type statsCommand struct{ *program }

func (p statsCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "stats [flags] [LOG...]",
		Short: "count downloads from access logs and publish the statistics",
		Long: `stats reads the new lines of the web server's access logs, stores the downloads in the
data folder, and writes the statistics to download-stats/ in the public folder. LOG is a
file, a pattern, a folder, - for standard input, or s3://bucket/prefix for the objects
of a bucket whose keys start with the prefix. Logs may be plain or compressed with gzip,
zstd, xz or bzip2. The format of each line is recognised: common and combined (Nginx,
Apache, lighttpd), CloudFront, IIS, S3, load balancers, JSON lines, also within lines of
syslog, journald, Docker and Kubernetes. --log-line adds others.

A log that is missing or cannot be read does not keep the others from being counted; the
exit code is then 11.

Reading a log again counts nothing twice, even if it was renamed or compressed, or comes
from a pipe. Run stats from cron with all existing logs. Without LOG it reads nothing and
publishes the downloads it has stored.
`,
		Example: `  sitegen stats /var/log/nginx/access.log*    read the new lines of all Nginx logs
  zcat old/*.gz | sitegen stats -             read old logs from a pipe
  sitegen stats s3://logs/cloudfront/         read the logs that CloudFront stored in a bucket
  sitegen stats --geoip City.mmdb logs/       count by country, too
  sitegen stats export --format csv           print the downloads, one line per day and kind
  sitegen stats import download-stats.sqlite  import the database of the previous job`,
		Args: cobra.ArbitraryArgs,
	}, p.recorded(runs.Stats, p.stats))
	addStatsOptions(cmd, "metrics")
	addRecording(cmd)
	flags := cmd.Flags()
	flags.Bool("json", false, "print the report as JSON, even with --quiet")
	flags.Bool("dry-run", false, "read the logs and print the report, but change nothing")
	flags.Bool("strict", false, "fail if a line or a log cannot be read")
	note(flags, "json", messagesGroup, "")
	admin := statsAdmin(p)
	cmd.AddCommand(admin.exportCommand(), admin.verifyCommand(), admin.forgetCommand(), admin.dropCommand(),
		admin.reclassifyCommand(),
		admin.importCommand(), admin.importDailyCommand(), statsGeoIP(p).updateCommand())
	return cmd
}

// addStatsOptions adds the flags of the options for statistics to a command, and those of the options with the given
// keys.
func addStatsOptions(cmd *cobra.Command, keys ...string) {
	keys = append(keys, "out", "data", "log_format")
	for _, o := range config.Options() {
		if o.Command == "stats" {
			keys = append(keys, o.Key)
		}
	}
	addOptions(cmd, keys...)
	addMessages(cmd)
}

// stats counts the downloads in the logs and publishes the statistics.
func (p statsCommand) stats(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	report, err := count.Run(cmd.Context(), o,
		count.Options{Logs: args, Stdin: cmd.InOrStdin(), DryRun: given(cmd, "dry-run")})
	if err != nil {
		return err
	}
	p.record.count(statsCounts(report)...)
	p.record.because(report.Problems())
	return cmp.Or(p.reportStats(cmd, report), strict(cmd, report), report.Losses())
}

// reportStats prints the report of a run, as text or, with --json, as JSON.
func (p statsCommand) reportStats(cmd *cobra.Command, r *stats.Report) error {
	for _, problem := range r.Problems() {
		p.messages.Warn(problem)
	}
	if given(cmd, "verbose") {
		for _, bad := range r.Bad {
			for _, line := range bad.First {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: line %d: %s: %s\n", bad.Log, line.Number, bad.Reason, line.Text)
			}
		}
	}
	switch {
	case given(cmd, "json"):
		return printJSON(p.stdout, r.WithLists())
	case given(cmd, "quiet"):
		return nil
	}
	return r.WriteText(p.stdout)
}

// statsCounts returns the numbers of a run for its record.
func statsCounts(r *stats.Report) []runs.Count {
	return []runs.Count{
		{Name: "downloads", Help: "downloads in the database", Value: float64(r.Total)},
		{Name: "new_downloads", Help: "downloads added by the run", Value: float64(r.Added)},
		{Name: "read_lines", Help: "new lines read in the logs", Value: float64(r.Lines)},
		{Name: "invalid_lines", Help: "lines that could not be read", Value: float64(r.BadCount())},
	}
}

// strict returns an error if --strict was given and lines or logs could not be read.
func strict(cmd *cobra.Command, r *stats.Report) error {
	if !given(cmd, "strict") || r.BadCount() == 0 && len(r.Problems()) == 0 {
		return nil
	}
	return fmt.Errorf("%s and %s could not be read (--strict); all others are counted",
		plural(int(r.BadCount()), "line"), plural(len(r.Problems()), "log"))
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
