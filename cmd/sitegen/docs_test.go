package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/backup"
	"github.com/Slicer/sitegen/generator/backup/archive"
	"github.com/Slicer/sitegen/generator/build"
	"github.com/Slicer/sitegen/generator/compare"
	"github.com/Slicer/sitegen/generator/deploy"
	"github.com/Slicer/sitegen/generator/packages"
	"github.com/Slicer/sitegen/generator/replay"
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
	checkFields(t, commandsDocument, build.Report{}, build.Phase{}, build.Held{}, build.HeldGroup{}, build.Item{},
		build.FileCount{}, build.Stopped{}, build.Reload{})
}

// TestDeployDocument checks that docs/deploy.md describes exactly the fields of the JSON of sitegen deploy.
func TestDeployDocument(t *testing.T) {
	checkFields(t, "../../docs/deploy.md", deploy.Report{}, deploy.Files{}, deploy.Objects{}, deploy.Store{},
		deploy.Collected{}, deploy.Damage{}, deploy.Requests{}, deploy.Deploy{}, deploy.Description{},
		deploy.Redirects{}, deploy.Requirement{})
}

// TestPackagesDocument checks that docs/packages.md describes exactly the fields of the JSON of sitegen packages.
func TestPackagesDocument(t *testing.T) {
	checkFields(t, "../../docs/packages.md", packages.Package{}, packages.Reason{}, packages.Description{},
		packages.Rule{}, packages.Group{}, packages.Duplicate{}, packages.Change{}, packages.Result{}, packages.Answer{})
}

// TestBackupDocument checks that docs/backup.md describes exactly the fields of the JSON of sitegen backup and restore.
func TestBackupDocument(t *testing.T) {
	checkFields(t, "../../docs/backup.md", backup.Report{}, archive.File{}, backup.Restoration{}, backup.Replaced{})
}

// TestCompareDocument checks that docs/compare.md describes exactly the fields of the JSON of sitegen compare.
func TestCompareDocument(t *testing.T) {
	checkFields(t, "../../docs/compare.md", compare.Report{}, replay.LeftOut{}, compare.Group{}, compare.Allowance{},
		compare.Found{}, compare.Difference{}, compare.TestReport{}, compare.Failure{}, compare.Declared{})
}

// checkFields checks that the tables of fields in a document have exactly the fields of some types, in their order.
func checkFields(t *testing.T, document string, types ...any) {
	t.Helper()
	data, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, v := range types {
		for f := range reflect.TypeOf(v).Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && f.IsExported() && !f.Anonymous {
				want = append(want, name)
			}
		}
	}
	var got []string
	fields := false
	for line := range strings.Lines(string(data)) {
		fields = strings.HasPrefix(line, "| Field |") || fields && strings.HasPrefix(line, "|")
		if name, ok := strings.CutPrefix(line, "| `"); ok && fields {
			name, _, _ = strings.Cut(name, "`")
			got = append(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields in %s (-want +got):\n%s", document, diff)
	}
}

var (
	linkRE    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headingRE = regexp.MustCompile(`(?m)^#+ (.*)$`)
	blockRE   = regexp.MustCompile("(?ms)^~~~~.*?^~~~~$|^```.*?^```$")
	spanRE    = regexp.MustCompile("`[^`\n]*`")
	notSlugRE = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors returns the anchors that GitHub gives to the headings of a document, "" for the document itself: "Size and
// speed" has the anchor size-and-speed, a second heading with the same words size-and-speed-1.
func anchors(text string) []string {
	list, seen := []string{""}, map[string]int{}
	for _, m := range headingRE.FindAllStringSubmatch(blockRE.ReplaceAllString(text, ""), -1) {
		slug := strings.ReplaceAll(notSlugRE.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
		if n := seen[slug]; n > 0 {
			list = append(list, fmt.Sprintf("%s-%d", slug, n))
		} else {
			list = append(list, slug)
		}
		seen[slug]++
	}
	return list
}

// TestLinks follows the links between the documents, and from them to other files: file and heading exist.
func TestLinks(t *testing.T) {
	decisions, err := filepath.Glob("../../docs/adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{} // by path
	for _, path := range append(append(documents(t), "../../CHANGELOG.md"), decisions...) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(data)
	}
	for path, text := range texts {
		text = spanRE.ReplaceAllString(blockRE.ReplaceAllString(text, ""), "")
		for _, m := range linkRE.FindAllStringSubmatch(text, -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(file, "://") {
				continue
			}
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: link to %s: %v", path, m[1], err)
			} else if !slices.Contains(anchors(texts[target]), anchor) {
				t.Errorf("%s: link to %s: there is no such heading", path, m[1])
			}
		}
	}
}
