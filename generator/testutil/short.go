package testutil

import "testing"

// Amount returns how much of something a test does: full, or short in the short round (go test -short), which takes about
// a minute. What a test looks at is the same in both: use it for numbers of random inputs, repetitions and sizes, never
// to leave a check out.
func Amount(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}
