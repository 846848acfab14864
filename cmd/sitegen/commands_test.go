package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mattn/go-shellwords"
	"github.com/spf13/cobra"
)

// The commands in the documentation run as tests. The language of a code block says what it holds:
//
//	sh       commands, one per line; each must succeed
//	console  commands after "$ ", each followed by everything that it prints
//	cron     lines of a crontab; each runs in an empty folder
//	yaml     a file, if the first line is its name ("# sitegen.yaml"); it is written before the next command
//	text     anything but commands; so do json, nginx, python, caddyfile and markdown
//
// The commands of a document run in order. Each continues in the folder where the one before it ended. The first one
// starts in /srv/download, which has the files of testdata/documents/NAME.txtar, if docs/NAME.md has such an archive;
// the comment of the archive is commands that run before. machine.txtar has the files of all other folders.
//
//   - A command that is meant to fail ends in a comment: "# exit code 2".
//   - In what a command prints, "…" stands for any text and, on a line of its own, for any lines. "27 ms" stands for
//     any duration, and "127.0.0.1:8080" for any port. Any number of blanks counts as one.
//   - sitegen serve runs until it has answered a request for /. Then it is interrupted, as with Ctrl-C.
//   - <!-- run: COMMAND --> between blocks is a command that readers do not see, to make a mistake for instance.
//   - What a test cannot have is replaced, see standIns. Commands that cannot run are in notRun; those of the AWS CLI
//     are checked without AWS.
//
// The examples in the help of sitegen run in the same way, as if they were one document (help.txtar).
type documentedCommand struct {
	place  string   // file:line
	text   string   // the command, with the comment at its end
	shown  bool     // the document shows what it prints
	prints []string // the lines that it prints, if they are shown
	alone  bool     // it runs in an empty folder, and the next command not there
}

// Commands of the AWS CLI cannot reach AWS; see reader.offline. notRun returns the others that cannot run in a test,
// with the reasons.
func notRun() map[string]string {
	const machine = "what doctor finds depends on the machine; see TestDoctorNginx and doctor.txtar"
	return map[string]string{
		"sitegen doctor":                            machine,
		"sitegen doctor --quiet --offline":          machine,
		"sitegen doctor --address http://127.0.0.1": machine,
		`sitegen doctor --json | jq -r '.[] | select(.status == "problem") | .next'`: machine,
		"cd /srv/download && sitegen doctor --quiet":                                 machine,
		"make test":                              "it would run this test again",
		"make test-short":                        "it would run this test again",
		"ssh -L 8080:127.0.0.1:8080 the-machine": "there is no other machine",
	}
}

// standIn is a text in commands and what replaces it.
type standIn struct{ text, instead string }

// standIns returns the replacements for a reader whose folder root stands for the root of the machine.
func standIns(root string, o *outside) []standIn {
	return []standIn{
		// The program is that of the test, which need not be compiled again.
		{"go build -o sitegen ./cmd/sitegen", `ln -s "$(command -v sitegen)" sitegen`},
		{"go run ./cmd/sitegen", "sitegen"},
		{"/srv/", root + "/srv/"},
		{"/var/log/", root + "/var/log/"},
		{"/etc/", root + "/etc/"},
		{o.site, o.preview},
		{"https://old.example.org/", o.preview},
		{"https://new.example.org/", o.preview},
		{"203.0.113.7", "127.0.0.1"},
		{"--listen :9000", "--listen :0"}, // port 9000 may be taken
		{"s3://download-logbucket-6f5e4d3c2b1a/", "s3://logs/"},
	}
}

// TestDocumentedCommands runs the commands of the help and of the documents.
func TestDocumentedCommands(t *testing.T) {
	outside := newOutside(t)
	names, texts := []string{"machine"}, []string(nil)
	follow := func(name string, commands []documentedCommand) {
		names = append(names, name)
		for _, c := range commands {
			texts = append(texts, c.text)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newReader(t, outside, name).follow(t, commands...)
		})
	}
	follow("help", examplesOf((&program{}).rootCommand()))
	for _, path := range documents(t) {
		if commands := commandsOf(t, path); len(commands) > 0 {
			follow(strings.TrimSuffix(filepath.Base(path), ".md"), commands)
		}
	}

	archives, err := filepath.Glob("testdata/documents/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range archives {
		if name := strings.TrimSuffix(filepath.Base(path), ".txtar"); !slices.Contains(names, name) {
			t.Errorf("%s: there is no document %s.md with commands", path, name)
		}
	}
	for command := range notRun() {
		if !slices.ContainsFunc(texts, func(text string) bool { return bare(text) == command }) {
			t.Errorf("notRun lists the command %q, which no document has", command)
		}
	}
	for _, s := range standIns("", outside) {
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, s.text) }) {
			t.Errorf("standIns replaces %q, which no document has", s.text)
		}
	}
}

// documents returns the paths of all documents.
func documents(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(paths) == 0 {
		t.Fatalf("find the documents: %v", err)
	}
	return append(paths, "../../README.md", "../../CONTRIBUTING.md")
}

// commandsOf returns the commands in the code blocks of a document.
func commandsOf(t *testing.T, path string) (commands []documentedCommand) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kind, start := "", 0 // of the open block
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		fence, ok := strings.CutPrefix(line, "```")
		switch {
		case ok && start == 0:
			kind, _, _ = strings.Cut(fence, " ") // attributes may follow
			start = i + 1
		case ok:
			found, err := commandsIn(kind, lines[start:i])
			if err != nil {
				t.Errorf("%s:%d: %v; see the comment of documentedCommand", path, start, err)
			}
			for _, c := range found {
				c.place = fmt.Sprintf("%s:%d", path, start)
				commands = append(commands, c)
			}
			start = 0
		case start == 0:
			if m := hiddenRE.FindStringSubmatch(line); m != nil {
				commands = append(commands, documentedCommand{place: fmt.Sprintf("%s:%d", path, i+1), text: m[1]})
			}
		}
	}
	if start != 0 {
		t.Errorf("%s:%d: the code block does not end", path, start)
	}
	return commands
}

var (
	hiddenRE   = regexp.MustCompile(`^<!-- run: (.*) -->$`)
	fileNameRE = regexp.MustCompile(`^# ([\w.-]+\.yaml)\n`)
	cronLineRE = regexp.MustCompile(`^(?:[-\d*/,]+\s+){5}(.*)$`)
	commandRE  = regexp.MustCompile(`^(\$|go run|\.\.?/sitegen|` +
		`sitegen (backup|build|config|deploy|explain|packages|redirects|restore|serve|stats)) `)
)

// commandsIn returns the commands in a code block of a kind.
func commandsIn(kind string, lines []string) (commands []documentedCommand, err error) {
	add := func(text string) { commands = append(commands, documentedCommand{text: text}) }
	switch kind {
	case "sh":
		for _, line := range lines {
			if line != "" && !strings.HasPrefix(line, "#") {
				add(line)
			}
		}
	case "console":
		for _, line := range lines {
			if text, ok := strings.CutPrefix(line, "$ "); ok {
				commands = append(commands, documentedCommand{text: text, shown: true})
			} else if len(commands) == 0 {
				return nil, fmt.Errorf("no command before what it prints (found %q)", line)
			} else {
				last := &commands[len(commands)-1]
				last.prints = append(last.prints, line)
			}
		}
	case "cron":
		environment := ""
		for _, line := range lines {
			if m := cronLineRE.FindStringSubmatch(line); m != nil {
				commands = append(commands, documentedCommand{text: environment + m[1], alone: true})
			} else if line != "" {
				environment += "export " + line + "; "
			}
		}
	case "yaml":
		text := strings.Join(lines, "\n")
		if m := fileNameRE.FindStringSubmatch(text); m != nil {
			add("cat > " + m[1] + " << 'end of the block'\n" + text + "\nend of the block")
		}
	case "text", "json", "css", "nginx", "python", "caddyfile", "markdown":
		if i := slices.IndexFunc(lines, commandRE.MatchString); i >= 0 {
			return nil, fmt.Errorf("a block of the language %q has a command (found %q)", kind, lines[i])
		}
	default:
		return nil, fmt.Errorf("unknown language of a code block (found %q)", kind)
	}
	return commands, nil
}

// examplesOf returns the examples in the help of a command and of all below it. Two blanks or more separate an example
// from the words that explain it.
func examplesOf(cmd *cobra.Command) (commands []documentedCommand) {
	for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
		line, ok := strings.CutPrefix(line, "  ")
		if text, _, _ := strings.Cut(strings.TrimSpace(line), "  "); ok && strings.Contains(text, "sitegen") {
			commands = append(commands, documentedCommand{place: cmd.CommandPath() + " --help", text: text,
				// A site of a source is never one of the sample, and what self-test asks is not that site.
				alone: strings.Contains(text, "--source sample") || strings.Contains(text, "self-test")})
		}
	}
	for _, c := range cmd.Commands() {
		commands = append(commands, examplesOf(c)...)
	}
	return commands
}

var commentRE = regexp.MustCompile(`\s+# .*$`)

// bare returns a command without the comment at its end.
func bare(text string) string { return commentRE.ReplaceAllString(text, "") }

// exitCode returns the exit code that a command must end with.
func (c *documentedCommand) exitCode() int {
	_, code, _ := strings.Cut(c.text, "# exit code ")
	n, _ := strconv.Atoi(code) // 0 without the comment
	return n
}

// proseRE matches a command in a sentence.
var proseRE = regexp.MustCompile("`(sitegen [^`:]+)`")

// TestCommandsInProse checks the commands that sentences mention: they and their flags exist.
func TestCommandsInProse(t *testing.T) {
	for _, path := range append(documents(t), "../../CHANGELOG.md") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range proseRE.FindAllStringSubmatch(string(data), -1) {
			if err := parseCommand(m[1]); err != nil {
				t.Errorf("%s: %s: %v", path, m[1], err)
			}
		}
	}
}

// parseCommand reads the names of the command and of its flags as the program does.
func parseCommand(text string) error {
	words, err := shellwords.Parse(text)
	if err != nil {
		return err
	}
	root := (&program{}).rootCommand()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(words[1:]...)
	cmd, rest, err := root.Find(words[1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil || !cmd.HasSubCommands() {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}
