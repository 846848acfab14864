package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/count"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/stats"
)

// A subcommand uses either an engine, which may change the statistics, or a reader, which opens them read-only and
// creates no file.
type (
	statsWork    func(cmd *cobra.Command, e *stats.Engine, args []string) error
	statsReading func(cmd *cobra.Command, c config.Config, r *stats.Reader) error
)

// statsAdmin implements the subcommands of sitegen stats that read or change the database of downloads.
type statsAdmin struct{ *program }

// statsSubcommand completes a command that changes the statistics.
func (p statsAdmin) statsSubcommand(cmd *cobra.Command, work statsWork) *cobra.Command {
	p.command(cmd, func(cmd *cobra.Command, args []string) error { return p.changeStats(cmd, args, work) })
	addStatsOptions(cmd)
	return cmd
}

func (p statsAdmin) changeStats(cmd *cobra.Command, args []string, work statsWork) (err error) {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	e, err := count.Open(cmd.Context(), o, cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, e.Close()) }()
	return work(cmd, e, args)
}

// statsReader completes a command that only reads the statistics.
func (p statsAdmin) statsReader(cmd *cobra.Command, work statsReading) *cobra.Command {
	p.command(cmd, func(cmd *cobra.Command, _ []string) error { return p.readStats(cmd, work) })
	addStatsOptions(cmd)
	return cmd
}

func (p statsAdmin) readStats(cmd *cobra.Command, work statsReading) error {
	c, err := p.load(cmd)
	if err != nil {
		return err
	}
	r, err := stats.OpenReader(cmd.Context(), c.Data)
	if err != nil {
		return err
	}
	defer r.Close()
	return work(cmd, c, r)
}

func (p statsAdmin) exportCommand() *cobra.Command {
	var f stats.Filter
	var t stats.Table
	cmd := p.statsReader(&cobra.Command{
		Use:   "export [flags]",
		Short: "print the downloads as a table",
		Long: `export prints one line for each day and kind of download: day, version, os, stability,
country, class, downloads. Days are UTC. With filters it prints only the matching lines.
`,
		Example: `  sitegen stats export > downloads.tsv
  sitegen stats export --format json --from 2026-01-01 --class browser`,
		Args: noArguments,
	}, func(cmd *cobra.Command, _ config.Config, r *stats.Reader) error {
		return r.Export(cmd.Context(), p.stdout, f, t)
	})
	flags := cmd.Flags()
	flags.StringVar(&t.Format, "format", "tsv", "tsv, csv or json")
	flags.BoolVar(&t.Arch, "with-arch", false, "add a column for the architecture")
	flags.StringVar(&f.From, "from", "", "first `DAY`, YYYY-MM-DD")
	flags.StringVar(&f.To, "to", "", "last `DAY`")
	flags.StringVar(&f.Version, "version", "", "only this version")
	flags.StringVar(&f.OS, "os", "", "only this operating system, by its id in the profile")
	flags.StringVar(&f.Arch, "arch", "", "only amd64, arm64 or i386")
	flags.StringVar(&f.Stability, "stability", "", "only release or nightly")
	flags.StringVar(&f.Country, "country", "", "only this country, two letters; - for unknown countries")
	flags.StringVar(&f.Class, "class", "", "only browser, mobile, tool, bot or unknown")
	return cmd
}

func (p statsAdmin) verifyCommand() *cobra.Command {
	return p.statsReader(&cobra.Command{
		Use:   "verify [flags]",
		Short: "recount all days and compare them with the published files",
		Long: `verify recounts every day from the stored downloads, generates the published files again,
and compares them with those in the public folder, file by file. It prints each value that
differs, changes nothing, and fails with the exit code 1 if there are any.
`,
		Example: `  sitegen stats verify`,
		Args:    noArguments,
	}, p.verify)
}

// verify compares the published files with the database.
func (p statsAdmin) verify(cmd *cobra.Command, c config.Config, r *stats.Reader) error {
	o, err := p.project(cmd, c)
	if err != nil {
		return err
	}
	v, err := count.Verify(cmd.Context(), o, r)
	if err != nil {
		return err
	}
	for _, d := range v.Numbers {
		fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\t%d stored\t%d counted\n", d.Day, d.Package, d.Country, d.Class,
			d.Daily, d.FromHits)
	}
	files := map[string]bool{}
	for _, d := range v.Files {
		files[d.File] = true
		fmt.Fprintf(p.stdout, "%s\t%s\t%s published\t%s counted\n", d.File, d.Name, d.Published, d.Counted)
	}
	switch {
	case len(v.Numbers) > 0:
		return fmt.Errorf("%d stored numbers of %d days differ from the recount", len(v.Numbers), v.Days)
	case len(v.Files) > 0:
		err := fmt.Errorf("%d of %d published files differ from the database", len(files), v.Compared)
		return fault.Wrap(fault.Unexpected, err,
			"Run sitegen stats to publish them again. If a file still differs then, delete it and repeat the run.")
	case !given(cmd, "quiet"):
		fmt.Fprintf(p.stdout, "%s recounted, all published numbers are correct\n", plural(v.Days, "day"))
	}
	return nil
}

func (p statsAdmin) forgetCommand() *cobra.Command {
	var before string
	cmd := p.statsSubcommand(&cobra.Command{
		Use:   "forget --before DAY [flags]",
		Short: "delete the data about individual visitors, keep the numbers",
		Long: `forget deletes the data about individual visitors before a day; the daily numbers stay.
Logs of these days are no longer counted, and the days disappear from the
statistics of format 1.0.
`,
		Example: `  sitegen stats forget --before 2026-01-01`,
		Args:    noArguments,
	}, func(cmd *cobra.Command, e *stats.Engine, _ []string) error {
		if before == "" {
			return fault.Wrap(fault.Usage, errors.New("needs --before DAY"), "")
		}
		n, err := e.Forget(cmd.Context(), before)
		if err == nil && !given(cmd, "quiet") {
			fmt.Fprintf(p.stdout, "%d downloads before %s deleted; the daily numbers stay\n", n, before)
		}
		return err
	})
	cmd.Flags().StringVar(&before, "before", "", "first `DAY` to keep, YYYY-MM-DD")
	return cmd
}

func (p statsAdmin) dropCommand() *cobra.Command {
	var days, logs []string
	cmd := p.command(&cobra.Command{
		Use:   "drop {--day DAY | --log FILE}... [--apply] [flags]",
		Short: "take back what was read by mistake",
		Long: `drop removes the downloads of a day, also imported ones, or those that a log has added, and
publishes the statistics again. Without --apply, it only prints what it would remove.
A log may have been renamed or compressed since it was read. It is read again with the
current options, so drop it before you change log formats or trusted proxies.
Logs with requests of these days are read again by the next run: move away those that must
not be counted.
`,
		Example: `  sitegen stats drop --day 2026-11-20            print what would be removed
  sitegen stats drop --day 2026-11-20 --apply    remove it
  sitegen stats drop --log access.log.1           print what this log has added`,
		Args: noArguments,
	}, func(cmd *cobra.Command, _ []string) error {
		if len(days)+len(logs) == 0 {
			return fault.Wrap(fault.Usage, errors.New("needs --day DAY or --log FILE"), "")
		}
		o, err := p.open(cmd)
		if err != nil {
			return err
		}
		apply := given(cmd, "apply") && !given(cmd, "dry-run")
		report, err := count.Drop(cmd.Context(), o, days, logs, !apply)
		if err != nil {
			return err
		}
		return p.reportDropped(cmd, report, apply)
	})
	addStatsOptions(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&days, "day", nil, "remove the downloads of this `DAY`, YYYY-MM-DD; can be repeated")
	flags.StringArrayVar(&logs, "log", nil, "remove the downloads that this log has added, as `FILE`, pattern, folder or "+
		"s3:// URL; can be repeated")
	flags.Bool("apply", false, "remove the downloads, not only print them")
	flags.Bool("dry-run", false, "only print them, which is the default")
	flags.Bool("json", false, "print the report as JSON")
	note(flags, "json", messagesGroup, "")
	return cmd
}

// reportDropped prints the downloads that were or would be removed.
func (p statsAdmin) reportDropped(cmd *cobra.Command, r *stats.Dropped, applied bool) error {
	if given(cmd, "json") {
		return printJSON(p.stdout, r)
	}
	if given(cmd, "quiet") && applied {
		return nil
	}
	removed := "removed"
	if !applied {
		removed = "would be removed"
	}
	sum, closed := int64(0), 0
	for _, d := range r.Days {
		sum += d.Before - d.After
		note := ""
		if d.Closed {
			closed++
			note = "; the day stays closed"
		}
		fmt.Fprintf(p.stdout, "%s: %d of %d downloads %s%s\n", d.Day, d.Before-d.After, d.Before, removed, note)
	}
	fmt.Fprintf(p.stdout, "%s of %s %s\n", plural(int(sum), "download"), plural(len(r.Days), "day"), removed)
	if closed > 0 {
		fmt.Fprintf(p.stdout, "logs of closed days are not counted again: their visitors were forgotten\n")
	}
	if applied {
		fmt.Fprintf(p.stdout, "the next run reads the logs with requests of these days again\n")
	} else {
		fmt.Fprintf(p.stdout, "nothing was changed; repeat the command with --apply\n")
	}
	return nil
}

func (p statsAdmin) reclassifyCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "reclassify [flags]",
		Short: "reclassify stored user agents with the current rules",
		Long: `reclassify applies the rules of this program (or of --user-agents) to every stored user
agent, prints the changes by field, and recounts all days.
`,
		Example: `  sitegen stats reclassify --dry-run`,
		Args:    noArguments,
	}, func(cmd *cobra.Command, args []string) error {
		if given(cmd, "dry-run") {
			return p.readStats(cmd, func(cmd *cobra.Command, c config.Config, r *stats.Reader) error {
				changes, err := r.Reclassified(cmd.Context(), c.Stats.UserAgents)
				if err != nil {
					return err
				}
				return p.reportReclassified(cmd, changes)
			})
		}
		return p.changeStats(cmd, args, func(cmd *cobra.Command, e *stats.Engine, _ []string) error {
			changes, err := e.Reclassify(cmd.Context())
			if err != nil {
				return err
			}
			return p.reportReclassified(cmd, changes)
		})
	})
	addStatsOptions(cmd)
	cmd.Flags().Bool("dry-run", false, "show what would change, but change nothing")
	cmd.Flags().Bool("json", false, "print the changes by field as JSON")
	note(cmd.Flags(), "json", messagesGroup, "")
	return cmd
}

// reportReclassified prints the user agents whose classification changed.
func (p statsAdmin) reportReclassified(cmd *cobra.Command, changes []stats.Change) error {
	fields := stats.Summarize(changes)
	if given(cmd, "json") {
		return printJSON(p.stdout, fields)
	}
	for _, f := range fields {
		fmt.Fprintf(p.stdout, "%s: %q -> %q: %d user agents\n", f.Field, f.Before, f.After, f.Agents)
	}
	if !given(cmd, "quiet") {
		fmt.Fprintf(p.stdout, "%d user agents reclassified\n", len(changes))
	}
	return nil
}

func (p statsAdmin) importCommand() *cobra.Command {
	var table string
	cmd := p.command(&cobra.Command{
		Use:   "import [flags] {OLD.sqlite | --table FILE}",
		Short: "import the database of the previous statistics job, or a table of downloads",
		Long: `import reads the database of the Python job (tables access, ipinfo, uainfo, bsinfo) and
adds its downloads. Addresses become keyed hashes. Importing again, or reading logs of
the same days, counts nothing twice.
With --table, it reads a table of downloads in the tsv or csv format of export, which
another program counted, and publishes the statistics. Logs of its days are no longer
counted.
`,
		Example: `  sitegen stats import download-stats.sqlite && sitegen stats
  sitegen stats import --table athena.csv`,
		Args: func(_ *cobra.Command, args []string) error {
			if table == "" {
				return oneFile(nil, args)
			}
			if len(args) > 0 {
				return errors.New("takes either a database or --table")
			}
			return nil
		},
	}, func(cmd *cobra.Command, args []string) error {
		if table != "" {
			return p.importTable(cmd, table)
		}
		return p.changeStats(cmd, args, p.importOld)
	})
	addStatsOptions(cmd)
	cmd.Flags().StringVar(&table, "table", "", "table of downloads in a `FILE`; - is standard input")
	return cmd
}

// importOld imports the database of the previous statistics job.
func (p statsAdmin) importOld(cmd *cobra.Command, e *stats.Engine, args []string) error {
	r, err := e.ImportOld(cmd.Context(), args[0], func(b stats.BadRow) {
		p.messages.Warn(fmt.Sprintf("%s: %s", args[0], b))
	})
	if err == nil && !given(cmd, "quiet") {
		fmt.Fprintf(p.stdout,
			"%d accesses of %d packages: %d new, %d of closed days, %d invalid; %s recounted\n",
			r.Accesses, r.Packages, r.New, r.Closed, r.Invalid, plural(r.Days, "day"))
	}
	if err != nil {
		return err
	}
	return r.Losses()
}

// importTable imports a table of downloads, and publishes the statistics.
func (p statsAdmin) importTable(cmd *cobra.Command, name string) error {
	in, err := openTable(cmd, name)
	if err != nil {
		return err
	}
	defer in.Close()
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	n, changed, err := count.ImportTable(cmd.Context(), o, tableName(name), in)
	if err == nil && !given(cmd, "quiet") {
		fmt.Fprintf(p.stdout, "%s imported, %s changed\n", plural(n, "line"), plural(len(changed), "published file"))
	}
	return err
}

// openTable opens the table of downloads with this name, which may be standard input.
func openTable(cmd *cobra.Command, name string) (io.ReadCloser, error) {
	if name == accesslog.Stdin {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("open the table: %w", err), "")
	}
	return f, nil
}

// tableName returns the name of a table in messages.
func tableName(name string) string {
	if name == accesslog.Stdin {
		return "standard input"
	}
	return name
}

func (p statsAdmin) importDailyCommand() *cobra.Command {
	return p.statsSubcommand(&cobra.Command{
		Use:   "import-daily [flags] FILE.tsv",
		Short: "import numbers that another program counted",
		Long: `import-daily reads a table in the format of export that another program counted, for
instance a query over logs in S3 (docs/stats.md). Logs of its days are no longer counted.
Use - for standard input.
`,
		Example: `  sitegen stats import-daily athena.tsv && sitegen stats`,
		Args:    oneFile,
	}, func(cmd *cobra.Command, e *stats.Engine, args []string) error {
		in, err := openTable(cmd, args[0])
		if err != nil {
			return err
		}
		defer in.Close()
		n, err := e.ImportDaily(cmd.Context(), tableName(args[0]), in)
		if err == nil && !given(cmd, "quiet") {
			fmt.Fprintf(p.stdout, "%s imported\n", plural(n, "line"))
		}
		return err
	})
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("needs one file (found %d arguments)", len(args))
	}
	return nil
}
