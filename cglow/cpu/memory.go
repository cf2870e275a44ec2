package cpu

import "unsafe"

// LineBytes is the size of a cache line.
const LineBytes = 64

const hugeBytes = 2 << 20

// Alloc returns n zeros that start on a cache line, in memory for which the system was asked to
// use large pages where it has them: streaming through hundreds of megabytes, such as parameters
// and moments, is otherwise slowed by the search for pages.
func Alloc[T float32 | float64](n int) []T {
	if n == 0 {
		return nil
	}
	size := int(unsafe.Sizeof(T(0)))
	s := make([]T, n+LineBytes/size)
	skip := 0
	for uintptr(unsafe.Pointer(&s[skip]))%LineBytes != 0 {
		skip++
	}
	s = s[skip : skip+n : skip+n]
	if n*size >= 2*hugeBytes {
		first := uintptr(unsafe.Pointer(&s[0]))
		from := int((first+hugeBytes-1)/hugeBytes*hugeBytes - first)
		to := int((first+uintptr(n*size))/hugeBytes*hugeBytes - first)
		adviseHuge(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&s[0]), from)), to-from))
	}
	return s
}
