package parallel_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/parallel"
)

func TestForCallsEachOnce(t *testing.T) {
	for _, test := range []struct{ jobs, n int }{{1, 5}, {3, 100}, {100, 3}, {0, 4}, {-1, 4}, {2, 0}} {
		calls, want := make([]int, test.n), make([]int, test.n)
		for i := range want {
			want[i] = 1
		}
		err := parallel.For(t.Context(), test.jobs, test.n, func(i int) error { calls[i]++; return nil })
		if err != nil {
			t.Errorf("%+v: %v", test, err)
		}
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("%+v: %s", test, diff)
		}
	}
}

func TestForRunsJobsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := parallel.For(t.Context(), 4, 12, func(int) error { time.Sleep(time.Second); return nil })
		if took := time.Since(start); err != nil || took != 3*time.Second {
			t.Errorf("12 calls of a second took %v, %v", took, err)
		}
	})
}

func TestForStopsAtTheFirstError(t *testing.T) {
	bad := errors.New("bad")
	var calls atomic.Int64
	err := parallel.For(t.Context(), 2, 1000, func(i int) error {
		calls.Add(1)
		if i == 10 {
			return bad
		}
		time.Sleep(100 * time.Microsecond)
		return nil
	})
	if err != bad || calls.Load() > 100 {
		t.Errorf("%d calls, error %v", calls.Load(), err)
	}
}

func TestForStopsWhenTheContextIsDone(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	calls := 0
	err := parallel.For(ctx, 1, 1000, func(i int) error {
		calls++
		if i == 10 {
			cancel(errors.New("a signal"))
		}
		return nil
	})
	if err != context.Canceled || calls != 11 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}
