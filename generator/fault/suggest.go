package fault

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// DidYouMean ends a message about an unknown word with the known word that is nearest to it:
// `; did you mean "title"?`. It is "" when none is near. A word that leaves out the group of a dotted
// name ("timeout" for "girder.timeout") is near.
func DidYouMean(word string, known []string) string {
	word = strings.ToLower(word)
	best, distance := "", max(2, len(word)/3)+1
	for _, k := range known {
		d := levenshtein.ComputeDistance(word, strings.ToLower(k))
		if _, last, ok := strings.Cut(k, "."); ok && last == word {
			d = 1
		}
		if d < distance && d < len(k) {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
