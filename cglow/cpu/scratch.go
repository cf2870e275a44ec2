package cpu

import "sync"

// scratch is the working memory of one product in progress. A call takes one
// from a list and gives it back, so the memory in use is bounded by the number
// of goroutines that compute at the same time: at most
// blockK*(columns+wide) floats, about 1 MB, each.
type scratch struct {
	buf  []float32
	next *scratch
}

// spare is the list of scratches not in use. (sync.Pool would drop them at
// every garbage collection.)
var spare struct {
	sync.Mutex
	first *scratch
}

func takeScratch() *scratch {
	spare.Lock()
	defer spare.Unlock()
	s := spare.first
	if s == nil {
		return new(scratch)
	}
	spare.first, s.next = s.next, nil
	return s
}

func giveScratch(s *scratch) {
	spare.Lock()
	defer spare.Unlock()
	s.next, spare.first = spare.first, s
}

// floats returns n values of any content.
func (s *scratch) floats(n int) []float32 {
	if cap(s.buf) < n {
		s.buf = make([]float32, n)
	}
	return s.buf[:n]
}
