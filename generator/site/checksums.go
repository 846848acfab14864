package site

import (
	"bytes"
	"fmt"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/output"
)

// Sums is the list of the release's checksums as sha512sum(1) writes and checks it; empty when none is known. Of
// several packages for one platform, whose files have the same name, it has the newest. Packages without a
// checksum or a file name are left out: sha512sum complains of any line that is not a checksum.
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

// addSums adds SHA512SUMS beside the page of each release that has any checksum.
func addSums(b *Build, releases []*Release) {
	for _, r := range releases {
		if list := r.Sums(); len(list) > 0 {
			b.AddFile(output.Records, r.SumsURL()[1:], list)
		}
	}
}
