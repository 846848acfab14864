package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/progress"
)

func TestTextMessages(t *testing.T) {
	tests := []struct {
		name  string
		level slog.Level
		want  string
	}{
		{"verbose", slog.LevelDebug, "sitegen: step n=1\nsitegen: told try=2 kind=\"a b\"\n" +
			"sitegen: warning: careful \ufffd[2J\nsitegen: group job.id=7\nsitegen: broken\n"},
		{"normal", slog.LevelInfo, "sitegen: told try=2 kind=\"a b\"\n" +
			"sitegen: warning: careful \ufffd[2J\nsitegen: group job.id=7\nsitegen: broken\n"},
		{"quiet", slog.LevelError, "sitegen: broken\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			m := newMessages(progress.New(&out, time.Now))
			m.set(false, tt.level)
			m.Debug("step", "n", 1)
			m.With("try", 2).Info("told", "kind", "a b")
			m.Warn("careful \x1b[2J")
			m.WithGroup("job").Info("group", "id", 7)
			m.Error("broken")
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJSONMessages(t *testing.T) {
	var out bytes.Buffer
	m := newMessages(progress.New(&out, time.Now))
	m.set(true, slog.LevelInfo)
	m.fail(fault.Wrap(fault.Source, errors.New("no answer"), "ask again"))
	var got struct {
		Level, Msg string
		Hints      []string
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	if got.Level != "ERROR" || got.Msg != "no answer" || len(got.Hints) != 1 || got.Hints[0] != "ask again" {
		t.Errorf("message %+v", got)
	}
}
