package train

import (
	"context"

	"glownotes/cglow/data"
)

// ahead is how many batches are loaded before they are used: one while the
// step before it runs, and one more where loading takes its time unevenly.
const ahead = 2

// Batches starts to load the batches of steps first to last, in the order of
// NewOrder, in another goroutine while the step before runs. Close it after use.
func Batches(d data.Dataset, seed uint64, batch, first, last int) (*data.Prefetcher, error) {
	order := NewOrder(d, seed, batch)
	return data.Prefetch(context.Background(), d, first, ahead, func(step int) []int {
		if step > last {
			return nil
		}
		return order.Examples(step)
	})
}
