// Package nginx compiles a redirect table into an Nginx configuration of core modules alone, from version 1.22 on.
//
// The configuration is a program that looks a package up, in Nginx's own words. Variables are its functions: each is
// defined by one map or geo block, which computes it from other variables when a location asks for it. Take
//
//	/download?os=win&date=2026-09-09&offset=-1
//
// on its way through the files:
//
//   - decode.conf decodes the query string, parameters.conf takes it apart: $sitegen_os is win, $sitegen_mode is date,
//     $sitegen_date_address is 26.9.9.0, and $sitegen_problem is "". For a query that makes no sense it is the name of
//     an error page.
//   - tables.conf chooses the table that answers for the mode, the platform amd64-win and the stability release:
//     newest.conf, versions-*.conf, dates-*.conf or revisions-*.conf. It has the build 34640. A build is named by its
//     revision; the second newest build of a revision is 34640.1.
//   - positions-*.conf number the revisions of a platform from the oldest: 34640 is 5821. offset.conf adds the offset,
//     5820, and positions-*.conf has the revision there, 34633.
//   - packages-*.conf has the id of the build 34633. lookup.conf describes these steps, and the location in
//     server/download-api.conf goes through them and redirects to /bitstream/<id>.
//   - files.conf has the URL of an id, and server/bitstreams.conf redirects there.
//   - server/permalinks.conf makes requests to the API of permalinks, rules.conf looks rules up.
//
// Files that follow from the Spec or from the packages are written by the code below; all others are static, in conf/.
//
// # What Nginx can look up
//
// A map has exact keys; of more than a thousand short or a hundred long ones Nginx warns at every start. Tables by
// number are cut into thousands, see exact; all others by digits of a hash, see hash. Regular expressions in a map are
// tried one after the other, so only rules with placeholders and conditions become such.
//
// "The newest build at or below a revision, or on or before a day" is geo with ranges, the module that tells where an
// IPv4 address is: revisions and days are written as addresses, see steps.
//
// Nginx keeps the value of a variable for as long as a request lasts. /findall and the home page with a query have
// several cells, each a server-side include that shares the variables of the request. So whatever depends on the cell
// is volatile, and geo and split_clients, which cannot be, are asked about the query only.
package nginx

import (
	"embed"
	"io/fs"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// Server is Nginx.
type Server struct{}

// Name implements redirect.Server.
func (Server) Name() string { return "nginx" }

// Describe implements redirect.Server.
func (Server) Describe() redirect.Description {
	return redirect.Description{
		Title:   "Nginx",
		Files:   "`http/*.conf` and `server/*.conf`, to be included in the blocks of these names",
		Queries: "answered",
		Limits:  "none",
	}
}

// Emulate implements redirect.Server.
func (Server) Emulate(t *redirect.Table, _ func() *redirect.Compilation) (redirect.Emulator, error) {
	return emulator{t}, nil
}

// Compile implements redirect.Server.
func (Server) Compile(t *redirect.Table) *redirect.Compilation {
	c := &redirect.Compilation{}
	spec := t.Index.Spec()
	g := grammar{spec}
	x := &tables{index: t.Index, grammar: g, builds: nameBuilds(t.Index.Packages())}
	files := append(x.files(), decode(spec), g.parameters(), permalinks(spec), bitstreams(t.Index), rules(t.Rules, c))
	if c.Err() == nil {
		c.Files = append(files, fixed()...)
	}
	return c
}

// conf holds the static files: what depends on neither the Spec nor the packages.
//
//go:embed conf
var conf embed.FS

// fixed lists the static files.
func fixed() (files []output.File) {
	err := fs.WalkDir(conf, "conf", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := conf.ReadFile(path)
		files = append(files, made(strings.TrimPrefix(path, "conf/"), data))
		return err
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	return files
}
