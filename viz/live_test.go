package viz

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// counted is a place that counts what it is shown.
type counted struct {
	mu    sync.Mutex
	shown []any
}

func (c *counted) Update(v any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown = append(c.shown, v)
}

// Whatever a computation does, a picture is drawn at most ten times a second,
// and the last state is always shown.
func TestLiveIsLimited(t *testing.T) {
	p := &counted{}
	l := NewLive(p)
	start, updates := time.Now(), 0
	for time.Since(start) < 450*time.Millisecond {
		updates++
		n := float64(updates)
		l.Update(func() Picture { return NewCurve("", "", "").Line("", []float64{0, 1}, []float64{0, n}) })
	}
	l.End()
	took := time.Since(start)
	if most := int(took/liveEvery) + 2; len(p.shown) < 2 || len(p.shown) > most {
		t.Errorf("%d pictures in %v for %d updates, want 2 to %d", len(p.shown), took, updates, most)
	}
	last, ok := p.shown[len(p.shown)-1].(*Curve)
	if !ok || last.series[0].ys[1] != float64(updates) {
		t.Errorf("the last picture is not that of update %d: %v", updates, p.shown[len(p.shown)-1])
	}
	for _, v := range p.shown[:len(p.shown)-1] {
		if svg, err := v.(still).SVG(); err != nil || len(svg) == 0 {
			t.Errorf("a picture in between has no SVG: %v", err)
		}
	}
	before := len(p.shown)
	l.End()
	if len(p.shown) != before {
		t.Error("a second End shows something")
	}
}

// A picture that is slow to make comes seldom.
func TestLiveKeepsItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // drawing takes no time there, making the picture 60 ms
		p := &counted{}
		l := NewLive(p)
		for range 2000 {
			l.Update(func() Picture {
				time.Sleep(60 * time.Millisecond)
				return NewCurve("", "", "")
			})
			time.Sleep(time.Millisecond)
		}
		l.drawing.Wait()
		if len(p.shown) != 1 {
			t.Errorf("%d pictures of 60 ms within two seconds, want the first only", len(p.shown))
		}
	})
}

// BenchmarkLive reports the part of one processor's time that a live curve of
// 3,000 steps takes, in percent, and the pictures a second.
func BenchmarkLive(b *testing.B) {
	xs, ys := make([]float64, 3000), make([]float64, 3000)
	for i := range xs {
		xs[i], ys[i] = float64(i), math.Exp(-float64(i)/900)+.1*math.Sin(float64(i*i))
	}
	p := &counted{}
	l := NewLive(p)
	var spent time.Duration
	start := time.Now()
	for b.Loop() {
		for round := time.Now(); time.Since(round) < time.Second; time.Sleep(time.Millisecond) {
			before := l.last
			l.Update(func() Picture { return NewCurve("Training", "step", "bits/dim").Smooth("", xs, ys, 50) })
			if l.last != before {
				l.drawing.Wait()
				spent += time.Since(l.last)
			}
		}
	}
	elapsed := time.Since(start)
	b.ReportMetric(100*spent.Seconds()/elapsed.Seconds(), "%")
	b.ReportMetric(float64(len(p.shown))/elapsed.Seconds(), "pictures/s")
}
