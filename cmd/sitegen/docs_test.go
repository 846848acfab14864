package main

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/build"
)

//go:generate env UPDATE_DOCS=1 go test -count=1 -run ^TestCommandsDocument$ .

const (
	commandsDocument = "../../docs/commands.md"
	beginGenerated   = "<!-- begin: written by go generate ./cmd/sitegen -->\n\n"
	endGenerated     = "\n<!-- end -->"
)

// sitegen runs the program without an environment and gives what it wrote to stdout.
func sitegen(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr, nil); code != 0 {
		t.Fatalf("sitegen %q: exit code %d\n%s", args, code, &stderr)
	}
	return stdout.String()
}

// helpOfAll is the help of every command, in Markdown.
func helpOfAll(t *testing.T) string {
	var b strings.Builder
	section := func(title string, args ...string) {
		fmt.Fprintf(&b, "## %s\n\n```text\n%s```\n\n", title, sitegen(t, args...))
	}
	section("sitegen", "help")
	for _, c := range (&program{}).rootCommand().Commands() {
		if c.IsAvailableCommand() {
			section("sitegen "+c.Name(), "help", c.Name())
		}
	}
	fmt.Fprintf(&b, "## Exit codes\n\n```text\n%s```\n", exitCodeTable())
	return b.String()
}

// docs/commands.md holds the help texts: run go generate ./cmd/sitegen after a change of them.
func TestCommandsDocument(t *testing.T) {
	data, err := os.ReadFile(commandsDocument)
	if err != nil {
		t.Fatal(err)
	}
	want := helpOfAll(t)
	before, rest, ok1 := strings.Cut(string(data), beginGenerated)
	got, after, ok2 := strings.Cut(rest, endGenerated)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no part between %q and %q", commandsDocument, beginGenerated, endGenerated)
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(commandsDocument, []byte(before+beginGenerated+want+endGenerated+after),
			0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not up to date, run go generate ./cmd/sitegen (-want +got):\n%s", commandsDocument, diff)
	}
}

// Every field of the summary's JSON is described, and nothing else is.
func TestSummaryDocument(t *testing.T) {
	data, err := os.ReadFile(commandsDocument)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, v := range []any{build.Report{}, build.Held{}, build.HeldGroup{}, build.Item{}, build.FileCount{},
		build.Stopped{}} {
		for f := range reflect.TypeOf(v).Fields() {
			if name := f.Tag.Get("json"); name != "-" {
				want = append(want, name)
			}
		}
	}
	var got []string
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ = strings.Cut(name, "`")
			got = append(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields in %s (-want +got):\n%s", commandsDocument, diff)
	}
}
