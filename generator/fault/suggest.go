package fault

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// DidYouMean returns a suggestion to append to a message about an unknown word, with the most similar known word: `;
// did you mean "title"?`. It returns "" if no word is similar. The last part of a dotted name counts as similar to it:
// "timeout" to "girder.timeout".
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
