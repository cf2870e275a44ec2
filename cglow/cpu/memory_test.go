package cpu

import (
	"testing"
	"unsafe"
)

func TestAlloc(t *testing.T) {
	for _, n := range []int{0, 1, 17, 1000, 3 << 20} {
		a, b := Alloc[float32](n), Alloc[float64](n)
		if len(a) != n || len(b) != n || cap(a) != n || cap(b) != n {
			t.Fatalf("n=%d: lengths %d and %d, capacities %d and %d", n, len(a), len(b), cap(a), cap(b))
		}
		if n == 0 {
			continue
		}
		if x, y := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0])); x%LineBytes != 0 || y%LineBytes != 0 {
			t.Errorf("n=%d: starts at %#x and %#x, not on cache lines", n, x, y)
		}
		for i := range a {
			if a[i] != 0 || b[i] != 0 {
				t.Fatalf("n=%d: element %d is not zero", n, i)
			}
			a[i], b[i] = 1, 1
		}
	}
}
