package nginx

import (
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// languages writes the variables for error pages in the language of the path.
func languages(n names, f redirect.Files) output.File {
	t := text{names: n}
	language, notFound := []string{entry("default", `""`)}, []string{entry("default", "/404.html")}
	if p := f.LanguagePattern(); p != "" {
		p = "^/+(" + p + ")/"
		language = append(language, entry(regex(p), "/$1"))
		notFound = append(notFound, entry(regex(p), "/-/error/$1/404.html"))
	}
	t.comment(`The folder of the error pages in /-/error, and the page for status 404.`)
	t.block(n.own("map $request_uri $sitegen_language"), language...)
	t.block(n.own("map $request_uri $sitegen_not_found"), notFound...)
	return file("http/languages.conf", `
		Error pages in the language of the path. They are found by the path that was sent, because error_page looks for
		them after Nginx may have changed $uri.`, &t)
}

// headers writes the headers of all responses. See conf/http/headers.conf for those that depend on the response.
func headers(n names, list []redirect.Header) output.File {
	t := text{names: n}
	for _, v := range []constant{"cache", "error_cache", "allow_origin", "allow", "retry_after", "undated"} {
		t.printf("set $sitegen_" + v + " \"\";\n")
	}
	t.comment("Different for each response.")
	t.printf("add_header Cache-Control $sitegen_cache;\n")
	t.printf("add_header Cache-Control $sitegen_error_cache always;\n")
	t.printf("add_header Access-Control-Allow-Origin $sitegen_allow_origin;\n")
	t.printf("add_header Allow $sitegen_allow always;\n")
	t.printf("add_header Retry-After $sitegen_retry_after always;\n")
	t.printf("add_header Last-Modified $sitegen_last_modified;\n")
	t.comment("The same for all responses: those of headers: in sitegen.yaml, and the defaults.")
	for _, h := range list {
		t.printf("add_header %s %s always;\n", h.Name, t.literal(h.Value))
	}
	return file("server/headers.conf", n.replace(`
		All headers that the site adds to responses. Nginx ignores those of the server block in a location with headers
		of its own, so the locations of the site have none. They set these variables instead, and a header without a
		value is not sent. Headers that you add in the server block are sent with all responses of the site; those that
		you add in the http block are not.

		$sitegen_cache: how long clients may cache the response
		$sitegen_error_cache: the same for an error
		$sitegen_allow_origin: the sites whose scripts may read it
		$sitegen_allow: the methods that are allowed
		$sitegen_retry_after: the seconds after which clients may try again
		$sitegen_undated: not "" if the response must not have the date of a file`), &t)
}
