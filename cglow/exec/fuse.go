package exec

import "glownotes/cglow/op"

// An Expr is an op whose inputs are computed along with it, element by element, by one kernel.
type Expr struct {
	Op   *op.Op // nil: an input of the kernel
	In   []*Expr
	Leaf int // of an input: its place
}

// Limits of what is computed more than once, or in one kernel, in the units of [Device.Inline].
const (
	inlineOnce  = 40  // an op with one reader
	inlineTwice = 16  // an op with two readers
	inlineOften = 4   // any number of them
	inlineTotal = 160 // one kernel
	inlineGrow  = 4   // arithmetic is not repeated for results this much larger
)

// fuse lets ops of a device be computed inside those that read them, and gives the remaining ones
// kernels that do so. Inputs of a fused op become those that are left.
func (p *plan) fuse(dev Device) {
	f := fusion{p: p, dev: dev, readers: make([][]int, len(p.items)), cost: make([]int, len(p.items)),
		inline: make([]bool, len(p.items)), moves: make([]bool, len(p.items))}
	f.findReaders()
	for i := range p.items {
		f.decide(i)
	}
	for i := range p.items {
		f.build(i)
	}
	for i := range p.items {
		it := &p.items[i]
		if f.inline[i] || it.place == alias && f.inline[it.root] {
			it.place, it.kernel = unused, nil
		}
	}
}

type fusion struct {
	p       *plan
	dev     Device
	readers [][]int // items that read one, aliases passed through
	cost    []int   // of computing an element, what is inlined included
	inline  []bool
	moves   []bool // no arithmetic in it
}

// fusable returns the op of an item that a device's kernel computes.
func (f *fusion) fusable(i int) *op.Op {
	it := &f.p.items[i]
	o, ok := it.node.Op().(*op.Op)
	if !ok || it.kernel == nil || it.place == unused || it.place == alias || len(o.Extra()) > 0 {
		return nil
	}
	return o
}

func (f *fusion) findReaders() {
	for i := range f.p.items {
		it := &f.p.items[i]
		if it.place == unused {
			continue
		}
		for _, k := range it.kids {
			root := f.p.items[k].root
			if it.place == alias {
				continue // its readers are those of its root
			}
			f.readers[root] = append(f.readers[root], i)
		}
	}
}

// decide says whether an op is computed inside its readers.
func (f *fusion) decide(i int) {
	o := f.fusable(i)
	if o == nil {
		return
	}
	it := &f.p.items[i]
	own := f.dev.Inline(o)
	absorbs := f.dev.Absorbs(o)
	f.cost[i], f.moves[i] = own, own <= 2
	if absorbs {
		for _, k := range f.p.roots(it.kids) {
			if f.inline[k] {
				f.cost[i] += f.cost[k]
				f.moves[i] = f.moves[i] && f.moves[k]
			}
		}
		if f.cost[i] > inlineTotal {
			for _, k := range f.p.roots(it.kids) {
				f.inline[k] = false
			}
			f.cost[i] = own
		}
	}
	if own == 0 || it.place != planned || len(f.readers[i]) == 0 {
		return
	}
	limit := inlineOften
	switch len(f.readers[i]) {
	case 1:
		limit = inlineOnce
	case 2:
		limit = inlineTwice
	}
	if f.cost[i] > limit {
		return
	}
	for _, r := range f.readers[i] {
		ro := f.fusable(r)
		if ro == nil || !f.dev.Absorbs(ro) || !f.moves[i] && f.span(r) > inlineGrow*it.size {
			return
		}
	}
	f.inline[i] = true
}

// span is how many elements a reader computes of its inputs.
func (f *fusion) span(i int) int {
	n := f.p.items[i].size
	for _, k := range f.p.items[i].kids {
		n = max(n, f.p.items[k].size)
	}
	return n
}

// roots resolves aliases.
func (p *plan) roots(kids []int) []int {
	out := make([]int, len(kids))
	for j, k := range kids {
		out[j] = p.items[k].root
	}
	return out
}

// build gives an op that is not inlined the kernel that computes what is.
func (f *fusion) build(i int) {
	o := f.fusable(i)
	if o == nil || f.inline[i] || !f.dev.Absorbs(o) {
		return
	}
	it := &f.p.items[i]
	leaves := []int{}
	seen := map[int]*Expr{}
	var expr func(k int) *Expr
	expr = func(k int) *Expr {
		if e := seen[k]; e != nil {
			return e
		}
		e := &Expr{}
		if k == i || f.inline[k] {
			e.Op = f.p.items[k].node.Op().(*op.Op)
			for _, c := range f.p.roots(f.p.items[k].kids) {
				e.In = append(e.In, expr(c))
			}
		} else {
			e.Leaf = len(leaves)
			leaves = append(leaves, k)
		}
		seen[k] = e
		return e
	}
	k := f.dev.Fused(expr(i))
	if k == nil {
		// Too long for one kernel: its inputs get kernels of their own. They come earlier in the
		// list, so they are built now.
		for _, c := range f.p.roots(it.kids) {
			if f.inline[c] {
				f.inline[c] = false
				f.build(c)
			}
		}
		return
	}
	it.kernel, it.kids = k, leaves
}
