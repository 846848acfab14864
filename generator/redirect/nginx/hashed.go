package nginx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// hash is the hash of a variable that hashed tables are cut by.
//
// A map of Nginx takes keys of up to 46 bytes, ignores their case, and warns at every start when it has more than
// about a hundred long keys or a thousand short ones: "could not build optimal map_hash". Larger sizes can be set for
// all maps of the server at once only, before the first of them, which an included file cannot do.
//
// A hashed table takes any number of keys of any length. Nginx itself hashes the key (split_clients), and the decimal
// digits of the hash lead to a short entry. Suppose that the path /about has the digits 4, 0, 2 and 7:
//
//	split_clients "1$source" $digit_1 { 10% 0; 10% 1; … * 9; }                  # one line for each digit
//	map $digit_4 $list { 7 $list_7; … }
//	map $digit_1$digit_2$digit_3 $list_7 { 402 "\n/about\n301 /info/\n/wiki/x\n301 /y\n"; … }
//	map "$source$list" $target { "~^([^\n]*)\n(?:[^\n]*\n[^\n]*\n)*?\1\n([^\n]*)" $2; }
//
// The entry 402 of the map 7 lists the keys with these digits, here two, each with its value on the next line. The
// expression in the last map looks for the line that equals the key, and takes the line after it. A table of up to
// perEntry thousand keys needs three digits and one map; a larger one needs further digits, which choose among ten
// maps, a hundred, and so on.
//
// One more key adds or changes one line, except when the number of digits grows. Since split_clients cannot be
// volatile, the source must not depend on the cell of an answer.
type hash struct {
	name   string // of the digits: $sitegen_<name>_1 and so on
	source string // the variable, for instance $sitegen_source
}

// pair is a key of a hashed table and its value; both are one line, and not empty.
type pair struct{ key, value string }

const (
	// entryDigits is how many digits name the entries of one map. Nginx takes all thousand keys of three digits.
	entryDigits = 3
	// perEntry is how many keys may share an entry on average. An expression goes through as many in a microsecond.
	perEntry = 3
)

// digitsFor is how many digits a table of n keys needs.
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

// digit is the variable of the i-th digit, from 1.
func (h hash) digit(i int) string { return "$sitegen_" + h.name + "_" + strconv.Itoa(i) }

// digits joins the variables of the digits from the first to the last.
func (h hash) digits(first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		b.WriteString(h.digit(i))
	}
	return b.String()
}

// define writes the first n digits. Each has its own number before the source, so that it is a digit of another hash.
func (h hash) define(t *text, n int) {
	for i := 1; i <= n; i++ {
		t.printf("split_clients %s %s {", quote(strconv.Itoa(i)+h.source), h.digit(i))
		for d := range 9 {
			t.printf(" 10%% %d;", d)
		}
		t.printf(" * 9; }\n")
	}
}

// digitsOf computes the first n digits of a key as Nginx does.
func digitsOf(key string, n int) string {
	const tenth = 1000 * 0xffffffff / 10_000 // 10% of the hash's range: Nginx counts hundredths of a percent
	numbered := []byte("0" + key)
	digits := make([]byte, n)
	for i := range digits {
		numbered[0] = byte('1' + i)
		digits[i] = byte('0' + min(murmur2(numbered)/tenth, 9))
	}
	return string(digits)
}

// murmur2 is the hash of split_clients: MurmurHash2 with the seed 0.
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

// table writes a hashed table: target becomes the value of the hash's source, or "" where the source is none of the
// keys. The digits that it needs, see digitsFor, must be defined.
func (h hash) table(t *text, target string, pairs []pair) {
	if len(pairs) == 0 {
		t.printf("map %s %s { }\n", h.source, target)
		return
	}
	n := digitsFor(len(pairs))
	lists := target + "_list"
	entries := map[string][]pair{} // by map and entry: the digit 4 and what follows, then 1 to 3
	for _, p := range pairs {
		digits := digitsOf(p.key, n)
		at := digits[entryDigits:] + digits[:entryDigits]
		entries[at] = append(entries[at], p)
	}
	order := make([]string, 0, len(entries))
	for at := range entries {
		order = append(order, at)
	}
	slices.Sort(order)

	t.printf("map %s %s { %s $2; }\n", quote(h.source+lists), target, regex(`^([^\n]*)\n(?:[^\n]*\n[^\n]*\n)*?\1\n([^\n]*)`))
	mapOf := func(at string) string { return at[:n-entryDigits] }
	if n > entryDigits {
		t.printf("map %s %s {\n", h.digits(entryDigits+1, n), lists)
		for i, at := range order {
			if i == 0 || mapOf(at) != mapOf(order[i-1]) {
				t.printf("    %s %s_%s;\n", mapOf(at), lists, mapOf(at))
			}
		}
		t.printf("}\n")
	}
	var rest []string // of lists that are longer than a word can be
	for len(order) > 0 {
		m := mapOf(order[0])
		variable := lists
		if m != "" {
			variable += "_" + m
		}
		t.printf("map %s %s {\n", h.digits(1, entryDigits), variable)
		for len(order) > 0 && mapOf(order[0]) == m {
			t.printf("    %s %s;\n", order[0][len(m):], list(entries[order[0]], lists, &rest))
			order = order[1:]
		}
		t.printf("}\n")
	}
	for i, piece := range rest {
		t.printf("geo %s_%d { default %s; }\n", lists+"_part", i, quote(piece))
	}
}

// list writes the value of an entry. Nginx reads no word longer than maxToken, so the pieces of a longer list become
// variables of their own, added to rest: geo, unlike map, takes a dollar sign for what it is.
func list(pairs []pair, lists string, rest *[]string) string {
	var b strings.Builder
	b.WriteByte('\n')
	for _, p := range pairs {
		b.WriteString(p.key + "\n" + p.value + "\n")
	}
	whole := b.String()
	if value := literal(whole); len(value) <= maxToken {
		return value
	}
	var value strings.Builder
	const piece = maxToken/2 - 1 // a character takes two bytes at most in quotes
	for start := 0; start < len(whole); start += piece {
		fmt.Fprintf(&value, "%s_part_%d", lists, len(*rest))
		*rest = append(*rest, whole[start:min(start+piece, len(whole))])
	}
	return quote(value.String())
}

// explain describes the table of pairs for its file, with one of them as an example.
func (h hash) explain(pairs []pair) string {
	if len(pairs) == 0 {
		return ""
	}
	n := digitsFor(len(pairs))
	key := pairs[0].key
	digits := digitsOf(key, n)
	text := fmt.Sprintf(`Nginx hashes the key, and the digits of the hash lead to a short list of keys and
		values, each on a line of its own: %s has the digits %s`, key, digits)
	if n > entryDigits {
		text += fmt.Sprintf(", so it is in the entry %s of the map %s.", digits[:entryDigits], digits[entryDigits:])
	} else {
		text += ", its entry."
	}
	return text
}
