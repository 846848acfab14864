// Package parallel runs a loop on several CPUs.
package parallel

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// For calls do(i) for every i from 0 to n-1 and waits for all calls to return. At most jobs calls, but at least one,
// run at the same time. Calls start in the order of i; they may finish in any order.
//
// After the first error, or when ctx is done, For starts no more calls. It returns that first error, or ctx.Err().
//
// To collect results, let each call write its own element of a slice:
//
//	pages := make([][]byte, len(names))
//	err := parallel.For(ctx, jobs, len(names), func(i int) (err error) {
//		pages[i], err = os.ReadFile(names[i])
//		return err
//	})
func For(ctx context.Context, jobs, n int, do func(i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(max(jobs, 1), n) {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := do(i); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}
