package cloudfront

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

// Kinds of nodes. The key of a node is its kind and the hash of its content.
const (
	idNodes      = "i" // table of packages by id
	pathNodes    = "e" // table of paths
	stepNodes    = "s" // tables by revision, day and version
	packageNodes = "d" // descriptions of packages
	patternNodes = "r" // list of patterns
	textNodes    = "t" // rests of values that are longer than MaxValue
)

// pair is a key of the key-value store and its value.
type pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// store collects the keys and values of an edition.
//
// A table is a list of rows "key value", sorted by key. Since a value of the store has at most MaxValue bytes, a table
// is stored as a tree of nodes. The key of a node is a letter and a hash of its content. A leaf holds rows, one on each
// line, after a line that is explained at leaf. An inner node starts with a plus sign and has a row "low hash" for each
// node below it. low is the shortest text that is above all keys of the node before it and not above those of the node
// itself. For example, a table of four paths, of which two fit into a leaf, is stored as
//
//	e1f2e3d4c   (empty line)           leaf for the keys below /b
//	            /about do/3f9ac1.html
//	            /app fo/77c2d0.js
//	e7a6b5c4d   (empty line)           leaf for /b and the keys above it
//	            /blog do/90aa12.html
//	            /docs do/5521ff.html
//
// and the root has the rows
//
//   - 1f2e3d4c
//     /b 7a6b5c4d
//
// To find /docs, the function takes the last row with a key not above /docs, which is the second, and reads e7a6b5c4d.
// If a table has so many leaves that their rows do not fit into the root, there are inner nodes between the two.
//
// Because a key contains the hash of its value, the value of a key never changes. If /docs gets another object, an
// update puts a new leaf e0d1e2f3a, and then a root with the hash 0d1e2f3a. Both trees share the leaf e1f2e3d4c. A
// request that started with the old root still finds all nodes of the old tree.
type store struct {
	*redirect.Compilation
	pairs map[string]string
}

// put stores a value and returns its hash. The key is the kind and the hash.
func (s *store) put(kind, value string) string {
	hash := hashOf(value)
	s.pairs[kind+hash] = s.piece(value)
	return hash
}

// piece returns the value of a key for a text of any length. If the text is too long, the value is a tilde, the hash of
// a text node with the rest, and the start of the text. No other value starts with a tilde.
func (s *store) piece(text string) string {
	if len(text) <= MaxValue {
		return text
	}
	n := MaxValue - hashSize - 1
	for !utf8.RuneStart(text[n]) || text[n] == '~' {
		n--
	}
	return "~" + s.put(textNodes, text[n:]) + text[:n]
}

// hashSize is the number of characters of a hash: 48 bits.
const hashSize = 8

func hashOf(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:hashSize*6/8])
}

// size returns the number of bytes of the import file.
func (s *store) size() int { return Size(s.pairs) }

// char returns a small number as one character, from 0 on. The function reads it as charCodeAt() - 48.
func char(n int) string { return string(rune('0' + n)) }

// number returns a number in base 36.
func number(n int64) string { return strconv.FormatInt(n, 36) }

// numberKey returns the key of a revision, or of a day as the number yyyymmdd. Since 1.7 million is above 36⁴, and 51.7
// million below 36⁵, all keys have five characters, and are in the order of the numbers. The function has the same
// formula, and takes 50 million for numbers above, which are above those of all packages.
func numberKey(n int) string { return number(int64(n) + 1_700_000) }

// pack returns hexadecimal digits in base 64, with the alphabet for URLs.
func pack(digits string) string {
	b, _ := hex.DecodeString(digits) // callers pass an even number of hexadecimal digits
	return base64.RawURLEncoding.EncodeToString(b)
}

// ref is the place of a package's description: the hash of a node, and a line of it.
type ref struct {
	hash string
	line int
}

// change is a change of columns of a table of steps from one row to the next; see steps.
type change struct {
	os   int // number of the system
	mask int // the stabilities: the sum of anyBit, nightlyBit and releaseBit
	at   ref
	base string // in tables by day and by version, the revision of the package
}

// row is a row of a table. Its value is the changes or the package, and a text.
type row struct {
	key     string
	changes []change
	at      ref // "" for no package
	text    string
}

// leaf is the text of a leaf that is being written. Its first line has the hashes that its rows refer to, one after the
// other; rows refer to a hash by its number, and to a package by two characters: the number of the hash and the line.
// So for the hashes 1f2e3d4c and 7a6b5c4d, the package in line 5 of the second is written as "15". Each further line is
// a row.
//
// The leaves of a table of steps have columns instead, so that the function finds a change without reading each row: a
// line with the keys, and three lines for each system. The first has the masks of its changes, a digit for each key,
// "0" for no change. The second has the references to the packages, and the third the bases. For example, this is the
// text for the revisions 100 and 120 of store.steps, if A, B and C are the lines 2, 3 and 4 of a node:
//
//	1f2e3d4c      hash of the node
//	 10ft0 10ftk  keys, each with a space before it
//	35            system 0 changes at both keys: any and nightly (1 + 2), any and release (1 + 4)
//	0204          to A and to C
//	              no bases
//	3             system 1 changes at the first key
//	03            to B
//	              no bases
//
// If a system has several changes with the same key, the key is repeated.
type leaf struct {
	hashes  []string
	rows    string   // of other tables than those of steps
	keys    string   // of tables of steps
	count   int      // number of keys
	systems []system // nil in other tables
}

// system is the text for a system in a leaf of a table of steps.
type system struct{ masks, refs, bases string }

// with returns the leaf with one row more. Do not use l after the result has got further rows.
func (l leaf) with(r row) leaf {
	if l.systems == nil {
		l.rows += "\n" + r.key + " "
		if r.at.hash != "" {
			l.rows += l.ref(r.at)
		}
		l.rows += r.text
		return l
	}
	l.systems = slices.Clone(l.systems)
	for changes := r.changes; len(changes) > 0; {
		l.keys += " " + r.key
		l.count++
		var further []change
		for _, c := range changes {
			s := &l.systems[c.os]
			if len(s.masks) == l.count {
				further = append(further, c)
				continue
			}
			s.masks += strings.Repeat("0", l.count-1-len(s.masks)) + strconv.Itoa(c.mask)
			s.refs += l.ref(c.at)
			s.bases += c.base
		}
		changes = further
	}
	return l
}

// ref returns a reference to a package.
func (l *leaf) ref(at ref) string {
	i := slices.Index(l.hashes, at.hash)
	if i < 0 {
		i = len(l.hashes)
		l.hashes = append(l.hashes, at.hash)
	}
	return char(i) + char(at.line)
}

// lines returns the lines after the first, with line ends before them.
func (l *leaf) lines() string {
	if l.systems == nil {
		return l.rows
	}
	text := "\n" + l.keys
	for _, s := range l.systems {
		text += "\n" + s.masks + "\n" + s.refs + "\n" + s.bases
	}
	return text
}

// text returns the value of the leaf.
func (l *leaf) text() string { return strings.Join(l.hashes, "") + l.lines() }

// node is a node of a tree, as its parent sees it.
type node struct {
	low    string // see store
	hash   string
	counts []int // number of revisions of each system in its leaves; nil in tables that are not counted
	first  string
	last   string // first and last key in its leaves
}

// row returns the row of the node above: "low hash" or, in a table that is counted, "low hash 12,9,0".
func (n node) row() string {
	text := n.low + " " + n.hash
	for i, c := range n.counts {
		text += " ,"[min(i, 1):min(i, 1)+1] + fmt.Sprint(c)
	}
	return text
}

// tree is a table that is stored as a tree. levels[0] has the leaves, and each further level the nodes above the one
// before. values has the nodes of each level by key. The root holds the rows of one level, and the levels above are not
// stored.
type tree struct {
	kind   string
	levels [][]node
	values []map[string]string
	level  int
}

// rows returns the part of the root for the table: a plus sign and a row for each node of the level.
func (t *tree) rows() string {
	if len(t.levels) == 0 {
		return ""
	}
	return innerText(t.levels[t.level])
}

func innerText(nodes []node) string {
	rows := make([]string, len(nodes))
	for i, n := range nodes {
		rows[i] = n.row()
	}
	return "+" + strings.Join(rows, "\n")
}

// tree makes the tree of a table. rows are sorted by key. If steps is not nil, it is a table of steps.
func (s *store) tree(kind string, rows []row, steps *carry) *tree {
	t := &tree{kind: kind}
	if len(rows) == 0 {
		return t
	}
	var level []node
	values := map[string]string{}
	for start := 0; start < len(rows); {
		first, l := start, &leaf{}
		n := node{first: rows[start].key}
		if steps != nil {
			steps.begin(l, &n)
		}
		for ; start < len(rows); start++ {
			more := l.with(rows[start])
			if start > first && (len(more.text()) > MaxValue || len(l.lines()) >= MaxValue/2 && endsNode(n.last)) {
				break
			}
			*l = more
			if steps != nil {
				steps.add(rows[start], &n)
			}
			n.last = rows[start].key
		}
		n.hash = hashOf(l.text())
		values[kind+n.hash] = l.text()
		level = append(level, n)
	}
	for {
		separate(level)
		t.levels, t.values = append(t.levels, level), append(t.values, values)
		if len(level) == 1 {
			return t
		}
		level, values = above(kind, level)
	}
}

// separate sets the low texts of the nodes of a level.
func separate(level []node) {
	for i := 1; i < len(level); i++ {
		key, n := level[i].first, 1
		for n < len(key) && key[:n] <= level[i-1].last {
			n++
		}
		level[i].low = key[:n]
	}
}

// above returns the nodes above those of a level.
func above(kind string, level []node) (up []node, values map[string]string) {
	values = map[string]string{}
	for start := 0; start < len(level); {
		size, n := 1, node{first: level[start].first}
		end := start
		for end < len(level) && (end < start+2 || size+len(level[end].row())+1 <= MaxValue &&
			(size < MaxValue/2 || !endsNode(level[end-1].last))) {
			size += len(level[end].row()) + 1
			for i, c := range level[end].counts {
				if n.counts == nil {
					n.counts = make([]int, len(level[end].counts))
				}
				n.counts[i] += c
			}
			n.last = level[end].last
			end++
		}
		text := innerText(level[start:end])
		n.hash = hashOf(text)
		values[kind+n.hash] = text
		up = append(up, n)
		start = end
	}
	return up, values
}

// endsNode reports whether a node that is at least half full ends after a key. It depends only on the key, and is true
// for about one key in eight. If nodes ended only when full, a row added at the start of a table would move the end of
// every node after it, and an update would have to put all of them; now it moves the ends only up to the next such key.
func endsNode(key string) bool { return sha256.Sum256([]byte(key))[0] < 32 }

// keep stores the nodes of the tree.
func (t *tree) keep(s *store) {
	for i := range t.levels {
		if i > t.level {
			return
		}
		for key, value := range t.values[i] {
			s.pairs[key] = s.piece(value)
		}
	}
}
