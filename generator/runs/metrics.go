package runs

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/disk"
)

// WriteMetrics replaces the file at path with the metrics of a site: see Metrics. Node Exporter's textfile collector
// reads it as another user, so everybody may read it. It never sees a part of the file.
func WriteMetrics(path, site string, s State) error {
	var text bytes.Buffer
	Metrics(&text, site, s)
	if err := disk.Replace(path, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the metrics: %w", err)
	}
	return nil
}

// Metrics writes the state in Prometheus' text format. site is the value of the label site:
//
//	# HELP sitegen_run_success Whether the last run succeeded (exit code 0).
//	# TYPE sitegen_run_success gauge
//	sitegen_run_success{site="downf462",command="build"} 1
//
// Samples of one name are together, as the format requires. The numbers that a run reports are those of the last good
// one, with a name for each: sitegen_build_published_packages.
func Metrics(w io.Writer, site string, s State) {
	commands := slices.Sorted(maps.Keys(s))
	gauge := func(name, help string, value func(*Record) (float64, bool)) {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s gauge\n", name, escapeHelp(help), name)
		for _, c := range commands {
			if v, ok := value(s[c]); ok {
				sample(w, name, site, c, v)
			}
		}
	}
	gauge("sitegen_run_success", "Whether the last run succeeded (exit code 0).", func(r *Record) (float64, bool) {
		if r.Last.Code == 0 {
			return 1, true
		}
		return 0, true
	})
	gauge("sitegen_run_exit_code", "Exit code of the last run.",
		func(r *Record) (float64, bool) { return float64(r.Last.Code), true })
	gauge("sitegen_run_timestamp_seconds", "When the last run ended.",
		func(r *Record) (float64, bool) { return unix(r.Last.End()), true })
	gauge("sitegen_run_duration_seconds", "How long the last run took.",
		func(r *Record) (float64, bool) { return r.Last.Seconds, true })
	gauge("sitegen_run_failures", "Failed runs since the last good one.",
		func(r *Record) (float64, bool) { return float64(r.Failures), true })
	gauge("sitegen_run_last_success_timestamp_seconds", "When the last good run ended.",
		func(r *Record) (float64, bool) {
			if r.Good == nil {
				return 0, false
			}
			return unix(r.Good.End()), true
		})
	for _, c := range commands {
		good := s[c].Good
		if good == nil {
			continue
		}
		for _, n := range good.Counts {
			name := "sitegen_" + c + "_" + n.Name
			fmt.Fprintf(w, "# HELP %s In the last good run: %s.\n# TYPE %s gauge\n", name, escapeHelp(n.Help), name)
			sample(w, name, site, c, n.Value)
		}
	}
}

func sample(w io.Writer, name, site, command string, v float64) {
	fmt.Fprintf(w, "%s{site=%q,command=%q} %s\n", name, site, command, strconv.FormatFloat(v, 'g', -1, 64))
}

// escapeHelp escapes a help text as the format requires.
func escapeHelp(s string) string { return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(s) }

// unix returns a time in seconds since 1970, to the millisecond.
func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
