package testutil

import "testing"

// Amount returns full, or short with go test -short. Tests use it for the number of repetitions; what they check is the
// same in both cases.
func Amount(full, short int) int {
	if testing.Short() {
		return short
	}
	return full
}
