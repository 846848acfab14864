package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestProgress checks when sitegen stats shows a progress line.
func TestProgress(t *testing.T) {
	const line = `192.0.2.1 - - [03/Apr/2024:12:00:00 +0000] ` +
		`"GET /bitstream/60bf0d2ad5d58ff9f03dfb05 HTTP/1.1" 302 0 "-" "curl/8.0"` + "\n"
	tests := []struct {
		name, environ, args string
		shown               bool
	}{
		{"terminal", "TERM=xterm", "", true},
		{"quiet", "TERM=xterm", "--quiet", false},
		{"for a program", "TERM=xterm", "--json", false},
		{"messages for a program", "TERM=xterm", "--log-format=json", false},
		{"terminal that cannot erase", "TERM=dumb", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("access.log", bytes.Repeat([]byte(line), 100), 0o644); err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			tick := func() time.Time { // a slow machine
				now = now.Add(time.Second)
				return now
			}
			screen := testutil.OpenTerminal(t, 80)
			var stdout bytes.Buffer
			p := &program{stdout: &stdout, environ: []string{tt.environ},
				messages: newMessages(progress.New(screen.File, tick))}
			root := p.rootCommand()
			root.SetArgs(append([]string{"stats", "access.log"}, strings.Fields(tt.args)...))
			if err := root.ExecuteContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			if shown := strings.Contains(screen.Written(t),
				"reading 11 KiB of 11 KiB, 100%, 0s left"); shown != tt.shown {
				t.Errorf("progress shown: %v, want %v; output %q", shown, tt.shown, screen.Written(t))
			}
			if text := screen.Text(t); strings.Contains(text, "reading") {
				t.Errorf("the screen is %q at the end", text)
			}
		})
	}
}
