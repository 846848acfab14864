// Package nginx writes the redirect table for Nginx, from stock core modules of version 1.22 and later.
//
// The configuration is a program in Nginx's own words. Its parts, each a file named by its subject:
//
//   - decode.conf, parameters.conf: the query string becomes variables, and a problem if it makes no sense.
//   - newest.conf, versions-*.conf, dates-*.conf, revisions-*.conf: the build that a query picks, before
//     any offset. A build is named by its revision, 34645, or 34645.1 for the second newest of that revision.
//   - offset.conf, positions-*.conf: the step by offset. Revisions are counted from the oldest; the offset
//     is added to the count, digit by digit.
//   - packages-*.conf: the package of a build.
//   - tables.conf, lookup.conf: how these are put together.
//   - rules.conf: the rules of rules.txt.
//   - server/*.conf: the locations.
//
// "Newest at or before" is the core geo module with ranges: a day 2026-09-09 is written as the address
// 26.9.9.0, a revision 34645 as 3.46.45.0. Exact tables are maps, cut into thousands because Nginx warns of
// larger ones: the hash of maps has a default size, which an included file cannot set (it has to come before
// the first map of all). The hash of variables can be set in any place, and hash.conf does.
//
// /findall and /?QUERY are composed of static fragments by server-side includes. Their cells are
// subrequests, and subrequests share variables, so whatever depends on the cell is volatile.
package nginx

import (
	"bytes"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// Target is the Nginx configuration.
type Target struct{}

// Name implements redirect.Target.
func (Target) Name() string { return "nginx" }

// Compile implements redirect.Target. Files that look packages up come after those that name them, so that
// a half-written set offers an old package rather than a missing one.
func (Target) Compile(t *redirect.Table) ([]output.File, error) {
	c := &compiler{table: t, builds: nameBuilds(t.Index), urls: redirect.NewFileURLs(t.Index.Packages())}
	for _, pf := range t.Index.Platforms() {
		c.packages(pf)
		c.positions(pf)
		c.dates(pf)
		c.revisions(pf)
		c.versions(pf)
	}
	c.newest()
	c.choices()
	c.decode()
	if len(c.urls.Mid) > 0 {
		c.fileURLs()
	}
	c.rules()
	c.bitstreams()
	c.fixed()
	return c.files, c.err
}

// compiler collects the files.
type compiler struct {
	table  *redirect.Table
	builds buildNames
	urls   redirect.FileURLs
	files  []output.File
	err    error
}

// file adds a file below redirects/nginx. about is its comment: what the file is for.
func (c *compiler) file(name, about string, body *bytes.Buffer) {
	var buf bytes.Buffer
	buf.WriteString("# " + output.Mark + ": do not edit, the next build overwrites it.\n#\n")
	for line := range strings.Lines(strings.TrimSpace(about)) {
		buf.WriteString("# " + strings.TrimSpace(line) + "\n")
	}
	buf.WriteByte('\n')
	buf.Write(body.Bytes())
	c.add(name, buf.Bytes())
}

func (c *compiler) add(name string, data []byte) {
	c.files = append(c.files, output.File{
		Root: output.Redirects, Group: output.Maps, Path: "nginx/" + name, Data: data,
	})
}
