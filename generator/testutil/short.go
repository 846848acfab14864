package testutil

import "testing"

// Amount returns full, or short with go test -short. Tests use it for numbers of random inputs, repetitions and sizes,
// never to leave out a check.
func Amount(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}
