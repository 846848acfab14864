package nginx

import (
	"bytes"
	"fmt"
	"slices"
)

// bitstreams writes the location of /bitstream/<id>. The published ids are those that have a record, so
// there is no second list of them to go out of step.
func (c *compiler) bitstreams() {
	var body bytes.Buffer
	fmt.Fprintf(&body, `location ~ "^/bitstream/(?<sitegen_bitstream>[0-9a-f]{24})\z" {
    error_page 404 /-/error/404-bitstream.html;
    if (!-f $document_root/api/v1/packages/$sitegen_bitstream.json) { return 404; }
    add_header Cache-Control "public, max-age=300";
`)
	if c.table.Files.BySHA512 {
		fmt.Fprintf(&body, "    if ($sitegen_sha512) { return 302 %s/file/hashsum/sha512/$sitegen_sha512/download; }\n", c.table.Files.API)
	}
	fmt.Fprintf(&body, "    return 302 %s/item/$sitegen_bitstream/download;\n}\n", c.table.Files.API)
	body.WriteString(`location /bitstream/ {
    absolute_redirect off;
    error_page 404 410 /-/error/404-bitstream.html;
    add_header Cache-Control "public, max-age=300";
    if ($sitegen_rule_301) { return 301 $sitegen_rule_301; }
    if ($sitegen_rule_302) { return 302 $sitegen_rule_302; }
    if ($sitegen_rule_307) { return 307 $sitegen_rule_307; }
    if ($sitegen_rule_308) { return 308 $sitegen_rule_308; }
    types { }
    default_type text/html;
    if ($sitegen_note) {
        add_header Cache-Control "no-store" always;
        return 404 '<!doctype html><html lang="en"><title>No such file</title><h1>No such file</h1><p>This number of a retired server was $sitegen_note. That package is not published here. <a href="/releases/">All releases</a>.</p></html>\n';
    }
    if ($sitegen_rule_404) { return 404; }
    if ($sitegen_rule_410) { return 410; }
    return 404;
}
`)
	c.file("server/bitstreams.conf", `
		/bitstream/<id>: where the file of a package is fetched. Ids that have no record are not published.
		Numbers of the retired Midas server are rules.`, &body)
}

// checksums writes the SHA-512 of packages by id. The map is cut by the last digits of the id, which are
// the ones that vary.
func (c *compiler) checksums() {
	const digits = "0123456789abcdef"
	lists := map[string][]string{}
	for _, p := range c.table.Index.Packages() {
		if p.SHA512 != "" {
			end := p.ID[len(p.ID)-3:]
			lists[end] = append(lists[end], p.ID+" "+p.SHA512)
		}
	}
	var body bytes.Buffer
	body.WriteString("map $sitegen_bitstream $sitegen_sha512 {\n    \"~^(\\w+)\\z\" $sitegen_sha512_found;\n}\n")
	body.WriteString("map \"$sitegen_bitstream$sitegen_sha512_list\" $sitegen_sha512_found {\n    \"~^(\\w{24})(?s:.*?)\\n +\\1 (\\w+)\\n\" $2;\n}\n")
	body.WriteString("map $sitegen_bitstream $sitegen_sha512_end { \"~(\\w\\w)\\z\" $1; }\n")
	body.WriteString("map $sitegen_bitstream $sitegen_sha512_list {\n")
	for _, d := range digits {
		fmt.Fprintf(&body, "    \"~%c\\w\\w\\z\" $sitegen_sha512_%c;\n", d, d)
	}
	body.WriteString("}\n")
	for _, d := range digits {
		fmt.Fprintf(&body, "map $sitegen_sha512_end $sitegen_sha512_%c {\n", d)
		for _, a := range digits {
			for _, b := range digits {
				list := lists[string([]rune{d, a, b})]
				if len(list) == 0 {
					continue
				}
				slices.Sort(list)
				fmt.Fprintf(&body, "    %c%c \"", a, b)
				for _, line := range list {
					body.WriteString("\n        " + line)
				}
				body.WriteString("\n    \";\n")
			}
		}
		body.WriteString("}\n")
	}
	c.file("http/checksums.conf", `
		The SHA-512 of each package that has one, by id: the file is fetched by its content.`, &body)
}
