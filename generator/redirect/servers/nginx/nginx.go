// Package nginx compiles redirect tables into a configuration for Nginx 1.22 and later that uses only Nginx's core
// modules.
//
// The configuration is a program that finds a package. Its functions are variables: a map or geo block defines each of
// them and computes it from other variables when a location uses it. For example, Nginx answers the request
//
//	/download?os=win&date=2026-09-09&offset=-1
//
// with these files, in this order:
//
//   - decode.conf decodes the query string, and parameters.conf parses it: $sitegen_os is win, $sitegen_mode is date,
//     $sitegen_date_address is 26.9.9.0, and $sitegen_problem is "". For an invalid query, $sitegen_problem is the name
//     of an error page.
//   - tables.conf chooses the table for the mode, the platform amd64-win and the stability release: newest.conf,
//     versions-*.conf, dates-*.conf or revisions-*.conf. That table contains the build 34640. A build is named by its
//     revision; the second newest build of that revision would be 34640.1.
//   - positions-*.conf number the revisions of a platform from the oldest on: 34640 has the position 5821. offset.conf
//     adds the offset, which results in 5820, and positions-*.conf contain the revision at that position, 34633.
//   - packages-*.conf contain the id of the build 34633. lookup.conf describes these steps. The location in
//     server/download-api.conf runs them and redirects to /bitstream/<id>.
//   - files.conf contains the URL for an id, and server/bitstreams.conf redirects to it.
//
// server/permalinks.conf rewrites permalinks to requests to the API, and rules.conf finds the rule for a path.
//
// The code in this package writes the files that depend on the Spec or on the packages. All other files are static and
// in conf/. In both, the name of each variable stands for one that contains the name of the site, see names.
//
// # Lookups in Nginx
//
// A map finds a text that is exactly one of its keys. If a map has more than about a thousand short keys or a hundred
// long ones, Nginx prints a warning at every start. Large tables are therefore split into many maps: tables with
// numbers as keys by thousands, see exact, and all other tables by the digits of a hash, see hash. Nginx tries the
// regular expressions of a map one after the other, so only rules with placeholders or conditions use them.
//
// A geo block finds the range of IPv4 addresses that contains an address. It finds "the newest build at or below a
// revision" and "on or before a day": revisions and days are written as addresses, see steps.
//
// Nginx computes a variable once for each request, unless the variable is volatile. The answers of /findall and of the
// home page with a query consist of several cells; each cell is a server-side include that shares the variables of the
// request. Variables that depend on the cell are therefore volatile. Those that geo and split_clients define cannot be
// volatile, so they depend only on the query.
package nginx

import (
	"embed"
	"io/fs"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// Server is an Nginx server.
type Server struct{}

// Name implements redirect.Server.
func (Server) Name() string { return "nginx" }

// Describe implements redirect.Server.
func (Server) Describe() redirect.Description {
	return redirect.Description{
		Title:   "Nginx",
		Files:   "`hash.conf`, `http/*.conf` and `server/*.conf`; include them in the `http` and the `server` block",
		Queries: "answered",
		Limits:  "none",
		Headers: true,
		Reload:  "nginx -t && nginx -s reload",
	}
}

// Emulate implements redirect.Server.
func (Server) Emulate(t *redirect.Table, _ func() *redirect.Compilation) (redirect.Emulator, error) {
	return emulator{t}, nil
}

// Compile implements redirect.Server.
func (Server) Compile(t *redirect.Table) *redirect.Compilation {
	c := &redirect.Compilation{}
	n := names{t.Name}
	g := grammar{t.Index.Spec(), n}
	x := &tables{t.Index, g, n, nameBuilds(t.Index.Packages())}
	files := append(x.files(), g.decode(), g.parameters(), g.permalinks(), bitstreams(n, t.Index), n.unique(),
		headers(n, t.Headers), languages(n, t.Files))
	files = append(files, rules(n, t.Rules, c)...)
	if c.Err() == nil {
		c.Files = append(files, n.fixed()...)
	}
	return c
}

// conf holds the static files, which depend on neither the Spec nor the packages.
//
//go:embed conf
var conf embed.FS

// fixed returns the static files.
func (n names) fixed() (files []output.File) {
	err := fs.WalkDir(conf, "conf", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := conf.ReadFile(path)
		files = append(files, made(strings.TrimPrefix(path, "conf/"), []byte(n.replace(string(data)))))
		return err
	})
	if err != nil {
		panic(err) // cannot happen: the files are part of the program
	}
	return files
}
