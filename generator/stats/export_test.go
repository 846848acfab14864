package stats

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTruth reads the log of each server, and compares the downloads with the table from which the logs were generated.
func TestTruth(t *testing.T) {
	want := string(text(t, "truth-daily.tsv"))
	for _, name := range []string{"access.log.gz", "cloudfront.log.gz", "s3.log.gz"} {
		t.Run(name, func(t *testing.T) {
			e := open(t, options(t, t.TempDir()))
			r := read(t, e, testLog(name))
			if diff := cmp.Diff(want, export(t, e)); diff != "" {
				t.Error(diff)
			}
			if name == "access.log.gz" && (r.BadCount() != 7 || r.Lines != 6007 || len(r.Bad) != 3) {
				t.Errorf("%d lines, invalid: %+v", r.Lines, r.Bad)
			}
		})
	}
}

// TestAllLogs reads the logs of all servers into one database. They contain the same requests, which must count once.
func TestAllLogs(t *testing.T) {
	e := open(t, options(t, t.TempDir()))
	read(t, e, testLog("access.log.gz"), testLog("cloudfront.log.gz"), testLog("s3.log.gz"))
	if diff := cmp.Diff(string(text(t, "truth-daily.tsv")), export(t, e)); diff != "" {
		t.Error(diff)
	}
}

func TestExportFormats(t *testing.T) {
	ctx := context.Background()
	e := open(t, options(t, t.TempDir()))
	read(t, e, testLog("access.log.gz"))
	var b bytes.Buffer
	if err := e.Export(ctx, &b, Filter{}, Table{Format: "csv"}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(export(t, e)), "\n")
	for i, row := range rows {
		if strings.Join(row, "\t") != want[i] {
			t.Fatalf("line %d: %q, want %q", i+1, row, want[i])
		}
	}
	b.Reset()
	if err := e.Export(ctx, &b, Filter{}, Table{Format: "json", Arch: true}); err != nil {
		t.Fatal(err)
	}
	var lines []DailyLine
	if err := json.Unmarshal(b.Bytes(), &lines); err != nil {
		t.Fatal(err)
	}
	sum, arches := map[string]int64{}, map[string]int64{}
	for _, l := range lines {
		sum[l.Day] += l.Downloads
		arches[l.Arch] += l.Downloads
	}
	if len(arches) != 2 || arches["amd64"] == 0 || arches["arm64"] == 0 || sum["2026-09-20"] == 0 {
		t.Errorf("by architecture %v, by day %v", arches, sum)
	}
}

func TestExportFilter(t *testing.T) {
	ctx := context.Background()
	e := open(t, options(t, t.TempDir()))
	read(t, e, testLog("access.log.gz"))
	all := strings.Split(strings.TrimSpace(export(t, e)), "\n")[1:]
	for _, tc := range []struct {
		name   string
		filter Filter
		keep   func(f []string) bool
	}{
		{"days", Filter{From: "2026-09-25", To: "2026-09-27"},
			func(f []string) bool { return f[0] >= "2026-09-25" && f[0] <= "2026-09-27" }},
		{"version and os", Filter{Version: "5.12.2", OS: "linux"},
			func(f []string) bool { return f[1] == "5.12.2" && f[2] == "linux" }},
		{"stability and class", Filter{Stability: "release", Class: "tool"},
			func(f []string) bool { return f[3] == "release" && f[5] == "tool" }},
		{"country", Filter{Country: "DE"}, func(f []string) bool { return f[4] == "DE" }},
		{"unknown country", Filter{Country: "-"}, func(f []string) bool { return f[4] == "" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var want []string
			for _, line := range all {
				if tc.keep(strings.Split(line, "\t")) {
					want = append(want, line)
				}
			}
			var b bytes.Buffer
			if err := e.Export(ctx, &b, tc.filter, Table{Format: "tsv"}); err != nil {
				t.Fatal(err)
			}
			got := strings.Split(strings.TrimSpace(b.String()), "\n")[1:]
			if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
				t.Error(len(want), diff)
			}
		})
	}
	for _, bad := range []Filter{{From: "yesterday"}, {To: "2026-13-01"}, {Class: "robot"}} {
		if err := e.Export(ctx, &bytes.Buffer{}, bad, Table{Format: "tsv"}); err == nil {
			t.Errorf("the invalid filter %+v was accepted", bad)
		}
	}
}
