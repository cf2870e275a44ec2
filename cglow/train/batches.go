package train

import (
	"context"

	"glownotes/cglow/data"
)

// ahead is how many batches are loaded before they are used: one while the
// step before it runs, and one more where loading takes its time unevenly.
const ahead = 2

// Batches loads the batches of a run in the order of NewOrder, in another
// goroutine while the step before runs. It is for one goroutine.
type Batches struct {
	d       data.Dataset
	order   *Order
	last    int
	loading *data.Prefetcher
	next    int // the step whose batch comes next from loading
}

// NewBatches returns the batches of d up to the one of step last. Close it after
// use.
func NewBatches(d data.Dataset, seed uint64, batch, last int) *Batches {
	return &Batches{d: d, order: NewOrder(d, seed, batch), last: last}
}

// Load returns the batch of step 1, 2, ...; one step after the other costs
// least.
func (b *Batches) Load(step int) (x, y data.Images, err error) {
	if b.loading == nil || step != b.next {
		b.Close()
		if b.loading, err = data.Prefetch(context.Background(), b.d, step, ahead, b.examples); err != nil {
			return x, y, err
		}
	}
	b.next = step + 1
	if x, y, err = b.loading.Next(context.Background()); err != nil {
		b.Close()
	}
	return x, y, err
}

// examples returns the pairs of a step; nil after the last.
func (b *Batches) examples(step int) []int {
	if step > b.last {
		return nil
	}
	return b.order.Examples(step)
}

// Close stops loading.
func (b *Batches) Close() {
	if b.loading != nil {
		b.loading.Close()
		b.loading = nil
	}
}
