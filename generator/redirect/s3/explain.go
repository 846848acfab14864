package s3

import (
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
)

// Explain implements redirect.Explainer.
func (Target) Explain(t *redirect.Table, path, rawQuery string, a redirect.Answer) string {
	w, err := compile(t)
	if err != nil {
		return err.Error()
	}
	switch {
	case a.Rule != nil:
		for _, f := range w.findings {
			if f.Pos == a.Rule.Pos {
				return f.Message
			}
		}
		switch o, ok := w.objects[a.Rule.Source[1:]]; {
		case ok && a.Rule.Status != 301 && !a.Rule.Pattern():
			return "301, to " + o.Location
		}
		return ""
	case a.Permalink != "":
		return w.permalink(path)
	case a.API.Kind == lookup.Redirect && a.API.Query.Route == "":
		return fmt.Sprintf("301, to %s", a.Location)
	case path == string(lookup.FindAll):
		return "404: S3 looks at no query string, and there is no page"
	case a.API.Kind != lookup.NotOurs && a.API.Kind != lookup.NoSuchID && (path != "/" || rawQuery != ""):
		return "200, the page of that path whatever the query: S3 looks at no query string"
	}
	return ""
}

// permalink says how the website leads a permalink on.
func (w *website) permalink(path string) string {
	for _, r := range w.rules {
		rest, ok := strings.CutPrefix(path[1:], r.Condition.KeyPrefixEquals)
		switch {
		case !ok || r.Condition.HTTPError != "":
		case r.Redirect.ReplaceKeyWith != "":
			return fmt.Sprintf("%s, to /%s", r.Redirect.HTTPRedirectCode, r.Redirect.ReplaceKeyWith)
		default:
			return fmt.Sprintf("%s, to /%s%s", r.Redirect.HTTPRedirectCode, r.Redirect.ReplaceKeyPrefixWith, rest)
		}
	}
	if o, ok := w.objects[path[1:]]; ok {
		return "301, to " + o.Location
	}
	return ""
}
