package caddy

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// hiddenRE matches paths that are not served: parts of pages, error pages and hidden files except /.well-known.
var hiddenRE = regexp.MustCompile(hidden)

const hidden = `^/-/|^/40[04]\.html$|/\.(?:$|[^w]|w(?:$|[^e]))`

// routeText is the part of the snippet that answers requests. writeRoute replaces the words in brackets.
const routeText = `
route {
	@sitegen_options method OPTIONS
	header @sitegen_options Allow "GET, HEAD, OPTIONS"
	respond @sitegen_options 204
	@sitegen_method not method GET HEAD
	error @sitegen_method 405

	# Merge slashes, encoded or not: a Location that starts with two slashes would lead to another host.
	uri path_regexp (?:/|%2[Ff])(?:/|%2[Ff])+ /

	# Parts of pages, error pages and hidden files are not served.
	@sitegen_hidden path_regexp [hidden]
	error @sitegen_hidden 404
[permalinks]

	# The download API.
	@sitegen_api path_regexp ^/(?:find|findall|download)?$
	route @sitegen_api {
		@sitegen_problem not vars {sitegen_problem} ""
		route @sitegen_problem {
			header Cache-Control no-store
			rewrite * /-/error/400-{sitegen_problem}.html
			file_server {
				status 400
			}
		}
		@sitegen_home {
			path_regexp ^/$
			vars {sitegen_given} ""
		}
		route @sitegen_home {
			header Cache-Control "[five minutes]"
			file_server {
				precompressed br gzip
			}
		}
		@sitegen_unsupported vars {sitegen_unsupported} 1
		route @sitegen_unsupported {
			header Cache-Control no-store
			header Content-Type "text/html; charset=utf-8"
			respond [page] 501
		}
		@sitegen_nothing vars {sitegen_id} ""
		route @sitegen_nothing {
			header Cache-Control no-store
			rewrite * /-/error/404-package.html
			file_server {
				status 404
			}
		}
		header Cache-Control "[five minutes]"
		@sitegen_download path_regexp ^/download$
		redir @sitegen_download [bitstream]{sitegen_id} 302
		header Access-Control-Allow-Origin *
		header Content-Type application/json

		# The answer may be another record tomorrow, whose ETag can be the same: it is made from size and time.
		request_header -If-None-Match
		request_header -If-Modified-Since
		request_header -If-Range
		header -ETag
		header -Last-Modified
		rewrite * /api/v1/packages/{sitegen_id}.json
		file_server
	}

	# Files of packages. A package is published if the site has its JSON file.
	@sitegen_bitstream path_regexp sitegen_bitstream "^[bitstream]([id])$"
	route @sitegen_bitstream {
		@sitegen_published file /api/v1/packages/{http.regexp.sitegen_bitstream.1}.json
		route @sitegen_published {
			header Cache-Control "[five minutes]"
[files]		}
	}

	# Rules. A file at the path comes before a rule, unless the rule has an exclamation mark. Caddy would look for
	# several files if the path had one of these characters.
	@sitegen_plain not path_regexp [*?\[\]\\]
	route @sitegen_plain {
		@sitegen_exists file {path} {path}/index.html
		vars @sitegen_exists sitegen_exists 1
	}
	@sitegen_ruled {
		not vars {sitegen_status} ""
		not path_regexp ^/assets/
		not {
			not vars {sitegen_flags} ! !?
			vars {http.vars.sitegen_exists} 1
		}
	}
	route @sitegen_ruled {
		@sitegen_moved vars {sitegen_status} 301 302 303 307 308
		header @sitegen_moved Cache-Control "[five minutes]"
		redir @sitegen_moved "{sitegen_location}{sitegen_passed}{sitegen_fragment}" {sitegen_status}
		@sitegen_hidden_target vars_regexp {sitegen_target} /\.(?:$|[^w]|w(?:$|[^e]))
		error @sitegen_hidden_target 404
		@sitegen_shown {
			vars {sitegen_status} 200
			not vars {sitegen_target} ""
		}
		route @sitegen_shown {
			header Cache-Control "[five minutes]"
			rewrite * {sitegen_target}
			file_server {
				precompressed br gzip
			}
		}
		@sitegen_own_page not vars {sitegen_target} ""
		route @sitegen_own_page {
			header Cache-Control no-store
			@sitegen_own_gone vars {sitegen_status} 410
			rewrite * {sitegen_target}
			file_server @sitegen_own_gone {
				status 410
			}
			file_server {
				status 404
			}
		}
		@sitegen_gone {
			vars {sitegen_status} 410
			not path_regexp ^[bitstream]
		}
		error @sitegen_gone 410
		@sitegen_missing {
			vars {sitegen_status} 404
			not path_regexp ^[bitstream]
		}
		error @sitegen_missing 404
	}
	@sitegen_no_file path_regexp ^[bitstream]
	route @sitegen_no_file {
		header Cache-Control no-store
		rewrite * /-/error/404-bitstream.html
		@sitegen_file_gone vars {sitegen_status} 410
		file_server @sitegen_file_gone {
			status 410
		}
		file_server {
			status 404
		}
	}
	# Files of the site.
	@sitegen_assets path_regexp ^/assets/
	route @sitegen_assets {
		header Cache-Control "[one year]"
		file_server {
			precompressed br gzip
		}
	}
	@sitegen_data path_regexp ^/api/
	header @sitegen_data Access-Control-Allow-Origin *
	header Cache-Control "[five minutes]"
	file_server {
		precompressed br gzip
	}
}

handle_errors {
	@sitegen_page vars {http.error.status_code} 403 404 410
	@sitegen_refused vars {http.error.status_code} 405
	route {
		header Cache-Control no-store
		header -Access-Control-Allow-Origin
		header @sitegen_refused Allow "GET, HEAD, OPTIONS"
		rewrite @sitegen_refused /-/error{sitegen_language}/405.html
		file_server @sitegen_refused
		rewrite @sitegen_page {sitegen_not_found}
		file_server @sitegen_page
		respond "{http.error.status_code} {http.error.status_text}"
	}
}
`

// placeholderRE matches what Caddy could take for a placeholder. There is no way to write such text.
var placeholderRE = regexp.MustCompile(`\{\$|\{[^{}"\s]+\}`)

// writeHeaders writes the headers of all responses. It adds a warning to c for each header that Caddy cannot send.
func writeHeaders(w *writer, list []redirect.Header, c *redirect.Compilation) {
	w.section("Headers of all responses: those of headers: in sitegen.yaml, and the defaults.")
	w.line(0, "header {")
	for _, h := range list {
		if found := placeholderRE.FindString(h.Value); found != "" {
			c.Warn(nil, "caddy cannot send the header %s: %s starts a placeholder", h, found)
			continue
		}
		w.line(1, "%s %s", h.Name, quoted(h.Value))
	}
	w.line(0, "}")
}

// writeLanguages writes the map that finds the error pages in the language of a path.
func writeLanguages(w *writer, f redirect.Files) {
	w.section("Error pages in the language of the path: their folder in /-/error, and the page for status 404.")
	rows := [][]string{{"default", `""`, "/404.html"}}
	if p := f.LanguagePattern(); p != "" {
		p = "^/+(" + p + ")/"
		rows = slices.Insert(rows, 0, []string{expression(p), "`/${1}`", "`/-/error/${1}/404.html`"})
	}
	w.mapping("{http.request.orig_uri.path}", []string{"{sitegen_language}", "{sitegen_not_found}"}, rows...)
}

// writeRoute writes the directives that answer requests.
func writeRoute(w *writer, x *lookup.Index) {
	w.section("The answers to requests, in the order in which they are tried.")
	w.WriteString(strings.NewReplacer(
		"[permalinks]\n", permalinks(x.Spec()),
		"[hidden]", hidden,
		"[page]", quoted(page(x.Spec())),
		"[bitstream]", lookup.BitstreamPrefix,
		"[id]", x.Spec().IDs.Pattern(),
		"[files]", fileRedirects(x),
		"[five minutes]", emulate.FiveMinutes,
		"[one year]", emulate.OneYear,
	).Replace(strings.TrimPrefix(routeText, "\n")))
}

// permalinks returns directives that rewrite permalinks to requests to the download API.
func permalinks(spec *lookup.Spec) string {
	var b strings.Builder
	b.WriteString("\n\t# Permalinks are short for requests to the download API.\n")
	for i := range spec.Permalinks() {
		l := &spec.Permalinks()[i]
		for _, to := range []struct {
			route  lookup.Route
			suffix string
		}{{lookup.Download, ""}, {lookup.Find, `\.json`}} {
			name := fmt.Sprintf("sitegen_%s_%d", to.route[1:], i)
			query := l.Query(func(n int) string { return fmt.Sprintf("{http.regexp.%s.%d}", name, n+1) })
			fmt.Fprintf(&b, "\t@%s path_regexp %s `^%s%s$`\n", name, name, l.Pattern(), to.suffix)
			fmt.Fprintf(&b, "\trewrite @%s %s?%s\n", name, to.route, query)
		}
	}
	return b.String()
}

// fileRedirects returns directives that redirect to the URL of a file.
func fileRedirects(x *lookup.Index) string {
	urls := redirect.NewFileURLs(x.Packages())
	text := ""
	if len(urls.Mid) > 0 {
		text += fmt.Sprintf("\t\t\t@sitegen_file not vars {sitegen_file} \"\"\n\t\t\tredir @sitegen_file "+
			"\"%s{sitegen_file}%s\" 302\n", urls.Rest.Before, urls.Rest.After)
	}
	if len(urls.Mid) < len(x.Packages()) {
		text += fmt.Sprintf("\t\t\tredir \"%s{http.regexp.sitegen_bitstream.1}%s\" 302\n", urls.ByID.Before,
			urls.ByID.After)
	}
	return text
}

// page returns the page for requests that lists cannot answer.
func page(spec *lookup.Spec) string {
	var links []string
	for _, o := range spec.OSes() {
		links = append(links, fmt.Sprintf("<a href='%s'>%s</a>", spec.LatestPath(o, catalog.Release),
			html.EscapeString(spec.Title(o))))
	}
	text := "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' " +
		"content='width=device-width'><title>Request not supported</title>" +
		"<h1>Request not supported</h1><p>This server can find the newest package, a version or a revision for one " +
		"operating system. It cannot answer this request.</p>" +
		"<p>Download the newest release for " + strings.Join(links, ", ") +
		", or see <a href='/'>all downloads</a>.</p></html>"
	return strings.NewReplacer("{", "&#123;", "}", "&#125;", `\`, "&#92;").Replace(text)
}
