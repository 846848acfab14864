// Package layouts carries the layouts that every site starts from. A site folder's own files replace them one
// by one: layouts/partials/footer.html there stands in for the one here.
package layouts

import "embed"

// Files are the layouts, partials/ and assets/, as package site reads them.
//
//go:embed *.html partials assets
var Files embed.FS
