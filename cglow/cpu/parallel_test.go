package cpu

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestParallelRunsEachIndexOnce(t *testing.T) {
	for _, procs := range []int{1, 2, 3, 8} {
		for _, n := range []int{0, 1, 2, 3, 7, 100, 1000} {
			t.Run(fmt.Sprintf("procs=%d/n=%d", procs, n), func(t *testing.T) {
				var p pool
				for round := range 20 {
					counts := make([]atomic.Int32, n)
					p.run(n, procs, func(i int) { counts[i].Add(1) })
					for i := range counts {
						if got := counts[i].Load(); got != 1 {
							t.Fatalf("round %d: index %d ran %d times, want 1", round, i, got)
						}
					}
				}
			})
		}
	}
}

func TestParallelUsesTwoGoroutines(t *testing.T) {
	var p pool
	for _, pause := range []time.Duration{0, 3 * spinTime} { // spinning, parked
		time.Sleep(pause)
		both := make(chan struct{})
		var inside atomic.Int32
		p.run(2, 2, func(int) {
			if inside.Add(1) == 2 {
				close(both)
			}
			select {
			case <-both:
			case <-time.After(time.Minute):
			}
		})
		select {
		case <-both:
		default:
			t.Fatalf("after a pause of %v: the two tasks did not overlap", pause)
		}
	}
}

func TestParallelNestedRunsInline(t *testing.T) {
	var p pool
	var sum atomic.Int64
	p.run(4, 2, func(i int) {
		last := -1
		p.run(10, 2, func(j int) {
			if j != last+1 {
				t.Errorf("inner index %d after %d: not in order", j, last)
			}
			last = j
			sum.Add(int64(10*i + j))
		})
	})
	if got, want := sum.Load(), int64(39*40/2); got != want {
		t.Errorf("sum = %d, want %d", got, want)
	}
}

func TestParallelConcurrentCallers(t *testing.T) {
	var p pool
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for round := range 50 {
				var sum atomic.Int64
				p.run(20, 3, func(i int) { sum.Add(int64(i)) })
				if got := sum.Load(); got != 190 {
					t.Errorf("caller %d round %d: sum = %d, want 190", g, round, got)
				}
			}
		})
	}
	wg.Wait()
}

func TestParallelPanicReachesCaller(t *testing.T) {
	var p pool
	boom := errors.New("boom")
	for round := range 20 {
		got := func() (v any) {
			defer func() { v = recover() }()
			p.run(8, 2, func(i int) {
				if i == 3 {
					panic(boom)
				}
			})
			return nil
		}()
		if got != boom {
			t.Fatalf("round %d: recovered %v, want %v", round, got, boom)
		}
		ran := atomic.Int32{}
		p.run(8, 2, func(int) { ran.Add(1) })
		if ran.Load() != 8 {
			t.Fatalf("round %d: after a panic %d of 8 tasks ran", round, ran.Load())
		}
	}
}

func TestParallelSurvivesGoexit(t *testing.T) {
	var p pool
	worker := make(chan bool, 1)
	got := func() (v any) {
		defer func() { v = recover() }()
		caller := make(chan struct{})
		first := atomic.Bool{}
		main := goroutineID()
		p.run(2, 2, func(i int) {
			if goroutineID() == main {
				<-caller
				return
			}
			defer close(caller)
			first.Store(true)
			worker <- true
			runtime.Goexit()
		})
		return nil
	}()
	if err, ok := got.(error); !ok || err == nil {
		t.Fatalf("recovered %v, want an error that names the task", got)
	}
	<-worker
	ran := atomic.Int32{}
	p.run(8, 2, func(int) { ran.Add(1) })
	if ran.Load() != 8 {
		t.Fatalf("afterwards %d of 8 tasks ran", ran.Load())
	}
}

// goroutineID is the first line of the stack ("goroutine 7 [running]:").
func goroutineID() string {
	buf := make([]byte, 24)
	return string(buf[:runtime.Stack(buf, false)])
}

func TestParallelDoesNotAllocate(t *testing.T) {
	var p pool
	f := func(int) {}
	p.run(4, 2, f)
	if got := testing.AllocsPerRun(100, func() { p.run(4, 2, f) }); got != 0 {
		t.Errorf("allocations per run = %g, want 0", got)
	}
}
