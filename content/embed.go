// Package content carries the pages that every site starts from. A site folder's own files replace them one by
// one; a file of the same name with "draft: true" removes one.
package content

import "embed"

// Files are the Markdown files, as package site reads them.
//
//go:embed *.md
var Files embed.FS
