package project

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/folder"
	"github.com/Slicer/sitegen/generator/holds"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers"
	"github.com/Slicer/sitegen/generator/site"
)

// RulesFile returns the path of the file with the redirect rules.
func (p *Project) RulesFile() string { return filepath.Join(p.Config.Redirects, "rules.txt") }

// HoldsFile returns the path of the list of the packages that people keep off the site.
func (p *Project) HoldsFile() string { return filepath.Join(p.Config.Redirects, holds.FileName) }

// Holds returns the entries of HoldsFile. The error lists all mistakes in the file.
func (p *Project) Holds() ([]holds.Hold, error) {
	text, err := p.HoldsText()
	if err != nil {
		return nil, err
	}
	list, err := holds.Parse(p.HoldsFile(), text)
	return list, fault.Wrap(fault.Content, err, "Correct the file and run the command again.")
}

// HoldsText returns the content of HoldsFile, or "" if there is no such file.
func (p *Project) HoldsText() (string, error) {
	return readOptional(p.HoldsFile(), "read the packages held back")
}

// isLink reports whether there is a symbolic link at a path.
func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// Rules returns the content of RulesFile, or "" if there is no such file.
func (p *Project) Rules() (string, error) {
	return readOptional(p.RulesFile(), "read the redirect rules")
}

// readOptional returns the content of a file, or "" if there is no such file. doing starts the message of an error.
func readOptional(file, doing string) (string, error) {
	b, err := folder.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err = nil; isLink(file) {
			err = fmt.Errorf("%s: symbolic link leads nowhere; correct or remove it", file)
		}
		return "", usage(err, "")
	}
	if err != nil {
		return "", usage(fmt.Errorf("%s: %w", doing, err), "")
	}
	return string(b), nil
}

// Table returns all redirects of the site: the packages of x, the rules, the aliases of pages, the profile's rules for
// the links of retired servers, and the files that come before rules. paths are those of the files that a build writes;
// Files.Read of the table reads them in the public folder, unless the caller has them in memory and replaces it.
// Its error lists all mistakes in rules and aliases; the table is returned as well, with the valid ones, and the caller
// may check them, too.
func (p *Project) Table(x *lookup.Index, aliases []site.Alias, paths []string) (*redirect.Table, error) {
	text, err := p.Rules()
	if err != nil {
		return nil, err
	}
	written, err := redirect.Parse(p.RulesFile(), text)
	var list []redirect.Alias
	for _, a := range aliases {
		list = append(list, redirect.Alias{From: a.From, To: a.To, Pos: a.At})
	}
	aliased, aliasErr := redirect.AliasRules(list)
	legacy := p.Profile.LegacyRules
	inherited, inheritedErr := redirect.InheritedRules(x, legacy.Name, legacy.Text)
	rules := append(append(written, aliased...), inherited...)
	files := redirect.FilesOf(paths)
	files.Other = p.otherFiles()
	files.Read = func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(p.Config.Out, path)) }
	return &redirect.Table{Index: x, Rules: redirect.NewRules(rules), Files: files, Name: p.Config.Name,
			Headers: redirect.Headers(p.Config.Headers), FileHeaders: p.Config.Deploy.Headers},
		fault.Wrap(fault.Content, errors.Join(err, aliasErr, inheritedErr), "")
}

// Server returns what the web server answers besides the files of a build, for the check of links. whole is false if
// some rules are missing in the table, because they cannot be read.
func (p *Project) Server(t *redirect.Table, whole bool) site.Server {
	return site.Server{
		Rule: func(path, rawQuery string) (site.RuleAnswer, bool) {
			a := t.Answer(path, rawQuery)
			if a.Rule == nil {
				return site.RuleAnswer{}, false
			}
			checked := a.Rule.Origin != redirect.Inherited // see redirect.Check
			return site.RuleAnswer{
				Status: a.Status, Target: cmp.Or(a.Location, a.File), Force: a.Rule.Force, Lasts: checked,
				Known: checked && a.Rule.Fixed(), At: a.Rule.Pos,
			}, true
		},
		HasFile: p.otherFiles(),
		Partial: !whole,
	}
}

// CheckRules checks the rules of a table of Table.
func (p *Project) CheckRules(t *redirect.Table) []redirect.Finding {
	s := redirect.Site{Hosts: p.Config.RedirectHosts}
	if u, err := url.Parse(p.Config.BaseURL); err == nil {
		s.Host, s.Hosts = u.Host, append([]string{u.Hostname()}, s.Hosts...)
	}
	return redirect.Check(t, s)
}

// Compiled is the result of compiling a table for one server.
type Compiled struct {
	Server string // its name
	*redirect.Compilation
}

// Compile compiles a table for every configured server.
func (p *Project) Compile(t *redirect.Table) ([]Compiled, error) {
	var list []Compiled
	for _, name := range p.Config.Servers {
		s, err := servers.Find(name)
		if err != nil {
			return nil, err
		}
		list = append(list, Compiled{name, s.Compile(t)})
	}
	return list, nil
}
