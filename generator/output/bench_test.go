package output

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// benchPage returns page number i of the site that Hugo is measured with: 3.5 KB of HTML, in part the same on every
// page.
func benchPage(i int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(i)))
	words := strings.Fields("release package install volume render the a of image segment module scene markup " +
		"transform " +
		"registration extension viewer medical data model table node python build nightly preview stable download " +
		"checksum revision platform windows macos linux archive file size date version notes change fixed added " +
		"removed")
	say := func(n int) string {
		text := words[r.IntN(len(words))]
		for range n - 1 {
			text += " " + words[r.IntN(len(words))]
		}
		return text
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content="width=device-width">`+
		`<title>Page %d</title><meta name=generator content="sitegen"><link rel=canonical href="https://download.viewer.example/p/%[1]d/">`+
		`<link rel=stylesheet href="/assets/app.3f2a1bcd.css" integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC">`+
		`</head><body><header><a href="/">Viewer</a><nav><ul><li><a href="/releases/">Releases</a></li><li><a href="/preview/">Preview</a>`+
		`</li></ul></nav></header><main><h1 id=page>Page %[1]d</h1>`, i)
	for section := range 4 {
		fmt.Fprintf(&b, "<h2 id=%s-%d>%s</h2><p>%s.</p><ul><li>%s</li><li>%s</li><li>%s</li></ul>",
			say(1), section, say(4), say(55), say(5), say(6), say(4))
	}
	b.WriteString("<table><thead><tr><th scope=col>Package</th><th scope=col>Size</th></tr></thead><tbody>")
	for range 5 {
		fmt.Fprintf(&b, "<tr><td>%s</td><td>%d</td></tr>", say(2), r.IntN(100000))
	}
	fmt.Fprintf(&b, "</tbody></table><pre><code>import viewer\nfor n in range(%d):\n    print(n, "+
		"%q)\n</code></pre></main>"+
		"<footer><p>%s</p></footer></body></html>", r.IntN(99), say(2), say(20))
	return b.Bytes()
}

func benchSite(pages int) []File {
	files := make([]File, pages)
	for i := range files {
		files[i] = File{Group: Pages, Path: fmt.Sprintf("p/%d/index.html", i), Data: benchPage(i)}
	}
	return files
}

func benchOptions(b *testing.B) Options {
	dir := b.TempDir()
	return Options{
		Public: filepath.Join(dir, "public"), Redirects: filepath.Join(dir, "redirects"),
		Data:        filepath.Join(dir, "var"),
		Precompress: Precompress{Gzip: true, Brotli: true},
	}
}

// benchBuild is one run.
func benchBuild(b *testing.B, o Options, files []File) {
	w, err := Open(o)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	p, err := w.Plan(context.Background(), files)
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Apply(context.Background(), p, "inputs"); err != nil {
		b.Fatal(err)
	}
}

// cpu returns the CPU time of this process so far, in seconds. Other jobs on the machine do not count.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// measure runs a benchmark and reports the CPU seconds of one round.
func measure(b *testing.B, round func()) {
	start := cpu(b)
	for b.Loop() {
		round()
	}
	b.ReportMetric((cpu(b)-start)/float64(b.N), "cpu-s/op")
}

func BenchmarkApplyCold10k(b *testing.B) {
	files := benchSite(10_000)
	for _, p := range []Precompress{{}, {Gzip: true}, {Gzip: true, Brotli: true}} {
		b.Run("variants="+strings.ReplaceAll(p.String(), " ", "+"), func(b *testing.B) {
			measure(b, func() {
				o := benchOptions(b)
				o.Precompress = p
				benchBuild(b, o, files)
			})
		})
	}
}

func BenchmarkApplyUnchanged10k(b *testing.B) {
	files, o := benchSite(10_000), benchOptions(b)
	benchBuild(b, o, files)
	measure(b, func() { benchBuild(b, o, files) })
}

func BenchmarkApplyOneOf10k(b *testing.B) {
	files, o := benchSite(10_000), benchOptions(b)
	benchBuild(b, o, files)
	n := 0
	measure(b, func() {
		n++
		files[5000].Data = fmt.Append(benchPage(5000), n)
		benchBuild(b, o, files)
	})
}

// BenchmarkVerify30k measures all that an unchanged run does here: 10,000 pages with two variants each are compared.
func BenchmarkVerify30k(b *testing.B) {
	o := benchOptions(b)
	benchBuild(b, o, benchSite(10_000))
	measure(b, func() {
		w, err := Open(o)
		if err != nil {
			b.Fatal(err)
		}
		if current, err := w.Verify(context.Background(), "inputs"); !current || err != nil {
			b.Fatal("changed", err)
		}
		w.Close()
	})
}

// BenchmarkCompress compresses 1,000 pages at each level.
func BenchmarkCompress(b *testing.B) {
	pages := make([][]byte, 1000)
	total := 0
	for i := range pages {
		pages[i] = benchPage(i)
		total += len(pages[i])
	}
	run := func(name string, w encoder) {
		b.Run(name, func(b *testing.B) {
			var out bytes.Buffer
			start := cpu(b)
			for b.Loop() {
				size := 0
				for _, page := range pages {
					out.Reset()
					w.Reset(&out)
					if _, err := w.Write(page); err != nil {
						b.Fatal(err)
					}
					if err := w.Close(); err != nil {
						b.Fatal(err)
					}
					size += out.Len()
				}
				b.ReportMetric(100*float64(size)/float64(total), "%")
			}
			b.ReportMetric((cpu(b)-start)/float64(b.N)/float64(len(pages))*1e6, "cpu-µs/page")
			b.ReportMetric(float64(total)/float64(len(pages)), "bytes/page")
		})
	}
	for _, level := range []int{1, 5, 6, 7, 9} {
		w, err := gzip.NewWriterLevel(nil, level)
		if err != nil {
			b.Fatal(err)
		}
		run(fmt.Sprintf("gzip-%d", level), w)
	}
	for _, level := range []int{1, 3, 4, 5, 6, 9, 11} {
		run(fmt.Sprintf("brotli-%d", level), brotli.NewWriterLevel(nil, level))
	}
}
