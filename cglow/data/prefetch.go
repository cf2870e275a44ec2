package data

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// A Prefetcher loads the batches of a training run in another goroutine, ahead
// of their use. The batches are those that Load would give.
type Prefetcher struct {
	batches chan batch
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// batch is what one Load returned.
type batch struct {
	x, y Images
	err  error
}

// Prefetch starts to load the batches first, first+1, ... of a dataset: batch k
// holds the pairs order(k), which is called from the other goroutine. At most
// ahead batches wait to be used. A Load that panics is an error of its batch. It
// ends with an order of nil, with an error, with ctx or with Close.
func Prefetch(ctx context.Context, d Dataset, first, ahead int, order func(k int) []int) (*Prefetcher, error) {
	if ahead < 1 {
		return nil, fmt.Errorf("data: prefetch: %d batches ahead, want 1 or more", ahead)
	}
	ctx, stop := context.WithCancel(ctx)
	p := &Prefetcher{batches: make(chan batch, ahead-1), stop: stop} // one more is in the goroutine's hands
	p.done.Go(func() {
		defer close(p.batches)
		for k := first; ctx.Err() == nil; k++ {
			idx := order(k)
			if idx == nil {
				return
			}
			b := load(d, idx)
			select {
			case p.batches <- b:
			case <-ctx.Done():
				return
			}
			if b.err != nil {
				return
			}
		}
	})
	return p, nil
}

// load is d.Load with an error in place of a panic, which in this goroutine
// would end the whole process.
func load(d Dataset, idx []int) (b batch) {
	defer func() {
		if v := recover(); v != nil {
			b.err = fmt.Errorf("data: %s: Load panicked: %v\n%s", d.Name(), v, debug.Stack())
		}
	}()
	b.x, b.y, b.err = d.Load(idx)
	return b
}

// Next returns the next batch, waiting for it when it is not there yet. After an
// error or Close there are no more batches and Next returns an error.
func (p *Prefetcher) Next(ctx context.Context) (x, y Images, err error) {
	select {
	case b, ok := <-p.batches:
		if !ok {
			return Images{}, Images{}, fmt.Errorf("data: prefetch: %w", context.Canceled)
		}
		return b.x, b.y, b.err
	case <-ctx.Done():
		return Images{}, Images{}, ctx.Err()
	}
}

// Close stops loading and waits until the goroutine has ended.
func (p *Prefetcher) Close() {
	p.stop()
	p.done.Wait()
}
