package accesslog

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkParse parses all lines of a log of each format in memory.
func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"access.log.gz", "cloudfront.log.gz", "s3.log.gz"} {
		b.Run(name, func(b *testing.B) {
			packed, err := os.ReadFile(filepath.Join("..", "..", "testdata", "stats", name))
			if err != nil {
				b.Fatal(err)
			}
			r, _, err := Decompress(bytes.NewReader(packed))
			if err != nil {
				b.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				b.Fatal(err)
			}
			p := formats(b).NewParser()
			lines := NewLines(nil, 0)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				*lines = Lines{r: bytes.NewReader(text), buf: lines.buf}
				n := 0
				var e Entry
				for {
					line, err := lines.Next()
					if err != nil {
						break
					}
					if p.Parse(line, &e) == nil {
						n++
					}
				}
				if n != 6000 {
					b.Fatalf("%d entries", n)
				}
			}
		})
	}
}
