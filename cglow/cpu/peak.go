package cpu

import (
	"runtime"
	"time"
)

// Peak measures how many floating point operations per second the cores do at
// most with the active instruction set: a loop of independent multiply-adds in
// registers, on as many goroutines as Parallel uses, best of several rounds of
// about a millisecond within d. Benchmarks divide their rates by it. The
// portable set has no vector instructions, so there it measures scalar code.
func Peak(d time.Duration) (flops float64) {
	return active.peak(d, runtime.GOMAXPROCS(0))
}

func (s isa) peak(d time.Duration, goroutines int) (flops float64) {
	rounds := 1000
	for end := time.Now().Add(d); ; {
		var done float64
		start := time.Now()
		shared.run(goroutines, goroutines, func(i int) {
			n := s.flops(rounds)
			if i == 0 {
				done = n * float64(goroutines)
			}
		})
		seconds := time.Since(start).Seconds()
		flops = max(flops, done/seconds)
		if seconds < 1e-3 {
			rounds *= 2
		}
		if time.Now().After(end) {
			return flops
		}
	}
}

// flopsGeneric is eight independent chains of multiplication and addition.
func flopsGeneric(n int) float64 {
	var s [8]float32
	x := float32(1)
	for range n {
		s[0], s[1], s[2], s[3] = s[0]+x*x, s[1]+x*x, s[2]+x*x, s[3]+x*x
		s[4], s[5], s[6], s[7] = s[4]+x*x, s[5]+x*x, s[6]+x*x, s[7]+x*x
	}
	runtime.KeepAlive(s)
	return float64(n) * 16
}
