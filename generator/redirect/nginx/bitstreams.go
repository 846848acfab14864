package nginx

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// bitstreams writes the location of /bitstream/<id>. The published ids are those that have a record, so there is no
// second list of them to go out of step.
func (c *compiler) bitstreams() {
	var body bytes.Buffer
	fmt.Fprintf(&body, `location ~ "^/bitstream/(?<sitegen_bitstream>%s)\z" {
    error_page 404 /-/error/404-bitstream.html;
    if (!-f $document_root/api/v1/packages/$sitegen_bitstream.json) { return 404; }
    add_header Cache-Control "public, max-age=300";
`, c.table.Index.Spec().IDs.Pattern())
	if len(c.urls.Mid) > 0 {
		fmt.Fprintf(&body, "    if ($sitegen_file) { return 302 %s$sitegen_file%s; }\n", c.urls.Rest.Before, c.urls.Rest.After)
	}
	if len(c.urls.Mid) < len(c.table.Index.Packages()) {
		fmt.Fprintf(&body, "    return 302 %s$sitegen_bitstream%s;\n", c.urls.ByID.Before, c.urls.ByID.After)
	}
	body.WriteString("    return 404;\n}\n")
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
    if ($sitegen_rule_404) { return 404; }
    if ($sitegen_rule_410) { return 410; }
    return 404;
}
`)
	c.file("server/bitstreams.conf", `
		/bitstream/<id>: where the file of a package is fetched. Ids that have no record are not published.
		Links of servers that are retired are rules.`, &body)
}

// files writes the middle of the URL of each file whose URL does not follow from the package's id. The map is cut by
// the last digits of the id, which are the ones that vary.
func (c *compiler) fileURLs() {
	const digits = "0123456789abcdef"
	lists := map[string][]string{}
	for id, middle := range c.urls.Mid {
		end := id[len(id)-3:]
		lists[end] = append(lists[end], id+" "+strings.ReplaceAll(middle, "$", "${sitegen_dollar}"))
	}
	var body bytes.Buffer
	body.WriteString("map $sitegen_bitstream $sitegen_file {\n    \"~^(\\w+)\\z\" $sitegen_file_found;\n}\n")
	body.WriteString("map \"$sitegen_bitstream$sitegen_file_list\" $sitegen_file_found {\n    \"~^(\\w{24})(?s:.*?)\\n +\\1 (\\S+)\\n\" $2;\n}\n")
	body.WriteString("map $sitegen_bitstream $sitegen_file_end { \"~(\\w\\w)\\z\" $1; }\n")
	body.WriteString("map $sitegen_bitstream $sitegen_file_list {\n")
	for _, d := range digits {
		fmt.Fprintf(&body, "    \"~%c\\w\\w\\z\" $sitegen_file_%c;\n", d, d)
	}
	body.WriteString("}\n")
	for _, d := range digits {
		fmt.Fprintf(&body, "map $sitegen_file_end $sitegen_file_%c {\n", d)
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
	c.file("http/files.conf", `
		Where the file of a package is fetched, by id: the part of its URL that does not follow from the id.`, &body)
}
