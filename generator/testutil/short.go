package testutil

import "testing"

// Amount is how much of something a test does: full of it, or short in a developer's round (go test -short), which is
// shorter. What a test looks at is the same in both.
func Amount(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}
