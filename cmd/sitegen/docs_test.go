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

// sitegen runs the program with an empty environment and returns its standard output.
func sitegen(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr, nil); code != 0 {
		t.Fatalf("sitegen %q: exit code %d\n%s", args, code, &stderr)
	}
	return stdout.String()
}

// helpOfAll returns the help of all commands, in Markdown.
func helpOfAll(t *testing.T) string {
	var b strings.Builder
	section := func(title string, args ...string) {
		fmt.Fprintf(&b, "## %s\n\n```\n%s```\n\n", title, sitegen(t, args...))
	}
	section("sitegen", "help")
	for _, c := range (&program{}).rootCommand().Commands() {
		if c.IsAvailableCommand() {
			section("sitegen "+c.Name(), "help", c.Name())
		}
	}
	fmt.Fprintf(&b, "## Exit codes\n\n```\n%s```\n", exitCodeTable())
	return b.String()
}

// TestCommandsDocument checks that docs/commands.md contains the current help. To update it, run go generate
// ./cmd/sitegen.
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
		text := before + beginGenerated + want + endGenerated + after
		if err := os.WriteFile(commandsDocument, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not up to date; run go generate ./cmd/sitegen (-want +got):\n%s", commandsDocument, diff)
	}
}

// TestSummaryDocument checks that docs/commands.md describes exactly the fields of the summary's JSON.
func TestSummaryDocument(t *testing.T) {
	data, err := os.ReadFile(commandsDocument)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, v := range []any{
		build.Report{}, build.Held{}, build.HeldGroup{}, build.Item{}, build.FileCount{}, build.Stopped{},
	} {
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
