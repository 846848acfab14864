package site

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// forEach calls f with 0 to n-1, jobs at a time, and gives the first error, if any, that f or ctx gave.
func forEach(ctx context.Context, jobs, n int, f func(i int) error) error {
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
				if err := f(i); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}
