package site

import (
	"bytes"
	"fmt"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/output"
)

// Sums returns the release's checksums in the format of sha512sum(1), or nil if none is known. If a platform has
// several packages, which share a file name, Sums lists the newest. Packages without a checksum or file name are left
// out, because sha512sum warns about lines that are not checksums.
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
