package site

import (
	"maps"
	"slices"
	"strings"
)

// lineCol gives the line and column, from 1, of a byte of a text.
func lineCol[T string | []byte](text T, offset int) (line, col int) {
	before := string(text[:offset])
	return strings.Count(before, "\n") + 1, offset - strings.LastIndexByte(before, '\n')
}

// sortedKeys lists the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
