package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator"
	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/logsource"
	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/statspage"
)

// statsFolder is where the statistics are published, in the folder of the site.
const statsFolder = "download-stats"

func (p *program) statsCommand() *cobra.Command {
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
	cmd.AddCommand(p.statsExportCommand(), p.statsVerifyCommand(), p.statsForgetCommand(), p.statsReclassifyCommand(), p.statsImportCommand(), p.statsImportDailyCommand(), p.statsGeoIPUpdateCommand())
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

// engine opens the statistics of a site for counting; logs are also read from the buckets.
func (p *program) engine(cmd *cobra.Command, buckets *logsource.Buckets) (*stats.Engine, config.Config, error) {
	c, err := p.load(cmd)
	if err != nil {
		return nil, c, err
	}
	o, err := p.statsOptions(cmd, c)
	if err != nil {
		return nil, c, err
	}
	o.DryRun = given(cmd, "dry-run")
	o.Open, o.Stat = buckets.Open, buckets.Stat
	e, err := stats.Open(cmd.Context(), o)
	return e, c, err
}

// statsOptions is what the configuration says about counting.
func (p *program) statsOptions(cmd *cobra.Command, c config.Config) (stats.Options, error) {
	formats, err := accesslog.NewFormats(c.Stats.LogFormats, jsonFields(c.Stats.JSONFields))
	if err != nil {
		return stats.Options{}, fault.Wrap(fault.Usage, fmt.Errorf("%s: %w", c.Origin("stats.log_formats"), err), "")
	}
	packages, err := everPublished(cmd.Context(), c.Data)
	if err != nil {
		return stats.Options{}, err
	}
	if len(packages) == 0 {
		p.messages.Warn("the catalogue is empty: downloads are kept and shown once it is not; run sitegen build")
	}
	return stats.Options{
		Dir: c.Data, Formats: formats, Packages: stats.FromCatalog(packages), GeoIP: geoIP(c), Attribution: c.Stats.Attribution,
		Rules: c.Stats.UserAgents, Privacy: stats.Privacy(c.Stats.Privacy), Legacy: c.Stats.Legacy, MinCountry: c.Stats.MinCountry,
		Now: time.Now, Stdin: cmd.InOrStdin(),
	}, nil
}

func jsonFields(f config.JSONFields) accesslog.Fields {
	return accesslog.Fields{Address: f.Address, Time: f.Time, Request: f.Request, Method: f.Method, URI: f.Path, Status: f.Status, Agent: f.Agent}
}

// everPublished returns the packages of the catalogue, withdrawn ones included; none before the first build.
func everPublished(ctx context.Context, data string) (packages []*catalog.Package, err error) {
	r, err := history.OpenReadOnly(ctx, filepath.Join(data, history.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	entries, err := r.All(ctx)
	for _, e := range entries {
		packages = append(packages, e.Package)
	}
	return packages, err
}

// stats reads logs and publishes.
func (p *program) stats(cmd *cobra.Command, args []string) (err error) {
	names, err := accesslog.Expand(args)
	if err != nil {
		return fault.Wrap(fault.Usage, err, "")
	}
	buckets := &logsource.Buckets{}
	if names, err = buckets.Expand(cmd.Context(), names); err != nil {
		return err
	}
	e, c, err := p.engine(cmd, buckets)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, e.Close()) }()
	out := filepath.Join(c.Out, statsFolder)
	// What a run keeps in memory is small beside what it reads: collecting garbage early costs little, and a
	// log of any length is read in 150 MB.
	debug.SetGCPercent(40)
	task := p.progress(cmd).Start("reading", e.Size(names), progress.Bytes)
	report, err := e.Read(cmd.Context(), names, task.Set)
	task.End()
	if err != nil {
		return err
	}
	if report.Files, err = e.Publish(cmd.Context(), out); err != nil {
		return err
	}
	summary, err := e.Summary(cmd.Context())
	if err != nil {
		return err
	}
	site := generator.Options{Config: c, Log: p.messages.Logger, Now: time.Now}
	page, err := generator.StatsPage(cmd.Context(), site, summary, out,
		statspage.Options{Privacy: stats.Privacy(c.Stats.Privacy), DryRun: given(cmd, "dry-run")})
	if err != nil {
		return err
	}
	report.Files = append(report.Files, page...)
	if report.Total, err = e.Total(cmd.Context()); err != nil {
		return err
	}
	return cmp.Or(p.reportStats(cmd, report), strict(cmd, report))
}

// reportStats prints what a run did, in the form that the flags ask for.
func (p *program) reportStats(cmd *cobra.Command, r *stats.Report) error {
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
