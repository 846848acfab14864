package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/build"
)

func exampleReport() *build.Report {
	return &build.Report{
		Source: "https://girder.example.org/api/v1", App: "5f4474d0e1d8c75dfc705482", Published: 620,
		Held: []build.Held{
			{ID: "a1", Name: "Extension", Field: "meta.app_id", Value: "other",
				Reason: "belongs to another application"},
			{ID: "b1", Name: "one", Field: "size", Value: "0", Reason: "upload not finished"},
			{ID: "b2", Name: "two", Field: "size", Value: "0", Reason: "upload not finished"},
			{ID: "b3", Name: "th\x1b[31mree", Field: "size", Value: "0", Reason: "upload not finished"},
			{ID: "b4", Name: "four", Field: "size", Value: "0", Reason: "upload not finished"},
		},
		Added:   []build.Item{{ID: "c1", Name: "Viewer_win_amd64_34880"}},
		Pages:   build.FileCount{Written: 12, Unchanged: 640, Removed: 3},
		Maps:    build.FileCount{Written: 2, Unchanged: 9},
		Seconds: 1.236,
	}
}

func TestSummary(t *testing.T) {
	returned := exampleReport()
	returned.Returned = []build.Item{{ID: "d1", Name: "back"}}
	returned.Stopped = []build.Stopped{{Server: "s3", Target: "s3", Reason: "51 routing rules, the limit is 50"}}
	returned.Phases = []build.Phase{
		{Name: "source", Seconds: 0.5}, {Name: "input", Seconds: 0.004}, {Name: "pages", Seconds: 0.7},
	}
	tests := []struct {
		name    string
		report  *build.Report
		verbose bool
		want    string
	}{
		{"short", exampleReport(), false, `
source     https://girder.example.org/api/v1
published  620 packages
held back  5 records
               4  size: upload not finished: "one", "two", "th\x1b[31mree" and 1 more
               1  meta.app_id: belongs to another application: "Extension"
added      1 package: "Viewer_win_amd64_34880"
changed    none
withdrawn  none
pages      12 written, 640 unchanged, 3 removed
maps       2 written, 9 unchanged, 0 removed
time       1.24 s
`},
		{"verbose", returned, true, `
source     https://girder.example.org/api/v1
published  620 packages
held back  5 records
               4  size: upload not finished
                  "one" ("b1"), found "0"
                  "two" ("b2"), found "0"
                  "th\x1b[31mree" ("b3"), found "0"
                  "four" ("b4"), found "0"
               1  meta.app_id: belongs to another application
                  "Extension" ("a1"), found "other"
added      1 package: "Viewer_win_amd64_34880"
changed    none
withdrawn  none
returned   1 package: "back"
pages      12 written, 640 unchanged, 3 removed
maps       2 written, 9 unchanged, 0 removed
stopped    s3: 51 routing rules, the limit is 50
time       1.24 s: source 0.50 s, pages 0.70 s
`},
		{"nothing", &build.Report{Source: "sample"}, false, `
source     sample
published  0 packages
held back  0 records
added      none
changed    none
withdrawn  none
pages      0 written, 0 unchanged, 0 removed
maps       0 written, 0 unchanged, 0 removed
time       0.00 s
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := printSummary(&b, tt.report, tt.verbose); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), b.String()); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}
