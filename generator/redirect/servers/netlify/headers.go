package netlify

import (
	"bytes"
	"fmt"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/redirect"
)

// headers writes the _headers file, which Netlify and Cloudflare Pages read. GitLab Pages ignores it.
func headers(list []redirect.Header) []byte {
	var b bytes.Buffer
	b.WriteString("# " + output.Mark + `: do not edit, the next build overwrites it.
#
# Headers of all responses: those of headers: in sitegen.yaml, and the defaults.

/*
`)
	for _, h := range list {
		fmt.Fprintf(&b, "  %s: %s\n", h.Name, h.Value)
	}
	return b.Bytes()
}
