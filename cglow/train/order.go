package train

import (
	"glownotes/cglow"
	"glownotes/cglow/data"
)

// An Order gives the examples of every step, a pure function of seed and step:
// an endless data set is read in its own order, a finite one in a new
// permutation per pass. It is not safe for concurrent use.
type Order struct {
	seed  uint64
	len   int // 0: endless
	batch int
	epoch int // whose permutation perm is
	perm  []int
}

// NewOrder returns the order of the examples of d in batches.
func NewOrder(d data.Dataset, seed uint64, batch int) *Order {
	return &Order{seed: seed, len: d.Len(), batch: batch, epoch: -1}
}

// Examples returns the indices of step 1, 2, ...
func (o *Order) Examples(step int) []int {
	idx := make([]int, o.batch)
	for j := range idx {
		at := (step-1)*o.batch + j
		if o.len == 0 {
			idx[j] = at
			continue
		}
		if e := at / o.len; e != o.epoch {
			o.epoch = e
			o.perm = cglow.Shuffled(cglow.Key{Seed: o.seed, Stream: cglow.StreamOrder, Step: uint32(e)}, o.len)
		}
		idx[j] = o.perm[at%o.len]
	}
	return idx
}
