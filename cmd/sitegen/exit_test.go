package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/progress"
)

// TestExitCode fails if an exit code changes, because scripts depend on them.
func TestExitCode(t *testing.T) {
	want := map[fault.Kind]int{
		fault.Unexpected: 1, fault.Usage: 2, fault.Gate: 3, fault.Source: 4, fault.Content: 5, fault.AfterChange: 6,
		fault.Locked: 7,
		fault.Limit:  8,
	}
	got := map[fault.Kind]int{}
	for kind := range want {
		got[kind] = exitCode(fmt.Errorf("build: %w", fault.Wrap(kind, errors.New("it went wrong"), "")))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exit codes (-want +got):\n%s", diff)
	}
}

func TestExit(t *testing.T) {
	broken := errors.New("it went wrong")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name    string
		ctx     context.Context
		started bool
		err     error
		code    int
		stderr  string
	}{
		{"success", t.Context(), true, nil, 0, ""},
		{"error", t.Context(), true, broken, 1, "sitegen: it went wrong\n"},
		{"hint", t.Context(), true, fault.Wrap(fault.Gate, broken, "look at it"), 3,
			"sitegen: it went wrong\nsitegen: hint: look at it\n"},
		{"many", t.Context(), true, errors.Join(broken, errors.New("so did\x1b[2J this")), 1,
			"sitegen: it went wrong\nsitegen: so did\ufffd[2J this\n"},
		{"command line", t.Context(), false, broken, 2,
			"sitegen: it went wrong\nsitegen: hint: sitegen --help lists the arguments and flags.\n"},
		{"interrupted", canceled, true, context.Canceled, 130, "sitegen: interrupted\n"},
		{"interrupted during an operation", canceled, true, fmt.Errorf("fetch the list: %w", context.Canceled), 130,
			"sitegen: interrupted: fetch the list\n"},
		{"interrupted after the end", canceled, true, nil, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			p := &program{messages: newMessages(progress.New(&stderr, time.Now)), started: tt.started}
			if code := p.exit(tt.ctx, p.rootCommand(), tt.err); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if diff := cmp.Diff(tt.stderr, stderr.String()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}
