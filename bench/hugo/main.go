// Command hugo compares sitegen with Hugo. Both build the same Markdown pages, one after the other. The command prints
// the CPU time, the elapsed time and the peak memory of each run, and the ratio of the medians.
//
// Both render every page with a base layout and three partials into an empty output folder, without compression and
// feeds. sitegen also minifies the pages, checks all links, and builds the pages of the sample catalogue. "unchanged"
// is a second build of sitegen without changes.
//
//	go run ./bench/hugo [-pages 10000] [-runs 3]
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/Slicer/sitegen/bench/cost"
	"github.com/Slicer/sitegen/bench/program"
)

func main() {
	log.SetFlags(0)
	pages := flag.Int("pages", 10_000, "`number` of pages")
	runs := flag.Int("runs", 3, "`number` of runs of each program")
	flag.Parse()
	if err := bench(*pages, *runs); err != nil {
		log.Fatal("bench/hugo: ", err)
	}
}

func bench(pages, runs int) error {
	if _, err := exec.LookPath("hugo"); err != nil {
		return fmt.Errorf("%w; install it, for example with apt-get install hugo", err)
	}
	dir, sitegen, err := program.Build()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for path, data := range sites(pages) {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			return err
		}
	}

	costs := map[string][]cost.Cost{}
	for range runs {
		for _, p := range []struct {
			name  string
			clean []string
			argv  []string
		}{
			{"hugo", []string{"hugo/public", "hugo/resources"},
				[]string{"hugo", "--quiet", "--source", filepath.Join(dir, "hugo")}},
			{"sitegen", []string{"sitegen/public", "sitegen/redirects", "sitegen/var"},
				[]string{sitegen, "build", "--quiet"}},
			{"unchanged", nil, []string{sitegen, "build", "--quiet"}},
		} {
			for _, c := range p.clean {
				if err := os.RemoveAll(filepath.Join(dir, c)); err != nil {
					return err
				}
			}
			c, err := cost.Of(filepath.Join(dir, "sitegen"), p.argv...)
			if err != nil {
				return err
			}
			costs[p.name] = append(costs[p.name], c)
			fmt.Printf("%-10s %s\n", p.name, c)
		}
	}
	hugo, ours := cost.Median(costs["hugo"]), cost.Median(costs["sitegen"])
	fmt.Printf("\n%d pages, medians of %d runs: sitegen %.2f s CPU, %d MiB; hugo %.2f s CPU, %d MiB, which is "+
		"%.1f times the CPU time; unchanged %.2f s\n",
		pages, runs, ours.CPU.Seconds(), ours.RSS>>20, hugo.CPU.Seconds(), hugo.RSS>>20,
		hugo.CPU.Seconds()/ours.CPU.Seconds(), cost.Median(costs["unchanged"]).Wall.Seconds())
	return nil
}

// sites returns the files of both sites, by path.
func sites(pages int) map[string]string {
	files := map[string]string{
		"sitegen/sitegen.yaml": "title: Many pages\nsource: sample\nprecompress: []\n",
		"sitegen/layouts/base.html": fmt.Sprintf(base, `{{template "partials/head.html" .}}`,
			`{{template "partials/header.html" .}}`, `{{template "partials/footer.html" .}}`),
		"sitegen/layouts/page.html": `{{define "main"}}<article><h1>{{.Page.Title}}</h1>` +
			`{{.Page.Body}}</article>{{end}}`,
		"sitegen/layouts/partials/head.html": fmt.Sprintf(head, ".Page.Title", ".Site.Title", ".Page.Description",
			`{{if not .Page.NoIndex}}<link rel="canonical" href="{{absURL .Page.URL}}">{{end}}`),
		"sitegen/layouts/partials/header.html": fmt.Sprintf(header, ".Site.Title"),
		"sitegen/layouts/partials/footer.html": footer,
		"hugo/config.toml":                     hugoConfig,
		"hugo/layouts/_default/baseof.html": fmt.Sprintf(base, `{{partial "head.html" .}}`,
			`{{partial "header.html" .}}`, `{{partial "footer.html" .}}`),
		"hugo/layouts/_default/single.html": `{{define "main"}}<article><h1>{{.Title}}</h1>` +
			`{{.Content}}</article>{{end}}`,
		"hugo/layouts/_default/list.html": `{{define "main"}}{{.Title}}{{end}}`,
		"hugo/layouts/partials/head.html": fmt.Sprintf(head, ".Title", ".Site.Title", ".Description",
			`<link rel="canonical" href="{{.Permalink}}">`),
		"hugo/layouts/partials/header.html": fmt.Sprintf(header, ".Site.Title"),
		"hugo/layouts/partials/footer.html": footer,
	}
	for i := range pages {
		text := page(i, (i+1)%pages)
		files[fmt.Sprintf("sitegen/content/page-%05d.md", i)] = text
		files[fmt.Sprintf("hugo/content/page-%05d.md", i)] = text
	}
	return files
}

const (
	hugoConfig = `title = 'Many pages'
baseURL = 'https://download.example.org/'
disableKinds = ['taxonomy', 'term', 'RSS', 'sitemap', 'robotsTXT', '404', 'home']
[markup.highlight]
codeFences = false
`
	base = `<!doctype html>
<html lang="en">
<head>%s</head>
<body>
%s
<main id="main">{{block "main" .}}{{end}}</main>
%s
</body>
</html>
`
	head = `<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{%s}} - {{%s}}</title>
<meta name="description" content="{{%s}}">
%s
`
	header = `<header><nav><a href="/">{{%s}}</a>
<ul><li><a href="/page-00000/">First</a></li><li><a href="/page-00001/">Second</a></li>
<li><a href="#main">Skip</a></li></ul>
</nav></header>
`
	footer = `<footer><p>A download site</p><p><a href="/page-00000/">The first page</a></p></footer>
`
)

// page returns a page of about 1,380 bytes with front matter, three headings, a list, a table and a code block.
func page(i, next int) string {
	return strings.NewReplacer("{i}", fmt.Sprint(i), "{next}", fmt.Sprintf("%05d", next)).Replace(`---
title: "Page number {i}"
description: "How to install and use part {i} of the program"
---

This is page **{i}** of a site that has many pages. It has the *usual* elements: some paragraphs,
a [link to another page](/page-{next}/), a list, a table and some code. The text is long enough,
as on real pages, that the parser spends time on more than headings. It has several sentences.

## Installing part {i}

Download the package, verify it, unpack it, and start the program from the folder that is created:

- download the package for your *operating system*,
- compare its checksum with the one on the page,
- unpack it to a folder of your choice, and
- start the program in that folder.

## Options of part {i}

| Option | Default | Meaning |
| --- | --- | --- |
| --help | no | print a list of all options |
| --version | no | print the version |
| --no-splash | no | start without a splash screen |
| --python-script | none | run a script after the start |

The options can be combined. Their order on the command line does not matter. Arguments that follow
the first file name are passed to the script.

## Example of part {i}

` + "```" + `
import aurora

def load(path, number={i}):
    """Load a volume and show it."""
    node = aurora.util.loadVolume(path)
    for i in range(number):
        print("volume", i, node.GetName())
    return node
` + "```" + `

See the manual for more.
`)
}
