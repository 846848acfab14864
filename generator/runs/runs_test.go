package runs_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/Slicer/sitegen/generator/runs"
)

var start = time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)

func run(minutes, code int) runs.Run {
	return runs.Run{At: start.Add(time.Duration(minutes) * time.Minute), Seconds: 1.5, Code: code}
}

func TestRecord(t *testing.T) {
	var r runs.Record
	for i, code := range []int{0, 4, 4} {
		r.Add(run(15*i, code))
	}
	if r.Failures != 2 || !r.FailingSince.Equal(start.Add(15*time.Minute)) || !r.Good.At.Equal(start) ||
		r.Last.Code != 4 {
		t.Errorf("after two failures: %+v", r)
	}
	r.Add(run(45, 0))
	if r.Failures != 0 || !r.FailingSince.IsZero() || !r.Good.At.Equal(start.Add(45*time.Minute)) {
		t.Errorf("after the next success: %+v", r)
	}
}

// TestUpdate runs commands at the same time: none loses the record of another, and the file is private.
func TestUpdate(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "sitegen.prom")
	var all sync.WaitGroup
	for _, command := range []string{runs.Build, runs.Stats, runs.Deploy} {
		for range 20 {
			all.Go(func() {
				change := func(s runs.State) {
					r := *s.Of(command)
					r.Add(run(0, 4))
					s[command] = &r
					if err := runs.WriteMetrics(file, "aurora", s); err != nil {
						t.Error(err)
					}
				}
				if err := runs.Update(dir, change); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	s, err := runs.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	families := parse(t, file)
	for _, command := range []string{runs.Build, runs.Stats, runs.Deploy} {
		if s.Of(command).Failures != 20 || families["sitegen_run_failures"][command] != 20 {
			t.Errorf("%s: %d failures, %v in the metrics, want 20", command, s.Of(command).Failures,
				families["sitegen_run_failures"][command])
		}
	}
	for path, want := range map[string]fs.FileMode{file: 0o644, filepath.Join(dir, runs.FileName): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
	if rest, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); len(rest) != 1 {
		t.Errorf("files next to the metrics: %q", rest)
	}
}

// TestUpdateWithoutData stores nothing where nothing has been built, but calls change, which writes the metrics.
func TestUpdateWithoutData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var")
	called := false
	err := runs.Update(dir, func(s runs.State) { called = len(s) == 0 })
	if _, statErr := os.Stat(dir); err != nil || !called || !os.IsNotExist(statErr) {
		t.Errorf("error %v, called %v, folder: %v", err, called, statErr)
	}
}

func TestDamagedRecord(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, runs.FileName), []byte(`{"build": `), 0o600); err != nil {
		t.Fatal(err)
	}
	change := func(s runs.State) { s[runs.Stats] = &runs.Record{Failures: 1} }
	err := runs.Update(dir, change)
	if err == nil || !strings.Contains(err.Error(), "damaged record") {
		t.Errorf("error %v, want one about the damage", err)
	}
	if s, err := runs.Read(dir); err != nil || s.Of(runs.Stats).Failures != 1 {
		t.Errorf("after the damage: %v, %v", s, err)
	}
}

// TestMetrics parses the metrics with Prometheus' own parser.
func TestMetrics(t *testing.T) {
	good := run(0, 0)
	good.Counts = []runs.Count{{Name: "published_packages", Help: "packages \\ on\nthe site", Value: 126}}
	build := &runs.Record{}
	build.Add(good)
	stats := &runs.Record{}
	stats.Add(run(0, 11))
	file := filepath.Join(t.TempDir(), "sitegen.prom")
	if err := runs.WriteMetrics(file, "aurora", runs.State{"build": build, "stats": stats}); err != nil {
		t.Fatal(err)
	}
	end := float64(start.Unix()) + 1.5
	want := map[string]map[string]float64{
		"sitegen_run_success":                        {"build": 1, "stats": 0},
		"sitegen_run_exit_code":                      {"build": 0, "stats": 11},
		"sitegen_run_timestamp_seconds":              {"build": end, "stats": end},
		"sitegen_run_duration_seconds":               {"build": 1.5, "stats": 1.5},
		"sitegen_run_failures":                       {"build": 0, "stats": 1},
		"sitegen_run_last_success_timestamp_seconds": {"build": end},
		"sitegen_build_published_packages":           {"build": 126},
	}
	if diff := cmp.Diff(want, parse(t, file)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// parse returns the values of a file of metrics, by name and command.
func parse(t *testing.T, file string) map[string]map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	values := map[string]map[string]float64{}
	for name, family := range families {
		values[name] = map[string]float64{}
		if family.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["site"] != "aurora" {
				t.Errorf("%s has the labels %v", name, labels)
			}
			values[name][labels["command"]] = m.GetGauge().GetValue()
		}
	}
	return values
}

func TestAlerts(t *testing.T) {
	const every = 6 * time.Hour
	type try struct {
		minutes int
		code    int
		message string
		due     bool
	}
	refused := "dial tcp 192.0.2.1:443: connect: connection refused"
	reset := func(port int) string {
		return fmt.Sprintf("read tcp 192.0.2.9:%d->192.0.2.1:443: connection reset by peer", port)
	}
	tests := []struct {
		name  string
		tries []try
	}{
		{"an error that lasts", []try{
			{0, 4, refused, true}, {15, 4, refused, false}, {345, 4, refused, false}, {360, 4, refused, true},
			{375, 4, refused, false},
		}},
		{"another error, and the first again", []try{
			{0, 4, refused, true}, {15, 4, reset(49152), true}, {30, 4, refused, false}, {45, 4, reset(50000), false},
		}},
		{"over and back", []try{
			{0, 4, refused, true}, {15, 0, "", true}, {30, 4, refused, true},
		}},
		{"a warning of good runs", []try{
			{0, 0, "two records have no size", true}, {15, 0, "two records have no size", false},
			{30, 0, "three records have no size", true},
		}},
		{"the number of a process", []try{
			{0, 7, "another run (process 12) holds var/lock", true},
			{15, 7, "another run (process 4711) holds var/lock", false},
		}},
		{"a log that has grown", []try{
			{0, 11, "read access.log: its only new line is in no known format; the first such line: x", true},
			{15, 11, "read access.log: all of its 25 new lines are in no known format; the first such line: x", false},
			{60, 11, "read access.log: 1,060 of its 1,070 new lines are in no known format; the first such line: x", false},
			{120, 11, "read access.log: its only request for packages is on closed days", true},
			{180, 11, "read access.log: all of its 31 requests for packages are on closed days", false},
			{240, 11, "read access.log.1: all of its 60 new lines are in no known format; the first such line: x", true},
		}},
		{"another status", []try{{0, 4, "status 503", true}, {15, 4, "status 404", true}}},
		{"a clock that was set back", []try{{60, 4, refused, true}, {0, 4, refused, true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r runs.Record
			for _, try := range tt.tries {
				a := runs.NewAlerts(&r, every, start.Add(time.Duration(try.minutes)*time.Minute))
				if try.message != "" {
					if due := a.Due(try.message); due != try.due || a.Due(try.message) != due {
						t.Errorf("after %d minutes, %q: due %v, want %v", try.minutes, try.message, due, try.due)
					}
				}
				r.Add(run(try.minutes, try.code))
				a.End(&r)
			}
		})
	}
}

// TestUpdateNotStored has the metrics written if the record cannot be: a folder is in the way of the lock, or of the
// file.
func TestUpdateNotStored(t *testing.T) {
	for _, name := range []string{runs.FileName, runs.FileName + ".lock"} {
		t.Run(name, func(t *testing.T) {
			dir, file := t.TempDir(), filepath.Join(t.TempDir(), "sitegen.prom")
			if err := os.MkdirAll(filepath.Join(dir, name, "full"), 0o755); err != nil {
				t.Fatal(err)
			}
			change := func(s runs.State) {
				r := *s.Of(runs.Build)
				r.Add(run(0, 1))
				s[runs.Build] = &r
				if err := runs.WriteMetrics(file, "aurora", s); err != nil {
					t.Error(err)
				}
			}
			if err := runs.Update(dir, change); err == nil {
				t.Error("no error")
			}
			if got := parse(t, file)["sitegen_run_exit_code"][runs.Build]; got != 1 {
				t.Errorf("exit code in the metrics: %v, want 1", got)
			}
		})
	}
}
