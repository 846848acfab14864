package cloudfront

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
)

// The limits of CloudFront Functions and key-value stores (CloudFront developer guide, "Quotas"). A kilobyte is counted
// as 1,000 bytes where the guide does not say.
const (
	MaxFunction = 10_240    // bytes of function.js, comments and all
	MaxStore    = 5_000_000 // bytes of keyvaluestore.json
	MaxKey      = 512       // bytes
	MaxValue    = 1_000     // bytes
)

// row is one entry of a table.
type row struct{ key, value string }

func (r row) text() string { return r.key + ">" + r.value }

// size is what the row takes of a node (bytes).
func (r row) size() int { return len(r.text()) }

// noTable stands for the hash of a table with no rows.
const noTable = "--------"

// pair is a key of the store and its value.
type pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// store collects the nodes of tables.
//
// A table is a tree. A leaf holds rows "key>value", a line each, sorted by key. An inner node starts with a
// plus sign and has a row "low>hash:count" for each node below: the lowest key that may be there, the hash
// of the node, and how many rows are in its leaves. A node is kept under "table/low/hash", so that what is
// stored under a key never changes: a change makes new keys, and only "root" is overwritten. For instance, a table v of
// two versions is one leaf, under the key v//1f2e3d4c:
//
//	5>6aa1db04ce9de556d30112bb 35182
//	5.2>60add6fdae4540bf6a89bf73 29738
type store struct {
	*redirect.Compilation
	pairs []pair
}

// table stores rows, sorted by key, and returns the hash of the top node.
func (s *store) table(name string, rows []row) string {
	if len(rows) == 0 {
		return noTable
	}
	level := s.level(name, "", rows, func(row) int { return 1 })
	for len(level) > 1 {
		level = s.level(name, "+", level, count)
	}
	return level[0].value[:8]
}

// level cuts rows into nodes and returns the rows that lead to them.
func (s *store) level(name, prefix string, rows []row, weigh func(row) int) []row {
	var above []row
	var node strings.Builder
	low, total := "", 0
	flush := func(next string) {
		hash := s.put(name+"/"+low, prefix+node.String())
		above = append(above, row{low, fmt.Sprintf("%s:%d", hash, total)})
		node.Reset()
		low, total = next, 0
	}
	for i, r := range rows {
		text := r.text()
		if total > 0 && len(prefix)+node.Len()+1+len(text) > MaxValue {
			flush(r.key)
		}
		if total > 0 {
			node.WriteByte('\n')
		}
		node.WriteString(text)
		total += weigh(r)
		if i+1 < len(rows) && endsNode(r.key) {
			flush(rows[i+1].key)
		}
	}
	flush("")
	return above
}

// endsNode makes about every 32nd key the last of its node, whatever is before it. Without that, a row
// more at the start of a table would move the ends of all nodes after it.
func endsNode(key string) bool { return sha256.Sum256([]byte(key))[0] < 8 }

func count(r row) (n int) {
	_, _ = fmt.Sscanf(r.value[9:], "%d", &n) // a value that this package wrote: it begins with a number there
	return n
}

// put stores a node under a prefix and its hash, which it returns.
func (s *store) put(prefix, value string) string {
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(value)))[:8]
	s.set(prefix+"/"+hash, value)
	return hash
}

func (s *store) set(key, value string) {
	switch {
	case s.Err() != nil: // the rule to blame is known
	case len(key) > MaxKey:
		s.Fail(nil, "the key %.60q… has %d bytes, CloudFront's limit is %d", key, len(key), MaxKey)
	case len(value) > MaxValue:
		s.Fail(nil, "the value of the key %.80q has %d bytes, CloudFront's limit is %d", key, len(value), MaxValue)
	}
	s.pairs = append(s.pairs, pair{key, value})
}
