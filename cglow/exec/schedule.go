package exec

import (
	"glownotes/cglow/op"
)

// schedule puts the steps in waves: steps of a wave do not depend on each other, and the device
// launches those of a class together. The step with the longest way to the end comes first, with
// all of its class that are ready; what is not urgent waits until many of a kind are there. Without
// a device every step is a wave, in the order of the graph.
func (p *plan) schedule(device bool) {
	p.when = make([]int, len(p.items))
	var steps []int
	for i := range p.items {
		p.when[i] = i
		if p.items[i].isStep() {
			steps = append(steps, i)
		}
	}
	if !device {
		return
	}
	s := newScheduler(p, steps)
	for len(s.ready) > 0 {
		wave := s.next()
		for _, i := range wave {
			p.when[i] = len(p.waves)
		}
		p.waves = append(p.waves, wave)
		s.done(wave)
	}
	for i := range p.items {
		if it := &p.items[i]; it.place != unused && !it.isStep() {
			p.when[i] = p.when[p.writer(i)]
			if it.place == input {
				p.when[i] = 0
			}
		}
	}
}

// writer is the step that writes an item: its own, or that of the op whose further output or other
// shape it is.
func (p *plan) writer(i int) int {
	for {
		it := &p.items[i]
		switch _, pick := it.node.Op().(*op.Pick); {
		case it.place == input || it.isStep():
			return i
		case pick:
			i = it.kids[0]
		default:
			i = it.root
		}
	}
}

type scheduler struct {
	p       *plan
	waiting []int   // inputs of a step that are not there yet
	readers [][]int // steps that read a step's results
	height  []int   // steps to the end on the longest way
	ready   []int
}

func newScheduler(p *plan, steps []int) *scheduler {
	s := &scheduler{p: p, waiting: make([]int, len(p.items)), readers: make([][]int, len(p.items)), height: make([]int, len(p.items))}
	for _, i := range steps {
		seen := map[int]bool{}
		for _, k := range p.items[i].kids {
			w := p.writer(k)
			if p.items[w].place != input && !seen[w] {
				seen[w] = true
				s.waiting[i]++
				s.readers[w] = append(s.readers[w], i)
			}
		}
		if s.waiting[i] == 0 {
			s.ready = append(s.ready, i)
		}
	}
	for j := len(steps) - 1; j >= 0; j-- {
		i := steps[j]
		for _, r := range s.readers[i] {
			s.height[i] = max(s.height[i], s.height[r]+1)
		}
	}
	return s
}

// class is what steps that can be launched together have in common; "" for a step alone.
func (s *scheduler) class(i int) string {
	if k := s.p.items[i].kernel; k != nil {
		return k.Class
	}
	return ""
}

// next returns the next wave.
func (s *scheduler) next() (wave []int) {
	first := s.ready[0]
	for _, i := range s.ready {
		if s.height[i] > s.height[first] || s.height[i] == s.height[first] && i < first {
			first = i
		}
	}
	class := s.class(first)
	if class == "" {
		return []int{first}
	}
	for _, i := range s.ready {
		if s.class(i) == class {
			wave = append(wave, i)
		}
	}
	return wave
}

// done makes steps ready that waited for the wave.
func (s *scheduler) done(wave []int) {
	gone := map[int]bool{}
	for _, i := range wave {
		gone[i] = true
	}
	left := s.ready[:0]
	for _, i := range s.ready {
		if !gone[i] {
			left = append(left, i)
		}
	}
	s.ready = left
	for _, i := range wave {
		for _, r := range s.readers[i] {
			if s.waiting[r]--; s.waiting[r] == 0 {
				s.ready = append(s.ready, r)
			}
		}
	}
}
