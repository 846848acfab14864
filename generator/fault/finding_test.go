package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
)

func TestPlace(t *testing.T) {
	tests := []struct {
		place fault.Place
		want  string
	}{
		{fault.Place{File: "a.md", Line: 3, Col: 8}, "a.md:3:8: text"},
		{fault.Place{File: "a.md", Line: 3}, "a.md:3: text"},
		{fault.Place{File: "flag --out"}, "flag --out: text"},
		{fault.Place{}, "text"},
	}
	for _, tt := range tests {
		if got := tt.place.Errorf("%s", "text").String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestPlaceOf(t *testing.T) {
	const text = "é b\n\nc"
	for offset, want := range map[int]string{0: "x:1:1", 3: "x:1:4", 4: "x:1:5", 5: "x:2:1", 6: "x:3:1", 7: "x:3:2"} {
		if got := fault.PlaceOf("x", text, offset).String(); got != want {
			t.Errorf("byte %d is at %s, want %s", offset, got, want)
		}
	}
}

func TestFindings(t *testing.T) {
	if err := (fault.Findings{}).Err(); err != nil {
		t.Errorf("error without findings: %v", err)
	}
	at := func(file string, line, col int) fault.Place { return fault.Place{File: file, Line: line, Col: col} }
	findings := fault.Findings{at("b", 1, 1).Errorf("z"), at("a", 2, 1).Errorf("y"), at("a", 1, 2).Errorf("x"),
		at("a", 1, 10).Errorf("w"),
		at("a", 1, 2).Errorf("v"), at("b", 1, 1).Errorf("z")}
	err := fault.Wrap(fault.Content, findings.Sorted().Err(), "")
	if diff := cmp.Diff("a:1:2: v\na:1:2: x\na:1:10: w\na:2:1: y\nb:1:1: z", err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if found, ok := errors.AsType[fault.Findings](err); !ok || len(found) != 5 {
		t.Errorf("the findings %v cannot be taken from the error", found)
	}
}

func TestCount(t *testing.T) {
	findings := fault.Findings{fault.Place{}.Errorf("a"), fault.Place{}.Errorf("b")}
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"nil", nil, 0},
		{"one error", errors.New("a"), 1},
		{"findings", findings, 2},
		{"wrapped findings", fault.Wrap(fault.Content, findings, ""), 2},
		{"joined", errors.Join(errors.New("a"), nil, fmt.Errorf("b: %w", errors.Join(findings, errors.New("c")))), 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.Count(tt.err); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}
