package exec

import (
	"math/rand/v2"
	"testing"
)

// TestPackIntervals checks on random lists that no two intervals share memory at one time.
func TestPackIntervals(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		ivs := make([]interval, rng.IntN(60))
		sum := 0
		for i := range ivs {
			first := rng.IntN(50)
			ivs[i] = interval{first: first, last: first + rng.IntN(10), size: 16 * (1 + rng.IntN(8))}
			sum += ivs[i].size
		}
		total := packIntervals(ivs)
		if total > sum {
			t.Fatalf("round %d: %d elements for a sum of %d", round, total, sum)
		}
		for i, a := range ivs {
			if a.off < 0 || a.off+a.size > total {
				t.Fatalf("round %d: interval %d at %d+%d, outside of %d", round, i, a.off, a.size, total)
			}
			for j, b := range ivs[:i] {
				together := a.first <= b.last && b.first <= a.last
				if together && a.off < b.off+b.size && b.off < a.off+a.size {
					t.Fatalf("round %d: intervals %d %+v and %d %+v overlap", round, i, a, j, b)
				}
			}
		}
	}
}
