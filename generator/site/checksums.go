package site

import (
	"bytes"
	"fmt"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/output"
)

// Sums returns the release's checksums in the format of sha512sum(1), or nothing if none is known. Several packages for
// one platform have the same file name: it lists the newest. Packages without a checksum or a file name are left out,
// because sha512sum warns about lines that are not checksums.
func (r *Release) Sums() []byte {
	var buf bytes.Buffer
	seen := map[catalog.Platform]bool{}
	for _, i := range r.Items {
		if seen[i.Platform()] {
			continue
		}
		seen[i.Platform()] = true
		if name := i.FileName(); name != "" && i.SHA512 != "" {
			fmt.Fprintf(&buf, "%s  %s\n", i.SHA512, name)
		}
	}
	return buf.Bytes()
}

// HasSums reports whether the release has a list of checksums.
func (r *Release) HasSums() bool { return len(r.Sums()) > 0 }

// addSums adds a file SHA512SUMS next to the page of each release that has a checksum.
func addSums(b *Build, releases []*Release) {
	for _, r := range releases {
		if list := r.Sums(); len(list) > 0 {
			b.AddFile(output.Records, r.SumsURL()[1:], list)
		}
	}
}
