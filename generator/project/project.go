// Package project turns the configuration of a site into the inputs of every run of sitegen: the profile of the
// software, the grammar of its download API, its content and layouts, its redirect rules, and the servers that these
// are compiled for.
//
//	p, err := project.Open(c, log, time.Now)      // checks the configuration as a whole
//	in, err := p.Site(index, false)               // -> the pages, by package site
//	table, err := p.Table(index, edition.Aliases())  // -> the redirects, by package redirect
//
// Nothing here reads packages; package supply does.
package project

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/progress"
)

// Project is a site and the software that it is for. It is read-only.
type Project struct {
	Config   config.Config
	Profile  *profile.Profile
	Spec     *lookup.Spec // grammar of the project's download API
	Log      *slog.Logger
	Terminal *progress.Terminal // shows the progress of long operations; nil for none
	Now      func() time.Time   // the clock
}

// Open returns the project for a configuration. Its error is of kind fault.Usage and lists the values that must be
// configured, see checkIdentity.
func Open(c config.Config, log *slog.Logger, now func() time.Time) (*Project, error) {
	p := &Project{
		Config: c, Profile: c.Profile, Spec: lookup.NewSpec(&c.Profile.Scheme, c.Profile.Links), Log: log, Now: now,
	}
	return p, checkIdentity(p)
}

// HistoryFile returns the path of the database of the packages.
func (p *Project) HistoryFile() string { return filepath.Join(p.Config.Data, history.FileName) }

// Precompress returns the compressed variants of files to write.
func (p *Project) Precompress() output.Precompress {
	return output.Precompress{
		Gzip:   slices.Contains(p.Config.Precompress, "gzip"),
		Brotli: slices.Contains(p.Config.Precompress, "br"),
	}
}

// usage wraps an error of the configuration.
func usage(err error, hint string) error { return fault.Wrap(fault.Usage, err, hint) }

// SourceHeader returns the header to send with requests to the source, or nil.
func (p *Project) SourceHeader() (http.Header, error) {
	line, from := p.Config.SourceHeader, "source_header"
	if file := p.Config.SourceHeaderFile; line == "" && file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, usage(fmt.Errorf("source_header_file: %w", err), "")
		}
		line, _, _ = strings.Cut(string(b), "\n")
		from = file
	}
	if line == "" {
		return nil, nil
	}
	name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
	value = strings.TrimSpace(value)
	if !ok || !httpguts.ValidHeaderFieldName(name) || value == "" || !httpguts.ValidHeaderFieldValue(value) {
		// The value is a secret, so the message must not contain it.
		return nil, usage(fmt.Errorf("%s: must be a request header", from),
			"Write one line, Name: value, for instance Girder-Token: …")
	}
	return http.Header{http.CanonicalHeaderKey(name): {value}}, nil
}
