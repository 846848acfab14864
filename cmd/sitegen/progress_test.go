package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/progress"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestBuildProgress checks what a build shows on a terminal, and that its summary has the times of its phases. A server
// sends a part of its list and waits until the terminal shows that.
func TestBuildProgress(t *testing.T) {
	t.Chdir(t.TempDir())
	shown := make(chan bool)
	list := fmt.Sprintf(`{"version": 1, "packages": []%s}`, strings.Repeat(" ", 700_000))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, list[:640<<10])
		w.(http.Flusher).Flush()
		<-shown
		_, _ = io.WriteString(w, list[640<<10:])
	}))
	defer server.Close()
	begin := time.Now()
	fast := func() time.Time { return begin.Add(500 * time.Since(begin)) } // so that each step is long
	screen := testutil.OpenTerminal(t, 80)
	var stdout bytes.Buffer
	p := &program{stdout: &stdout, environ: []string{"TERM=xterm"},
		messages: newMessages(progress.New(screen.File, fast))}
	root := p.rootCommand()
	if err := os.WriteFile("sitegen.yaml", []byte("title: T\nproject: P\nbase_url: https://p.example\nsource: "+
		server.URL+"/packages.json\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	root.SetArgs([]string{"build", "--force"})
	done := make(chan error)
	go func() { done <- root.ExecuteContext(t.Context()) }()
	await := func(text string) {
		for end := time.Now().Add(20 * time.Second); !strings.Contains(screen.Written(t), text); {
			if time.Now().After(end) {
				t.Errorf("%q is not on the screen:\n%q", text, screen.Written(t))
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	await("asking " + strings.TrimPrefix(server.URL, "http://") + ", 655 kB, ")
	close(shown)
	if err := <-done; err != nil {
		t.Fatalf("%v\n%s", err, screen.Text(t))
	}
	for _, want := range []string{`rendering \d+ of \d+ pages, \d+%`, `writing \d+ of \d+ files, \d+%`} {
		if !regexp.MustCompile(want).MatchString(screen.Written(t)) {
			t.Errorf("%s was not on the screen:\n%q", want, screen.Written(t))
		}
	}
	if strings.Contains(screen.Text(t), "%") {
		t.Errorf("the screen is %q at the end", screen.Text(t))
	}
	if !regexp.MustCompile(`(?m)^time +\d+\.\d\d s: source \d\.\d\d s, .*`).MatchString(stdout.String()) {
		t.Errorf("no times in the summary:\n%s", &stdout)
	}
}

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
				"reading 12 kB of 12 kB, 100%, 0s left"); shown != tt.shown {
				t.Errorf("progress shown: %v, want %v; output %q", shown, tt.shown, screen.Written(t))
			}
			if text := screen.Text(t); strings.Contains(text, "reading") {
				t.Errorf("the screen is %q at the end", text)
			}
		})
	}
}
