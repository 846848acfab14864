package nginx

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// hash is the hash of a variable. Hashed tables are split by its digits.
//
// A map of Nginx allows keys of at most 46 bytes and ignores their case. If it has more than about a hundred long keys
// or a thousand short ones, Nginx prints a warning at every start: "could not build optimal map_hash". A directive that
// allows larger maps applies to all maps of the server and must come before the first of them, so an included file
// cannot set it.
//
// A hashed table has any number of keys of any length. Nginx hashes the key with split_clients, and the decimal digits
// of the hash lead to a short list of keys. Suppose that the path /about has the digits 4, 0, 2 and 7:
//
//	split_clients "1$source" $digit_1 { 10% 0; 10% 1; … * 9; }                  # one line for each digit
//	map $digit_4 $list { 7 $list_7; … }
//	map $digit_1$digit_2$digit_3 $list_7 { 402 "\n/about\n301 /info/\n/wiki/x\n301 /y\n"; … }
//	map "$source$list" $target { "~^([^\n]*)\n(?:[^\n]*\n[^\n]*\n)*?\1\n([^\n]*)" $2; }
//
// The entry 402 of the map 7 lists all keys with these digits, here /about and /wiki/x, each with its value on the next
// line. The last map searches "/about\n/about\n301 /info/\n…", the key followed by that list. Its expression finds the
// line of the list that equals the key, and takes the line after it: "301 /info/".
//
// A table of at most 1000*perEntry keys needs three digits and one map. A larger table needs four digits and ten maps,
// or five digits and a hundred maps, and so on. A new key adds or changes one line of the file, unless it increases the
// number of digits. Since split_clients cannot be volatile, the source must not depend on the cell of an answer.
type hash struct {
	digit  string // the start of the digits' variables: $sitegen_source_digit for $sitegen_source_digit_1 and so on
	source string // the variable that is hashed, for instance $sitegen_source
}

// pair is a key of a hashed table and its value. Neither of them is empty or contains a line end.
type pair struct{ key, value string }

const (
	// entryDigits is the number of digits that select an entry of a map. With three digits, a map has a thousand short
	// keys, which Nginx accepts without a warning.
	entryDigits = 3
	// perEntry is how many keys share an entry on average. Searching so many takes about a microsecond.
	perEntry = 3
)

// digitsFor returns the number of digits that a table of n keys needs.
func digitsFor(n int) int {
	if n == 0 {
		return 0
	}
	digits := entryDigits
	for limit := perEntry * 1000; n > limit; limit *= 10 {
		digits++
	}
	return digits
}

// digits returns the variables of the digits from first to last, concatenated.
func (h hash) digits(first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		b.WriteString(suffixed(h.digit, strconv.Itoa(i)))
	}
	return b.String()
}

// define writes the split_clients blocks of the first n digits. Each block hashes its number and the source, "1/about",
// "2/about" and so on, so the digits are independent of each other.
func (h hash) define(t *text, n int) {
	for i := 1; i <= n; i++ {
		t.printf("split_clients %s %s {", quote(strconv.Itoa(i)+h.source), suffixed(h.digit, strconv.Itoa(i)))
		for d := range 9 {
			t.printf(" 10%% %d;", d)
		}
		t.printf(" * 9; }\n")
	}
}

// digitsOf computes the first n digits of a key as Nginx does.
func digitsOf(key string, n int) string {
	const tenth = 1000 * 0xffffffff / 10_000 // 10% of the range of the hash; Nginx counts hundredths of a percent
	numbered := []byte("0" + key)
	digits := make([]byte, n)
	for i := range digits {
		numbered[0] = byte('1' + i)
		digits[i] = byte('0' + min(murmur2(numbered)/tenth, 9))
	}
	return string(digits)
}

// murmur2 returns the hash that split_clients uses: MurmurHash2 with the seed 0.
func murmur2(data []byte) uint32 {
	const m = 0x5bd1e995
	h := uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		k *= m
		k ^= k >> 24
		h = h*m ^ k*m
	}
	if len(data) > 0 {
		for i, b := range data {
			h ^= uint32(b) << (8 * i)
		}
		h *= m
	}
	h ^= h >> 13
	h *= m
	return h ^ h>>15
}

// located is a pair and its place in a table: the digits that select its map, and those that select its entry.
type located struct {
	pair
	inMap, inEntry string
}

// locate sorts pairs by their places.
func locate(pairs []pair) []located {
	list := make([]located, len(pairs))
	n := digitsFor(len(pairs))
	for i, p := range pairs {
		digits := digitsOf(p.key, n)
		list[i] = located{p, digits[entryDigits:], digits[:entryDigits]}
	}
	slices.SortStableFunc(list, func(a, b located) int {
		return cmp.Or(strings.Compare(a.inMap, b.inMap), strings.Compare(a.inEntry, b.inEntry))
	})
	return list
}

// table writes a hashed table. The variable target becomes the value for the hash's source, or "" if the source is not
// one of the keys. define must have written the number of digits that digitsFor returns.
func (h hash) table(t *text, target string, pairs []pair) {
	if len(pairs) == 0 {
		t.printf("map %s %s { }\n", h.source, target)
		return
	}
	lists := suffixed(target, "list")
	lineAfter := regex(`^([^\n]*)\n(?:[^\n]*\n[^\n]*\n)*?\1\n([^\n]*)`)
	t.printf("map %s %s { %s $2; }\n", quote(h.source+lists), target, lineAfter)
	places := locate(pairs)
	byMap := func(l located) string { return l.inMap }
	if n := digitsFor(len(pairs)); n > entryDigits {
		t.printf("map %s %s {\n", h.digits(entryDigits+1, n), lists)
		for m := range runs(places, byMap) {
			t.printf("    %s %s;\n", m, suffixed(lists, m))
		}
		t.printf("}\n")
	}
	var parts []string // of lists that are longer than maxToken
	for m, places := range runs(places, byMap) {
		variable := lists
		if m != "" {
			variable = suffixed(lists, m)
		}
		t.printf("map %s %s {\n", h.digits(1, entryDigits), variable)
		for entry, places := range runs(places, func(l located) string { return l.inEntry }) {
			t.printf("    %s %s;\n", entry, t.entryOf(places, lists, &parts))
		}
		t.printf("}\n")
	}
	for i, part := range parts {
		t.printf("geo %s { default %s; }\n", partOf(lists, i), quote(part))
	}
}

// partOf returns the variable of the i-th part of the lists of a table.
func partOf(lists string, i int) string { return suffixed(lists, "part_"+strconv.Itoa(i)) }

// entryOf returns the value of an entry. If it is longer than maxToken, entryOf splits it into parts, adds them to
// parts, and returns a value of variables, "$sitegen_exact_list_part_0$sitegen_exact_list_part_1". Each part becomes a
// geo block, because a dollar sign has no meaning in the values of geo.
func (n names) entryOf(places []located, lists string, parts *[]string) string {
	var b strings.Builder
	b.WriteByte('\n')
	for _, l := range places {
		b.WriteString(l.key + "\n" + l.value + "\n")
	}
	whole := b.String()
	if value := n.literal(whole); len(value) <= maxToken {
		return value
	}
	var value strings.Builder
	const length = maxToken/2 - 1 // of a part: quoting can double it
	for start := 0; start < len(whole); start += length {
		value.WriteString(partOf(lists, len(*parts)))
		*parts = append(*parts, whole[start:min(start+length, len(whole))])
	}
	return quote(value.String())
}

// runs yields each run of consecutive elements with the same key.
func runs[T any](list []T, key func(T) string) iter.Seq2[string, []T] {
	return func(yield func(string, []T) bool) {
		for start := 0; start < len(list); {
			k, end := key(list[start]), start+1
			for end < len(list) && key(list[end]) == k {
				end++
			}
			if !yield(k, list[start:end]) {
				return
			}
			start = end
		}
	}
}

// explain returns a comment that describes a table, with its shortest key as an example.
func (h hash) explain(pairs []pair) string {
	if len(pairs) == 0 {
		return ""
	}
	key := slices.MinFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(len(a.key), len(b.key)), strings.Compare(a.key, b.key))
	}).key
	digits := digitsOf(key, digitsFor(len(pairs)))
	text := `
		Nginx hashes the key, and the digits of the hash lead to a short list of keys and values, one on each line.
		For example, ` + key + " has the digits " + digits + ", so it is in the entry " + digits[:entryDigits]
	if len(digits) > entryDigits {
		text += " of the map " + digits[entryDigits:]
	}
	return text + "."
}
