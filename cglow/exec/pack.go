package exec

import (
	"sort"

	"gorgonia.org/tensor"

	"glownotes/cglow/cpu"
)

// interval is a piece of memory that is in use from step first to step last, both included.
type interval struct {
	first, last int
	size        int
	off         int // the answer
}

// packIntervals gives every interval an offset such that two that overlap in time do not
// overlap in memory, and returns the memory needed: greedily, the largest first, at the lowest
// offset that is free. The result does not depend on anything but the list.
func packIntervals(ivs []interval) (total int) {
	order := make([]int, len(ivs))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return ivs[order[a]].size > ivs[order[b]].size })
	var placed []int // by offset
	for _, k := range order {
		v := &ivs[k]
		for _, j := range placed {
			o := &ivs[j]
			if o.last < v.first || o.first > v.last {
				continue
			}
			if o.off >= v.off+v.size {
				break
			}
			v.off = max(v.off, o.off+o.size)
		}
		total = max(total, v.off+v.size)
		at := sort.Search(len(placed), func(i int) bool { return ivs[placed[i]].off >= v.off })
		placed = append(placed, 0)
		copy(placed[at+1:], placed[at:])
		placed[at] = k
	}
	return total
}

// pack lays out the arena of one element type.
func (p *plan) pack(dt tensor.Dtype) {
	line := cpu.LineBytes / int(dt.Size())
	var ivs []interval
	var places []*int
	add := func(place *int, first, last, size int) {
		ivs = append(ivs, interval{first: first, last: last, size: (size + line - 1) / line * line})
		places = append(places, place)
		p.naive[dt] += size
	}
	for i := range p.items {
		it := &p.items[i]
		if it.place == unused || it.node.Dtype() != dt {
			continue
		}
		if it.place == planned {
			add(&it.off, it.first, it.last, it.size)
		}
		if it.kernel != nil && it.kernel.Scratch > 0 {
			add(&it.scratch, p.when[i], p.when[i], it.kernel.Scratch)
		}
	}
	p.arena[dt] = packIntervals(ivs)
	for k, place := range places {
		*place = ivs[k].off
	}
}
