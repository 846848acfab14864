package redirect

import (
	"fmt"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Server is a kind of web server that redirects are compiled for. The list of them is in the package servers.
type Server interface {
	// Name is the server's name in the configuration and its folder below redirects/, for instance nginx.
	Name() string
	// Describe returns the server's entry in the documentation.
	Describe() Description
	// Compile translates a table into the server's configuration. The same table always compiles to the same bytes.
	Compile(*Table) *Compilation
	// Emulate returns an emulator of the server for a table. An emulator that runs the configuration itself calls
	// compiled for it; the others spare the work. The error is Compilation.Err.
	Emulate(t *Table, compiled func() *Compilation) (Emulator, error)
}

// Emulator answers requests as a server with its configuration does.
type Emulator interface {
	// Answer answers a GET request; path is decoded and clean (no double slashes, no dot segments), rawQuery as sent.
	Answer(site *emulate.Site, path, rawQuery string) (emulate.Reply, error)
}

// Description is a server's line in docs/redirects.md, in Markdown.
type Description struct {
	Title   string // for people: Amazon S3
	Files   string // what is written, and what reads it
	Queries string // what becomes of the queries of the download API
	Limits  string // on rules and packages
}

// Compilation is what a server makes of a table.
type Compilation struct {
	Files    []output.File // in the order in which they must be written; none when the table exceeds a limit
	Findings []Finding     // errors are limits that are passed, warnings rules that the server answers otherwise
	Omitted  []Omission    // kinds of requests that the server answers differently from the table, whatever the rules
}

// Omission is a kind of request that a server answers differently from the table.
type Omission struct {
	What string // for people, after the server's name and a colon
	// Covers reports whether this is why the server gives a reply to a request for a path, when the table's answer is
	// another.
	Covers func(path string, a Answer, got emulate.Reply) bool
}

// File is a file of a server, name being its path in the server's folder.
func File(s Server, name string, data []byte) output.File {
	return output.File{Root: output.Redirects, Group: output.Maps, Path: s.Name() + "/" + name, Data: data}
}

// File returns the bytes of a file by its path in the server's folder, nil when there is none.
func (c *Compilation) File(s Server, name string) []byte {
	for _, f := range c.Files {
		if f.Path == s.Name()+"/"+name {
			return f.Data
		}
	}
	return nil
}

// Fail adds a limit that is passed; r is the rule to blame, nil for none.
func (c *Compilation) Fail(r *Rule, format string, args ...any) {
	c.find(Error, r, format, args...)
}

// Warn adds what the author of a rule should know; r is nil when it is not about a rule.
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

// Err joins the errors among the findings; nil when the server can hold the table.
func (c *Compilation) Err() error {
	_, err := Split(c.Findings)
	return err
}

// Reason returns why a server's reply differs from the table's answer: the finding about the rule, else the omission
// that covers it. It is "" when the server should give the table's answer.
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
