package redirect

import (
	"fmt"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Server is a kind of web server that redirects are compiled for. Package servers lists all of them.
type Server interface {
	// Name returns the server's name in the configuration, for instance nginx. It is also its folder in redirects/.
	Name() string
	// Describe returns the server's entry in the documentation.
	Describe() Description
	// Compile translates a table into the server's configuration. The same table always compiles to the same bytes.
	Compile(*Table) *Compilation
	// Emulate returns an emulator of the server for a table. compiled returns the compiled table. Only an emulator that
	// runs the compiled configuration calls it, since compiling a large table takes time. The error is Compilation.Err.
	Emulate(t *Table, compiled func() *Compilation) (Emulator, error)
}

// Emulator answers requests as a configured server does.
type Emulator interface {
	// Answer answers a GET request. path is decoded and clean (no double slashes, no dot segments); rawQuery is still
	// encoded.
	Answer(site *emulate.Site, path, rawQuery string) (emulate.Reply, error)
}

// Description describes a server to people: in docs/redirects.md, where its fields are Markdown, and in messages.
type Description struct {
	Title   string // the server's name for people, for instance Amazon S3
	Files   string // the files that are written, and what reads them
	Queries string // how the server answers the queries of the download API
	Limits  string // limits on rules and packages
	Headers bool   // whether the server sends the headers of all responses, see Table.Headers

	// Reload is the shell command that makes a running server read changed files, for the message at the end of a
	// build. It is empty for services that the files are uploaded to.
	Reload string
}

// Compilation is a table that was compiled for a server.
type Compilation struct {
	Files    []output.File // in the order in which they must be written; none if the table exceeds a limit
	Findings []Finding     // errors: limits that the table exceeds; warnings: rules that the server answers differently
	Omitted  []Omission    // kinds of requests that the server answers differently from the table, whatever the rules
}

// Omission is a kind of request that a server answers differently from the table.
type Omission struct {
	What string // a description for people; messages write it after the server's name and a colon
	// Covers reports whether the omission explains the reply got to a request for path. It is called when got differs
	// from a, the table's answer.
	Covers func(path string, a Answer, got emulate.Reply) bool
}

// File returns a file in the folder of a server. name is its path in that folder.
func File(s Server, name string, data []byte) output.File {
	return output.File{Root: output.Redirects, Group: output.Maps, Path: s.Name() + "/" + name, Data: data}
}

// File returns the contents of a file by its path in the server's folder; nil if there is no such file.
func (c *Compilation) File(s Server, name string) []byte {
	for _, f := range c.Files {
		if f.Path == s.Name()+"/"+name {
			return f.Data
		}
	}
	return nil
}

// Fail adds an error: the table exceeds a limit of the server. r is the rule at fault, nil if it is not a rule.
func (c *Compilation) Fail(r *Rule, format string, args ...any) {
	c.find(Error, r, format, args...)
}

// Warn adds a warning for the author of a rule. r is nil if the warning is not about a rule.
func (c *Compilation) Warn(r *Rule, format string, args ...any) {
	c.find(Warning, r, format, args...)
}

func (c *Compilation) find(s Severity, r *Rule, format string, args ...any) {
	f := Finding{Severity: s, Message: fmt.Sprintf(format, args...)}
	if r != nil {
		f.Pos = r.Pos
	}
	c.Findings = append(c.Findings, f)
}

// Err joins the errors among the findings. It is nil if the table exceeds no limit of the server.
func (c *Compilation) Err() error {
	_, err := Split(c.Findings)
	return err
}

// Reason returns why a server's reply differs from the table's answer: the finding about the rule, or else the omission
// that covers the request. It is "" if neither explains the difference, which is then a bug.
func (c *Compilation) Reason(path string, a Answer, got emulate.Reply) string {
	for _, f := range c.Findings {
		if a.Rule != nil && f.Pos == a.Rule.Pos {
			return f.Message
		}
	}
	for _, o := range c.Omitted {
		if o.Covers(path, a, got) {
			return o.What
		}
	}
	return ""
}
