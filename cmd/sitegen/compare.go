package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/compare"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/replay"
)

// compareCommand implements sitegen compare.
type compareCommand struct{ *program }

func (p compareCommand) define() *cobra.Command {
	o := compare.Options{}
	html := string(compare.PagesDownloads)
	cmd := p.command(&cobra.Command{
		Use:   "compare [flags] OLD NEW",
		Short: "send the same requests to two servers and report every difference",
		Long: `compare sends the same requests to two web servers and reports every difference in
status, redirect target, JSON and headers, grouped by probable cause. OLD and NEW are
addresses such as https://download.example.org or http://127.0.0.1:8080. Use it to move
a site to another server, and before an upgrade. docs/compare.md has the details.

If NEW has the name of OLD, because its DNS record has not changed yet, --connect-new
names the machine to connect to.

The requests come from lists (a path or URL per line) and from access logs, in any
format and place that sitegen stats reads, also s3://bucket/prefix: each different
request once, the most frequent first. Without --requests they are generated from the
site in this folder: its pages, files, rules and packages, and random requests to the
download API. Only GET and HEAD are sent, redirects are not followed, and nothing
private in a log is sent: no cookies, and no query with a token or password. A server on
another machine gets at most 20 requests per second.

The exit code is 12 if there are differences that --allow does not list, and 13 if a
server does not answer.
`,
		Example: `  sitegen compare https://old.example.org/ https://new.example.org/
  sitegen compare https://old.example.org/ https://new.example.org/ --requests /var/log/nginx/access.log
  sitegen compare https://old.example.org/ https://new.example.org/ --limit 500 --allow known.txt
  sitegen compare https://old.example.org/ https://old.example.org/ --connect-new 203.0.113.7`,
		Args: twoServers,
	}, func(cmd *cobra.Command, args []string) error {
		o.Old, o.New, o.HTML, o.Stdin = args[0], args[1], compare.Pages(html), cmd.InOrStdin()
		return p.compare(cmd, o)
	})
	addOptions(cmd, "source", "app", "data", "redirects", "stats.log_formats", "log_format")
	addMessages(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&o.Requests, "requests", nil, "`FILE` with requests, or an access log; - is standard input, "+
		"s3://bucket/prefix a bucket")
	flags.IntVar(&o.Random, "random", 2000, "`NUMBER` of random requests among the generated ones")
	flags.IntVar(&o.Limit, "limit", 0, "send at most this `NUMBER` of requests, the most frequent ones")
	flags.StringVar(&html, "html", html, "compare of HTML pages: "+choices(compare.AllPages()))
	flags.StringArrayVar(&o.Ignored, "ignore-header", nil, "do not compare the header `NAME`")
	flags.StringArrayVar(&o.Hosts, "same-host", nil, "another `HOST` of the site: its URLs equal their paths")
	flags.StringVar(&o.Allow, "allow", "", "`FILE` of known differences, which are counted but are no failure")
	flags.StringVar(&o.Connect[0], "connect-old", "", "`ADDRESS` to connect to for OLD: "+connectForms)
	flags.StringVar(&o.Connect[1], "connect-new", "", "`ADDRESS` to connect to for NEW: "+connectForms)
	flags.IntVar(&o.Parallel, "parallel", 4, "send this `NUMBER` of requests at a time")
	addServerFlags(cmd, &o.Server)
	flags.Bool("json", false, "print the report as JSON, with all differences")
	for _, name := range []string{"requests", "random", "limit"} {
		note(flags, name, "Requests", "")
	}
	for _, name := range []string{"html", "ignore-header", "same-host", "allow"} {
		note(flags, name, "Differences", "")
	}
	for _, name := range []string{"connect-old", "connect-new", "parallel"} {
		note(flags, name, serversGroup, "")
	}
	note(flags, "json", messagesGroup, "")
	_ = cmd.MarkFlagFilename("requests")
	_ = cmd.MarkFlagFilename("allow")
	return cmd
}

// serversGroup is the heading in help for the flags that control how requests are sent.
const serversGroup = "Servers"

// connectForms describes the value of the flags for places to connect to.
const connectForms = "a host or an IP address, with or without a port; requests and TLS keep the name of the site"

// checkConnect checks the value of a flag for a place to connect to.
func checkConnect(flag, value string) error {
	if value == "" {
		return nil
	}
	if _, _, err := replay.ParseConnect(value); err != nil {
		return fault.Wrap(fault.Usage, fmt.Errorf("--%s %w (found %.200q)", flag, err, value), "")
	}
	return nil
}

// addServerFlags adds the flags that control how requests are sent to web servers.
func addServerFlags(cmd *cobra.Command, o *replay.Options) {
	flags := cmd.Flags()
	flags.Float64Var(&o.Rate, "rate", 0, fmt.Sprintf("send a server at most this `NUMBER` of requests per second "+
		"(default %d, without limit on this machine)", replay.DefaultRate))
	flags.DurationVar(&o.Timeout, "timeout", replay.DefaultTimeout, "`TIME` to wait for an answer")
	flags.BoolVar(&o.HTTP1, "http1.1", false, "never use HTTP/2")
	for _, name := range []string{"rate", "timeout", "http1.1"} {
		note(flags, name, serversGroup, "")
	}
}

// choices returns the choices for a flag, separated by commas.
func choices[T ~string](list []T) string {
	var names []string
	for _, c := range list {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

func twoServers(_ *cobra.Command, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("needs the addresses of two servers (found %d arguments)", len(args))
	}
	return nil
}

func (p compareCommand) compare(cmd *cobra.Command, o compare.Options) error {
	switch {
	case !slices.Contains(compare.AllPages(), o.HTML):
		return fault.Wrap(fault.Usage, fmt.Errorf("--html must be one of %s (found %.40q)",
			choices(compare.AllPages()), o.HTML), "")
	case o.Parallel < 1 || o.Limit < 0 || o.Random < 0:
		return fault.Wrap(fault.Usage, errors.New("--parallel must be at least 1, --limit and --random at least 0"), "")
	}
	if err := cmp.Or(checkServerFlags(o.Server), checkConnect("connect-old", o.Connect[0]),
		checkConnect("connect-new", o.Connect[1])); err != nil {
		return err
	}
	project, err := p.open(cmd)
	if err != nil {
		return err
	}
	r, err := compare.Run(cmd.Context(), project, o)
	if err != nil {
		return err
	}
	for _, a := range r.Unused() {
		p.messages.Warn(fmt.Sprintf("%s:%d: allows nothing any more; remove the line", o.Allow, a.Line))
	}
	switch {
	case given(cmd, "json"):
		err = printJSON(p.stdout, r)
	case !given(cmd, "quiet") || r.Different > 0:
		err = printComparison(p.stdout, r)
	}
	return errors.Join(err, r.Err())
}

func checkServerFlags(o replay.Options) error {
	if o.Rate < 0 || o.Timeout <= 0 {
		return fault.Wrap(fault.Usage, errors.New("--rate and --timeout must be positive"), "")
	}
	return nil
}

// printComparison writes the report of a comparison as text.
func printComparison(w io.Writer, r *compare.Report) error {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", name, printable(fmt.Sprintf(format, args...)))
	}
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "%s\n", printable(fmt.Sprintf("%s  %s", g.Kind, g.Cause)))
		fmt.Fprintf(&b, "  %s%s\n", plural(g.Requests, "request"), asked(g.Count, g.Requests))
		for _, f := range g.Examples {
			fmt.Fprintf(&b, "    %s\n", printable(f.Request))
			if !strings.HasPrefix(g.Cause, f.String()) {
				fmt.Fprintf(&b, "      %s\n", printable(f.String()))
			}
		}
		b.WriteByte('\n')
	}
	row("old", "%s", r.Old)
	row("new", "%s", r.New)
	row("requests", "%s in %.1f s", humanize.Comma(int64(r.Requests)), r.Seconds)
	row("same", "%s", humanize.Comma(int64(r.Same)))
	row("different", "%s", humanize.Comma(int64(r.Different)))
	if len(r.Allowances) > 0 {
		row("allowed", "%s with known differences only", humanize.Comma(int64(r.Allowed)))
	}
	for _, a := range r.Allowances {
		if a.Count > 0 {
			row("", "%6d  %s", a.Count, a.Reason)
		}
	}
	if r.Cut > 0 {
		row("cut", "%s compared only in part: an answer is longer than %s", plural(r.Cut, "request"),
			humanize.IBytes(replay.DefaultMaxBody))
	}
	for _, reason := range leftOut(r.LeftOut) {
		row("left out", "%s", reason)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// asked describes how often the log has the requests of a group: ", asked 1,234 times".
func asked(count int64, requests int) string {
	if count == int64(requests) {
		return ""
	}
	return ", asked " + humanize.Comma(count) + " times"
}

// leftOut describes the lines of lists and logs that were not sent.
func leftOut(l replay.LeftOut) (reasons []string) {
	for _, r := range []struct {
		n      int64
		reason string
	}{
		{l.Methods, "with other methods than GET and HEAD"},
		{l.Credentials, "with a token or password in the query"},
		{l.Invalid, "that are not requests: " + l.First},
		{l.Excess, "after a million different requests"},
	} {
		if r.n > 0 {
			reasons = append(reasons, fmt.Sprintf("%s %s", plural(int(r.n), "line"), r.reason))
		}
	}
	return reasons
}
