package nginx

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// conf holds what does not depend on the catalogue.
//
//go:embed conf
var conf embed.FS

func (c *compiler) fixed() {
	err := fs.WalkDir(conf, "conf", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := conf.ReadFile(path)
		c.add(strings.TrimPrefix(path, "conf/"), data)
		return err
	})
	if c.err == nil {
		c.err = err
	}
}

// choices writes the maps that choose among the tables of platforms and stabilities.
func (c *compiler) choices() {
	var body bytes.Buffer
	perPlatform := func(target, table string) {
		fmt.Fprintf(&body, "map $sitegen_platform $sitegen_%s {\n    volatile;\n", target)
		for _, pf := range c.table.Index.Platforms() {
			fmt.Fprintf(&body, "    %s %s;\n", pf, variable(table, pf, ""))
		}
		body.WriteString("}\n")
	}
	perCell := func(target, table string) {
		fmt.Fprintf(&body, "map $sitegen_cell $sitegen_%s {\n    volatile;\n", target)
		for _, pf := range c.table.Index.Platforms() {
			c.tables(pf, func(s catalog.Stability, _ *lookup.Table) {
				fmt.Fprintf(&body, "    %s-%s %s;\n", pf, s, variable(table, pf, s))
			})
		}
		body.WriteString("}\n")
	}
	perCell("by_version", "version")
	perCell("by_closest", "closest")
	perCell("by_date", "date")
	perPlatform("package", "packages")
	perPlatform("position_listed", "position")
	perPlatform("revision_listed", "revision")
	c.file("http/tables.conf", "Which table answers for which platform and stability.", &body)
}

// escapes is how many escapes of a query string are taken back. Clients have no reason to send any: the
// values of the API need none. Ten write "win" and "release" out in escapes.
const escapes = 16

// decode writes the maps that undo percent-escapes of unreserved characters (RFC 3986, 2.3), which mean
// the same as the characters.
func (c *compiler) decode() {
	var body bytes.Buffer
	body.WriteString("map $sitegen_escape $sitegen_char {\n    volatile;\n")
	const unreserved = "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
	for i := range len(unreserved) {
		fmt.Fprintf(&body, "    %02x %c;\n", unreserved[i], unreserved[i])
	}
	body.WriteString("}\n\nmap $args $sitegen_escaped0 { default \" $args\"; }\n")
	for i := range escapes {
		fmt.Fprintf(&body, `map $sitegen_escaped%d $sitegen_escaped%d { default $sitegen_escaped%[1]d; "~^(?<sitegen_done>[^ ]*) (?<sitegen_before>.*?)%%(?<sitegen_escape>2[DEde]|3\d|[46][1-9A-Fa-f]|5[0-9AFaf]|7[0-9AEae])(?<sitegen_after>.*)\z" "$sitegen_done$sitegen_before$sitegen_char $sitegen_after"; }`+"\n", i, i+1)
	}
	fmt.Fprintf(&body, `
map $sitegen_escaped%d $sitegen_unescaped { "~^([^ ]*) (.*)\z" $1$2; }
map $args $sitegen_query { default $args; "~%%" $sitegen_unescaped; }
`, escapes)
	c.file("http/decode.conf", fmt.Sprintf(`
		$sitegen_query is the query string without needless escapes: o%%73=win is os=win. Up to %d are
		taken back, one by each line; a blank marks how far the string is done. Most have none.`, escapes), &body)
}
