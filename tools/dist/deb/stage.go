package deb

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2/files"
)

// packageFiles are the files that only the package has.
//
//go:embed files
var packageFiles embed.FS

// Where the files of the package are installed.
const (
	unitFolder = "/usr/lib/systemd/system/"
	docFolder  = "/usr/share/doc/sitegen/"
	mailRun    = "/usr/lib/sitegen/mail-run"
)

// stage collects the files of a package in a folder. After the first error, its methods do nothing.
type stage struct {
	Package
	folder   string
	version  string
	contents files.Contents
	err      error
}

// fill adds all files of the package.
func (s *stage) fill() error {
	s.add("/usr/bin/sitegen", 0o755, s.read(s.Binary))
	s.units()
	s.administration()
	s.manual()
	s.completions()
	s.documentation()
	return s.err
}

// units adds the units of docs/ops, and the program that mails what their runs print.
func (s *stage) units() {
	for _, file := range s.list("docs/ops/systemd/*.*") {
		text := s.read(file)
		if path.Base(file) == "sitegen-mail@.service" {
			text = s.replace(file, text, "/usr/local/lib/sitegen/mail-run", mailRun)
		}
		s.add(unitFolder+path.Base(file), 0o644, text)
	}
	file := s.source("docs/ops/systemd/mail-run")
	s.add(mailRun, 0o755,
		s.replace(file, s.read(file), " Install it as /usr/local/lib/sitegen/mail-run (mode 0755).", ""))
	s.add("/usr/share/polkit-1/rules.d/50-sitegen.rules", 0o644, s.read(s.source("docs/ops/polkit/50-sitegen.rules")))
}

// administration adds the files in /etc. dpkg keeps the changes of an administrator.
func (s *stage) administration() {
	s.config("/etc/sitegen/sitegen.yaml", s.own("sitegen.yaml"))
	s.config("/etc/default/sitegen", s.own("default"))
	s.config("/etc/logrotate.d/sitegen", s.read(s.source("docs/ops/logrotate/download")))
}

// manual adds the manual pages.
func (s *stage) manual() {
	pages := filepath.Join(s.folder, "manual")
	s.run("man", pages)
	for _, file := range s.glob(filepath.Join(pages, "man*/*")) {
		s.compressed("/usr/share/man/"+filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file), s.read(file))
	}
}

// completions adds the completions of three shells.
func (s *stage) completions() {
	for shell, target := range map[string]string{
		"bash": "/usr/share/bash-completion/completions/sitegen",
		"zsh":  "/usr/share/zsh/vendor-completions/_sitegen",
		"fish": "/usr/share/fish/vendor_completions.d/sitegen.fish",
	} {
		s.add(target, 0o644, s.run("completion", shell))
	}
}

// documentation adds the documents, the examples of docs/ops, and what Debian wants every package to have.
func (s *stage) documentation() {
	for _, file := range s.list("docs/*.md") {
		s.add(docFolder+"docs/"+path.Base(file), 0o644, s.read(file))
	}
	for _, pattern := range []string{"crontab", "*.yaml", "nginx/*", "sudoers/*"} {
		for _, file := range s.list("docs/ops/" + pattern) {
			name, err := filepath.Rel(s.source("docs/ops"), file)
			s.fail(err)
			s.add(docFolder+"examples/"+filepath.ToSlash(name), 0o644, s.read(file))
		}
	}
	for name, text := range s.Licenses {
		s.add(docFolder+"licenses/"+name, 0o644, text)
	}
	s.add(docFolder+"copyright", 0o644, s.own("copyright"))
	s.add(docFolder+"README.Debian", 0o644, s.own("README.Debian"))
	s.add("/usr/share/lintian/overrides/sitegen", 0o644, s.own("lintian-overrides"))
	s.compressed(docFolder+"changelog", s.read(s.source("CHANGELOG.md")))
	s.compressed(docFolder+"changelog.Debian", fmt.Appendf(nil,
		"sitegen (%s-%s) unstable; urgency=medium\n\n  * Release %s.\n\n -- %s  %s\n", s.version, revision, s.Version,
		s.Maintainer, s.Date.UTC().Format(time.RFC1123Z)))
}

// add adds a file.
func (s *stage) add(target string, mode os.FileMode, data []byte) {
	s.contents = append(s.contents, s.content(s.store("data"+target, data), target, files.TypeFile, mode))
}

// config adds a file that an administrator may change.
func (s *stage) config(target string, data []byte) {
	s.contents = append(s.contents, s.content(s.store("data"+target, data), target, files.TypeConfig, 0o644))
}

// compressed adds a file with the suffix .gz, compressed as gzip -9n does: without a name and a time.
func (s *stage) compressed(target string, data []byte) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	s.fail(err)
	if s.err != nil {
		return
	}
	_, err = z.Write(data)
	s.fail(err)
	s.fail(z.Close())
	s.add(target+".gz", 0o644, b.Bytes())
}

// control returns the path of a script that dpkg runs.
func (s *stage) control(name string) string { return s.store("control/"+name, s.own(name)) }

// store writes a file of the stage, and returns its path.
func (s *stage) store(name string, data []byte) string {
	file := filepath.Join(s.folder, filepath.FromSlash(name))
	if s.err == nil {
		s.fail(os.MkdirAll(filepath.Dir(file), 0o755))
	}
	if s.err == nil {
		s.fail(os.WriteFile(file, data, 0o644))
	}
	return file
}

// run runs the program for this machine, and returns what it prints.
func (s *stage) run(args ...string) []byte {
	if s.err != nil {
		return nil
	}
	cmd := exec.Command(s.Program, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", s.Date.Unix()))
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		s.fail(fmt.Errorf("%s %s: %w\n%s", s.Program, strings.Join(args, " "), err, &problem))
	}
	return out
}

// own returns a file that only the package has.
func (s *stage) own(name string) []byte {
	data, err := packageFiles.ReadFile("files/" + name)
	s.fail(err)
	return data
}

// source returns the path of a file of the repository.
func (s *stage) source(name string) string { return filepath.Join(s.Root, filepath.FromSlash(name)) }

// read reads a file.
func (s *stage) read(file string) []byte {
	if s.err != nil {
		return nil
	}
	data, err := os.ReadFile(file)
	s.fail(err)
	return data
}

// list returns the files of the repository that match a pattern: at least one.
func (s *stage) list(pattern string) []string { return s.glob(s.source(pattern)) }

// glob returns the files that match a pattern: at least one.
func (s *stage) glob(pattern string) []string {
	found, err := filepath.Glob(pattern)
	s.fail(err)
	if len(found) == 0 && s.err == nil {
		s.fail(fmt.Errorf("no file matches %s", pattern))
	}
	return found
}

// replace replaces a text that a file must contain.
func (s *stage) replace(file string, data []byte, old, text string) []byte {
	if s.err == nil && !bytes.Contains(data, []byte(old)) {
		s.fail(fmt.Errorf("%s does not contain %q", file, old))
	}
	return bytes.ReplaceAll(data, []byte(old), []byte(text))
}

// fail keeps the first error.
func (s *stage) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}
