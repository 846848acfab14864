package site

import (
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
)

// ErrorPage is the content of an error page.
type ErrorPage struct {
	Status  int             // HTTP status of the response
	Text    string          // one sentence that says what is wrong
	Problem *lookup.Problem // the invalid parameter; nil if the error is about something else
}

// addErrors adds the error pages that a server sends: a general page for each status, one for each parameter that can
// be invalid, and one for each kind of file that may not exist.
func addErrors(b *Build) {
	b.AddPage(errorPage("400.html", "Bad request", ErrorPage{Status: 400,
		Text: "The server does not understand this request."}))
	b.AddPage(errorPage("404.html", "Page not found", ErrorPage{Status: 404,
		Text: "There is no page at this address."}))
	b.AddPage(errorPage("-/error/405.html", "Method not allowed", ErrorPage{Status: 405,
		Text: "This address can only be read: use GET or HEAD, without a body."}))
	b.AddPage(errorPage("-/error/412.html", "Precondition failed", ErrorPage{Status: 412,
		Text: "The file at this address is not the one that the request expects. It has probably been replaced."}))
	b.AddPage(errorPage("-/error/414.html", "Address too long", ErrorPage{Status: 414,
		Text: "The address is too long for this server."}))
	b.AddPage(errorPage("-/error/416.html", "Range not satisfiable", ErrorPage{Status: 416,
		Text: "The request asks for a part of the file that does not exist. The file may be complete already."}))
	b.AddPage(errorPage("-/error/500.html", "Server error", ErrorPage{Status: 500,
		Text: "The server could not answer this request. Please try again in a few minutes."}))
	b.AddPage(errorPage("-/error/404-package.html", "No such package", ErrorPage{Status: 404,
		Text: "No package matches the parameters of this address."}))
	b.AddPage(errorPage("-/error/404-bitstream.html", "No such file", ErrorPage{Status: 404,
		Text: "No package has this number: it never existed, or it was a preview build that is no longer kept."}))
	for _, p := range b.Index.Spec().Problems() {
		b.AddPage(errorPage("-/error/400-"+p.Param+".html", "Bad request: "+p.Param, ErrorPage{Status: 400,
			Text: problemText(p), Problem: &p}))
	}
}

func errorPage(path, title string, e ErrorPage) Page {
	return Page{Path: path, Layout: "error.html", Title: title, Data: e, NoIndex: true}
}

// problemText returns a problem as a sentence.
func problemText(p lookup.Problem) string {
	subject := "The parameter " + p.Param + " "
	if p.Param == lookup.ManyModes {
		subject = "The choice of a package "
	}
	return subject + strings.TrimSuffix(p.Reason, ".") + "."
}
