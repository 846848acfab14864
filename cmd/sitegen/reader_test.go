package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/Slicer/sitegen/generator/backup/githubserver"
	"github.com/Slicer/sitegen/generator/testutil"
)

// reader follows the commands of a document on a machine of its own: the folder root stands for its root.
type reader struct {
	root, dir string // dir is the current folder
	environ   []string
	replace   *strings.Replacer
}

// newReader prepares the machine for the reader of the document with this name.
func newReader(t *testing.T, o *outside, name string) *reader {
	t.Helper()
	root := t.TempDir()
	testdata, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{root: root, dir: filepath.Join(root, "srv", "download")}
	r.environ = append(o.environ(), newCloud(t, o.server.Config.Handler)...)
	r.environ = append(r.environ, "GITHUB_API_URL="+githubserver.Start(t).URL, "GITHUB_TOKEN="+githubserver.Token)
	r.environ = append(r.environ, "HOME="+root, "TESTDATA="+testdata, "SITEGEN_SOURCE="+root+"/girder.json",
		"GEOIPUPDATE_ACCOUNT_ID=123456", "GEOIPUPDATE_LICENSE_KEY_FILE="+root+"/etc/sitegen/maxmind.key",
		"PATH="+filepath.Join(root, "bin")+string(filepath.ListSeparator)+os.Getenv("PATH"))
	var list []string
	for _, s := range standIns(root, o) {
		list = append(list, s.text, s.instead)
	}
	r.replace = strings.NewReplacer(list...)
	r.prepare(t, "machine", root)
	r.prepare(t, name, r.dir)
	return r
}

// prepare writes the files of an archive to a folder and runs the commands of its comment there.
func (r *reader) prepare(t *testing.T, name, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	archive, err := txtar.ParseFile(filepath.Join("testdata", "documents", name+".txtar"))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := txtar.Write(archive, dir); err != nil {
		t.Fatal(err)
	}
	if out, err := r.command(dir, "set -e\n"+string(archive.Comment)).CombinedOutput(); err != nil {
		t.Fatalf("prepare %s: %v\n%s", name, err, out)
	}
}

// command returns a command of the shell.
func (r *reader) command(dir, text string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", text)
	cmd.Dir, cmd.Env = dir, r.environ
	return cmd
}

// serveRE matches a command that runs until it is interrupted.
var serveRE = regexp.MustCompile(`^(\.\.?/)?sitegen serve\b`)

// follow runs commands and checks what they print and how they end.
func (r *reader) follow(t *testing.T, commands ...documentedCommand) {
	t.Helper()
	for _, c := range commands {
		for _, tool := range []string{"curl", "jq"} { // which not every machine has
			if strings.Contains(c.text, tool+" ") {
				testutil.Need(t, tool)
			}
		}
		if _, ok := notRun()[bare(c.text)]; ok {
			continue
		}
		if strings.HasPrefix(c.text, "aws ") {
			r.offline(t, c)
			continue
		}
		text := r.replace.Replace(c.text)
		run, want, dir := r.run, c.exitCode(), r.dir
		if c.alone {
			r.dir = t.TempDir()
		}
		if serveRE.MatchString(text) {
			run, want = r.serve, interrupted
		}
		printed, code := run(t, text)
		if c.alone {
			r.dir = dir
		}
		printed = strings.ReplaceAll(printed, r.root, "")
		if code != want {
			t.Fatalf("%s: %s\nexit code %d, want %d\n%s", c.place, c.text, code, want, printed)
		}
		c.checkPrinted(t, printed)
	}
}

// run runs a command. The next one continues in the folder where it ended.
func (r *reader) run(t *testing.T, text string) (printed string, code int) {
	t.Helper()
	folder := filepath.Join(r.root, "folder")
	cmd := r.command(r.dir, text+"\ncode=$?; pwd > '"+folder+"'; exit $code")
	out, err := cmd.CombinedOutput()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatalf("%s: %v", text, err)
	}
	if dir, err := os.ReadFile(folder); err == nil {
		r.dir = strings.TrimSpace(string(dir))
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// offline runs a command of the AWS CLI without AWS. The CLI checks the names and values of all parameters before it
// connects, so a correct command ends with the error that it cannot connect.
func (r *reader) offline(t *testing.T, c documentedCommand) {
	t.Helper()
	cmd := r.command(r.dir, c.text)
	cmd.Env = append(cmd.Env, "PATH="+filepath.Dir(testutil.Need(t, "aws"))+string(filepath.ListSeparator)+
		os.Getenv("PATH"), "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_MAX_ATTEMPTS=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "Could not connect to the endpoint URL") {
		t.Errorf("%s: %s\nthe AWS CLI does not accept the command (%v):\n%s", c.place, c.text, err, out)
	}
}

// serve runs a preview until it has answered a request.
func (r *reader) serve(t *testing.T, text string) (printed string, code int) {
	t.Helper()
	p := startPreview(t, r.command(r.dir, "exec "+text))
	if res, err := http.Get(p.url); err != nil {
		t.Error(err)
	} else if res.Body.Close(); res.StatusCode != http.StatusOK {
		t.Errorf("%s: status %d for /", text, res.StatusCode)
	}
	printed = p.printed(t)
	return printed, p.stop(t)
}

// preview is a running sitegen serve.
type preview struct {
	cmd *exec.Cmd
	log string // the file with its messages
	url string
}

// startPreview starts a preview and waits until it listens.
func startPreview(t *testing.T, cmd *exec.Cmd) *preview {
	t.Helper()
	p := &preview{cmd: cmd, log: filepath.Join(t.TempDir(), "log")}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended unless the test failed
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		printed := p.printed(t)
		if m := servingRE.FindStringSubmatch(printed); m != nil && strings.Contains(printed, "Ctrl-C") {
			p.url = "http://" + m[1] + "/"
			return p
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not serve:\n%s", cmd, printed)
		}
	}
}

func (p *preview) printed(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(p.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(log)
}

// stop interrupts the preview, as with Ctrl-C.
func (p *preview) stop(t *testing.T) (code int) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // it is an error to be interrupted
	return p.cmd.ProcessState.ExitCode()
}

// variableRE matches what may differ from run to run in the lines that a command prints.
var variableRE = regexp.MustCompile(`…|\d+(\.\d+)? (ms|s|µs)\b|127\.0\.0\.1:\d+`)

// pattern returns the expression for what a command prints.
func pattern(lines []string) *regexp.Regexp {
	var b strings.Builder
	for _, line := range lines {
		if line == "…" {
			b.WriteString(`(.*\n)*`)
			continue
		}
		line = oneBlank(line)
		end := 0
		for _, m := range variableRE.FindAllStringIndex(line, -1) {
			b.WriteString(regexp.QuoteMeta(line[end:m[0]]))
			switch text := line[m[0]:m[1]]; {
			case text == "…":
				b.WriteString(`.*`)
			case strings.HasPrefix(text, "127"):
				b.WriteString(`127\.0\.0\.1:\d+`)
			default:
				b.WriteString(`\d+(\.\d+)? (ms|s|µs)`)
			}
			end = m[1]
		}
		b.WriteString(regexp.QuoteMeta(line[end:]) + `\n`)
	}
	return regexp.MustCompile(`^` + b.String() + `$`)
}

// oneBlank replaces the blanks between words with one each.
func oneBlank(line string) string { return strings.Join(strings.Fields(line), " ") }

// checkPrinted compares what a command printed with the document.
func (c *documentedCommand) checkPrinted(t *testing.T, printed string) {
	t.Helper()
	if !c.shown {
		return
	}
	var lines strings.Builder
	for line := range strings.Lines(printed) {
		lines.WriteString(oneBlank(line) + "\n")
	}
	if !pattern(c.prints).MatchString(lines.String()) {
		t.Errorf("%s: %s\nprints (-document +program):\n%s", c.place, c.text,
			cmp.Diff(strings.Join(c.prints, "\n")+"\n", printed))
	}
}
