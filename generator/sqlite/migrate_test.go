package sqlite

import (
	"context"
	"errors"
	"testing"

	"github.com/mattn/go-sqlite3"
)

// TestLasting checks which errors of the step that makes a file smaller end the run: only damage, and an interruption.
func TestLasting(t *testing.T) {
	for code, want := range map[sqlite3.ErrNo]bool{
		sqlite3.ErrFull: false, sqlite3.ErrBusy: false, sqlite3.ErrLocked: false, sqlite3.ErrCantOpen: false,
		sqlite3.ErrIoErr: false, sqlite3.ErrPerm: false, sqlite3.ErrReadonly: false,
		sqlite3.ErrCorrupt: true, sqlite3.ErrNotADB: true,
	} {
		if err := damageOnly(t.Context(), sqlite3.Error{Code: code}); err != nil != want {
			t.Errorf("%v: %v, want an error: %v", code, err, want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, err := range []error{sqlite3.Error{Code: sqlite3.ErrInterrupt}, context.Canceled} {
		if got := damageOnly(ended, err); !errors.Is(got, err) {
			t.Errorf("%v after the end: %v", err, got)
		}
	}
}
