package cloudfront

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
)

// Limits of CloudFront Functions and key-value stores, from the CloudFront developer guide, "Quotas". Where the guide
// does not define a kilobyte, it is taken as 1,000 bytes.
const (
	MaxFunction = 10_240    // bytes of function.js, including comments
	MaxStore    = 5_000_000 // bytes of keyvaluestore.json
	MaxKey      = 512       // bytes of a key
	MaxValue    = 1_000     // bytes of a value
)

// row is one row of a table.
type row struct{ key, value string }

func (r row) text() string { return r.key + ">" + r.value }

// size returns the number of bytes that the row takes in a node.
func (r row) size() int { return len(r.text()) }

// noTable is written instead of a hash for a table without rows.
const noTable = "--------"

// pair is a key of the key-value store and its value.
type pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// store collects the key-value pairs of tables.
//
// A table is a list of rows "key>value", sorted by key. Since a value of the store has at most MaxValue bytes, a table
// is stored as a tree of nodes. A leaf holds rows, one on each line. An inner node starts with a plus sign and has a
// row "low>hash:count" for each node below it: the lowest key that the node may hold, the hash of the node's content,
// and the number of rows in its leaves. Each node is stored under the key "table/low/hash". For example, a table v of
// four versions, of which two fit into a node, is stored as three pairs:
//
//	key              value
//	v//c4e1aa07      +>1f2e3d4c:2         top node
//	                 5.4>7a6b5c4d:2
//	v//1f2e3d4c      5.0>6aa1db04… 35182  leaf for the keys below 5.4
//	                 5.2>60add6fd… 29738
//	v/5.4/7a6b5c4d   5.4>61b2c3d4… 30117  leaf for 5.4 and the keys above it
//	                 5.6>62c3d4e5… 31938
//
// To find 5.6, the function takes the hash of the top node, c4e1aa07, from the root and reads v//c4e1aa07. The last row
// with a key not above 5.6 is "5.4>7a6b5c4d:2", so it reads v/5.4/7a6b5c4d. The counts find a row by its number, as an
// offset requires: row 3 of the table is row 1 of the second leaf, because the first leaf has two rows.
//
// Because a key contains the hash of its value, the value of a key never changes. If 5.6 gets another package, an
// update puts a new leaf v/5.4/0d1e2f3a and a new top node v//b7c8d9ea, and then a root with the hash b7c8d9ea. Both
// trees share the leaf v//1f2e3d4c. A request that started with the old root still finds all nodes of the old tree.
type store struct {
	*redirect.Compilation
	pairs []pair
}

// table stores a table and returns the hash of its top node. The rows are sorted by key.
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

// level stores rows as nodes of one level of a tree and returns the rows of the level above. prefix is "" for leaves
// and "+" for inner nodes. weigh returns the number of rows of the table that a row represents.
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

// endsNode reports whether a key is the last of its node, even if the node is not full. It depends only on the key, and
// is true for about one key in 32. If nodes ended only when full, a row added at the start of a table would move the
// end of every node after it, and an update would have to put all of them; now it moves the ends up to the next such
// key.
func endsNode(key string) bool { return sha256.Sum256([]byte(key))[0] < 8 }

// count returns the count of a row of an inner node, "low>hash:count".
func count(r row) (n int) {
	_, _ = fmt.Sscanf(r.value[9:], "%d", &n) // cannot fail: level wrote the number
	return n
}

// put stores a value under the key "prefix/hash" and returns the hash of the value.
func (s *store) put(prefix, value string) string {
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(value)))[:8]
	s.set(prefix+"/"+hash, value)
	return hash
}

// set stores a pair. It adds an error if the key or the value is too long.
func (s *store) set(key, value string) {
	switch {
	case s.Err() != nil: // an earlier error already names the rule at fault
	case len(key) > MaxKey:
		s.Fail(nil, "the key %.60q… has %d bytes, CloudFront's limit is %d", key, len(key), MaxKey)
	case len(value) > MaxValue:
		s.Fail(nil, "the value of the key %.80q has %d bytes, CloudFront's limit is %d", key, len(value), MaxValue)
	}
	s.pairs = append(s.pairs, pair{key, value})
}
