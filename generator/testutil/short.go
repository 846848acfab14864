package testutil

import "testing"

// Amount is how much of something a test does: full of it, or short in a developer's round (go test -short), which takes
// a minute. What a test looks at is the same in both.
func Amount(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}
