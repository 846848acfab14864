package nginx

import (
	"cmp"
	"fmt"
	"iter"
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

// located is a pair and where it is in the table: the digits that name its map and those that name its entry.
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

// table writes a hashed table: target becomes the value of the hash's source, or "" where the source is none of the
// keys. The digits that it needs, see digitsFor, must be defined.
func (h hash) table(t *text, target string, pairs []pair) {
	if len(pairs) == 0 {
		t.printf("map %s %s { }\n", h.source, target)
		return
	}
	lists := target + "_list"
	lineAfter := regex(`^([^\n]*)\n(?:[^\n]*\n[^\n]*\n)*?\1\n([^\n]*)`)
	t.printf("map %s %s { %s $2; }\n", quote(h.source+lists), target, lineAfter)
	places := locate(pairs)
	byMap := func(l located) string { return l.inMap }
	if n := digitsFor(len(pairs)); n > entryDigits {
		t.printf("map %s %s {\n", h.digits(entryDigits+1, n), lists)
		for m := range runs(places, byMap) {
			t.printf("    %s %s_%s;\n", m, lists, m)
		}
		t.printf("}\n")
	}
	var parts []string // of lists that are longer than a word can be
	for m, places := range runs(places, byMap) {
		variable := lists
		if m != "" {
			variable += "_" + m
		}
		t.printf("map %s %s {\n", h.digits(1, entryDigits), variable)
		for entry, places := range runs(places, func(l located) string { return l.inEntry }) {
			t.printf("    %s %s;\n", entry, list(places, lists, &parts))
		}
		t.printf("}\n")
	}
	for i, part := range parts {
		t.printf("geo %s_part_%d { default %s; }\n", lists, i, quote(part))
	}
}

// list writes the value of an entry. Nginx reads no word longer than maxToken, so a longer list is cut into variables,
// which are added to parts. They are geo blocks, in which a dollar sign begins no variable.
func list(places []located, lists string, parts *[]string) string {
	var b strings.Builder
	b.WriteByte('\n')
	for _, l := range places {
		b.WriteString(l.key + "\n" + l.value + "\n")
	}
	whole := b.String()
	if value := literal(whole); len(value) <= maxToken {
		return value
	}
	var value strings.Builder
	const length = maxToken/2 - 1 // of a part: in quotes a character takes two bytes at most
	for start := 0; start < len(whole); start += length {
		fmt.Fprintf(&value, "%s_part_%d", lists, len(*parts))
		*parts = append(*parts, whole[start:min(start+length, len(whole))])
	}
	return quote(value.String())
}

// runs yields the runs of neighbours with the same key.
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

// explain describes a table in its file, with the shortest of the keys as an example.
func (h hash) explain(pairs []pair) string {
	if len(pairs) == 0 {
		return ""
	}
	key := slices.MinFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(len(a.key), len(b.key)), strings.Compare(a.key, b.key))
	}).key
	digits := digitsOf(key, digitsFor(len(pairs)))
	text := `
		Nginx hashes the key, and the digits of the hash lead to a short list of keys and values, on a line each.
		For instance, ` + key + " has the digits " + digits + ": it is in the entry " + digits[:entryDigits]
	if len(digits) > entryDigits {
		text += " of the map " + digits[entryDigits:]
	}
	return text + "."
}
