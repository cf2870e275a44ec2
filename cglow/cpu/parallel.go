package cpu

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Parallel calls f(0), f(1), ... f(n-1), each exactly once, on up to
// GOMAXPROCS goroutines (the caller is one of them), and returns when all
// calls have returned. It replaces
//
//	for i := range n { f(i) }
//
// Which goroutine runs which index is not fixed, so f must write only to
// places that belong to its index; results are then independent of the number
// of workers. A call from inside f, or while another goroutine is inside
// Parallel, runs inline in index order. If some f(i) panics, the other indices
// may be skipped and the panic value of the lowest index that panicked is
// re-raised in the caller.
//
// One call is one fork-join: about a microsecond while the workers still spin,
// up to 100 µs when they have to be woken, so tasks should take longer than
// that. Parallel itself does not allocate; a closure built at the call does,
// callers in hot loops keep theirs.
func Parallel(n int, f func(i int)) {
	shared.run(n, runtime.GOMAXPROCS(0), f)
}

// shared is the process-wide pool: CPU cores are a process-wide resource.
var shared pool

// spinTime is how long an idle worker looks for the next job before it parks.
// Waking a parked goroutine on another core was measured at 75 to 130 µs on a
// 2-core virtual machine; consecutive ops of a training step follow each other
// faster than that.
const spinTime = 100 * time.Microsecond

// The state word of a pool: generation of the job in the upper bits, then two
// flags, then the number of workers inside the job.
const (
	activeMask = 1<<16 - 1
	openFlag   = 1 << 16 // workers may still enter
	waitFlag   = 1 << 17 // the caller sleeps until the last worker leaves
	genStep    = 1 << 18
)

// pool runs one job at a time.
type pool struct {
	mu      sync.Mutex // held by the caller of the running job
	state   atomic.Uint64
	n       int64
	f       func(i int)
	next    atomic.Int64 // next index to hand out
	workers []*worker
	done    chan struct{} // last worker to the sleeping caller

	panicMu    sync.Mutex
	panicIndex int64 // lowest index that panicked, or -1
	panicValue any
}

// worker is one helper goroutine.
type worker struct {
	parked atomic.Bool
	wake   chan struct{}
}

func (p *pool) run(n, procs int, f func(i int)) {
	if n <= 1 || procs <= 1 || !p.mu.TryLock() {
		for i := range n {
			f(i)
		}
		return
	}
	helpers := min(procs, n) - 1
	p.grow(helpers)
	p.n, p.f = int64(n), f
	p.next.Store(0)
	p.panicIndex, p.panicValue = -1, nil
	gen := p.state.Load() &^ (genStep - 1)
	p.state.Store(gen + genStep + openFlag)
	for _, w := range p.workers[:helpers] {
		if w.parked.CompareAndSwap(true, false) {
			w.wake <- struct{}{}
		}
	}
	completed := false
	defer func() { p.finish(completed) }() // also when f ends this goroutine
	p.work()
	completed = true
}

// finish waits for the workers, frees the pool and re-raises a recorded panic.
func (p *pool) finish(raise bool) {
	p.join()
	p.f = nil
	index, value := p.panicIndex, p.panicValue
	p.panicValue = nil
	p.mu.Unlock()
	if raise && index >= 0 {
		panic(value)
	}
}

// grow starts workers until there are n.
func (p *pool) grow(n int) {
	if p.done == nil {
		p.done = make(chan struct{}, 1)
	}
	for len(p.workers) < n {
		w := &worker{wake: make(chan struct{}, 1)}
		p.workers = append(p.workers, w)
		go p.loop(w)
	}
}

// work takes indices until none is left.
func (p *pool) work() {
	for {
		i := p.next.Add(1) - 1
		if i >= p.n {
			return
		}
		p.call(i)
	}
}

// call runs one index and records its panic. runtime.Goexit inside f (such as
// testing's FailNow) cannot be stopped; it is reported as a panic as well.
func (p *pool) call(i int64) {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		if v == nil {
			v = fmt.Errorf("cpu: Parallel: task %d left its goroutine", i)
		}
		p.next.Store(p.n)
		p.panicMu.Lock()
		if p.panicIndex < 0 || i < p.panicIndex {
			p.panicIndex, p.panicValue = i, v
		}
		p.panicMu.Unlock()
	}()
	p.f(int(i))
	returned = true
}

// join closes the job and waits until no worker is inside.
func (p *pool) join() {
	for s := p.state.Load(); !p.state.CompareAndSwap(s, s&^openFlag); s = p.state.Load() {
	}
	if spin(func() bool { return p.state.Load()&activeMask == 0 }) {
		return
	}
	for {
		s := p.state.Load()
		if s&activeMask == 0 {
			return
		}
		if p.state.CompareAndSwap(s, s|waitFlag) {
			<-p.done
			return
		}
	}
}

// enter makes the caller a worker of the current job if one newer than last is
// open, and returns its generation.
func (p *pool) enter(last uint64) (gen uint64, ok bool) {
	for {
		s := p.state.Load()
		gen = s / genStep
		if s&openFlag == 0 || gen == last {
			return last, false
		}
		if p.state.CompareAndSwap(s, s+1) {
			return gen, true
		}
	}
}

// leave takes one worker out of the job and wakes the caller if it was the
// last one and the caller sleeps.
func (p *pool) leave() {
	s := p.state.Add(^uint64(0))
	if s&activeMask == 0 && s&waitFlag != 0 {
		p.done <- struct{}{}
	}
}

// loop is the life of a worker: serve jobs, spin, park.
func (p *pool) loop(w *worker) {
	var last uint64
	// Reached without a return only when f ended the goroutine: start afresh.
	defer func() {
		p.leave()
		go p.loop(w)
	}()
	for {
		var ok bool
		if last, ok = p.enter(last); ok {
			p.work()
			p.leave()
			continue
		}
		found := spin(func() bool {
			s := p.state.Load()
			return s&openFlag != 0 && s/genStep != last
		})
		if found {
			continue
		}
		w.parked.Store(true)
		if s := p.state.Load(); s&openFlag != 0 && s/genStep != last && w.parked.CompareAndSwap(true, false) {
			continue
		}
		<-w.wake
	}
}

// spin polls cond for about spinTime, letting other goroutines run in between,
// and reports whether it became true.
func spin(cond func() bool) bool {
	var start time.Time
	for round := 0; ; round++ {
		for range 64 {
			if cond() {
				return true
			}
		}
		switch {
		case round == 0:
			start = time.Now()
		case time.Since(start) > spinTime:
			return false
		}
		runtime.Gosched()
	}
}
