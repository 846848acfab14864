package site_test

import (
	"fmt"
	"io/fs"
	"runtime"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/testutil"
)

// benchLayouts are a base layout, a page layout and three partials, as large as those of a simple documentation site.
var benchLayouts = fstest.MapFS{
	"base.html": {Data: []byte(`<!DOCTYPE html>
<html lang="en">
<head>
{{template "partials/head.html" .}}
</head>
<body>
{{template "partials/header.html" .}}
<main id="main">
{{block "main" .}}{{end}}
</main>
{{template "partials/footer.html" .}}
</body>
</html>
`)},
	"page.html": {Data: []byte(`{{define "main"}}
<article>
<h1>{{.Page.Title}}</h1>
{{if not .Page.Date.IsZero}}<p><time datetime="{{date "2006-01-02" .Page.Date}}">{{date "2 January 2006" .Page.Date}}</time></p>{{end}}
{{.Page.Body}}
</article>
{{end}}
`)},
	"partials/head.html": {Data: []byte(`<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Page.Title}} - {{.Site.Title}}</title>
<meta name="description" content="{{.Page.Description}}">
{{if not .Page.NoIndex}}<link rel="canonical" href="{{absURL .Page.URL}}">{{end}}
{{with asset "app.css"}}<link rel="stylesheet" href="{{.URL}}" integrity="{{.Integrity}}">{{end}}
`)},
	"partials/header.html": {Data: []byte(`<header>
<nav aria-label="Main">
<a href="/">{{.Site.Title}}</a>
<ul>
<li><a href="/page-00001/">First</a></li>
<li><a href="/page-00002/">Second</a></li>
<li><a href="#main">Skip</a></li>
</ul>
</nav>
</header>
`)},
	"partials/footer.html": {Data: []byte(`<footer>
<p>{{.Site.Description}}</p>
<p><a href="/find?os=linux">The newest release</a> of {{.Site.Project}}</p>
</footer>
`)},
	"assets/app.css": {Data: []byte("body {\n  margin: 0 auto;\n  max-width: 60rem;\n}\n")},
}

// benchPage returns a page of about 1,490 bytes: front matter, a link to another page, three headings, a list, a table
// and a code block.
func benchPage(i, other int, language string) []byte {
	return fmt.Appendf(nil, `---
title: "Page number %[1]d"
description: "How to install and use part %[1]d of the program"
date: 2024-%02[2]d-%02[3]d
---

This is page **%[1]d** of a site that has many pages. It has the *usual* mixture of things: words,
a [link to another page](/page-%05[4]d/), a list, a table and some code. Text goes on for a while,
because real pages do, and so that the parser has something to do besides finding headings.

## Installing part %[1]d

Download the package, check it, unpack it, and start the program from the folder that comes out of it:

- download the package for your *operating system*,
- compare its checksum with the one on the page,
- unpack it to a folder of your choice, and
- start `+"`Aurora`"+` in that folder.

## Options of part %[1]d

| Option | Default | Meaning |
| --- | --- | --- |
| `+"`--help`"+` | no | print a list of all options |
| `+"`--version`"+` | no | print the version |
| `+"`--no-splash`"+` | no | start without a splash screen |
| `+"`--python-script`"+` | none | run a script after the start |

The options can be combined. The order in which they are given does not matter, but what follows
the first file name is handed to the script.

## Example of part %[1]d

`+"```%[5]s"+`
import aurora

def load(path, number=%[1]d):
    """Load a volume and show it."""
    node = aurora.util.loadVolume(path)
    for i in range(number):
        print("volume", i, node.GetName())
    return node
`+"```"+`

More is in the manual.
`, i, i%12+1, i%28+1, other, language)
}

func benchInput(b *testing.B, pages int, language string) site.Input {
	content := fstest.MapFS{}
	for i := range pages {
		content[fmt.Sprintf("page-%05d.md", i)] = &fstest.MapFile{Data: benchPage(i, i*7919%pages, language)}
	}
	return site.Input{
		Options: site.Options{Title: "Bench", Project: "Bench", Description: "Many pages.",
			BaseURL: "https://example.org", Jobs: runtime.GOMAXPROCS(0), Minify: true},
		Index:   testutil.Index(b, "live"),
		Content: flat{content}, Layouts: site.Overlay(benchLayouts, sitegen.Layouts()),
	}
}

// flat reads files directly from the map. MapFS.ReadFile sorts the whole map on each call, which would dominate the
// benchmark.
type flat struct{ fstest.MapFS }

func (f flat) ReadFile(name string) ([]byte, error) {
	if file, ok := f.MapFS[name]; ok {
		return file.Data, nil
	}
	return nil, fs.ErrNotExist
}

func BenchmarkRender10k(b *testing.B) {
	for _, tt := range []struct{ name, language string }{{"plain", ""}, {"highlighted", "python"}} {
		b.Run(tt.name, func(b *testing.B) {
			in := benchInput(b, 10_000, tt.language)
			b.ReportAllocs()
			start := cpu()
			for b.Loop() {
				if _, _, err := site.Render(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpu()-start).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
}

// cpu returns the CPU time that the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
