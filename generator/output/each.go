package output

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// each does something for 0 to n-1, several at a time. It stops at the first error, and between two when the
// context is done.
func each(ctx context.Context, jobs, n int, do func(i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(jobs, n) {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err := do(i); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}
