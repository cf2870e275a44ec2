package viz

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A Place shows a value in place of the one that it showed before. The kernel's
// display.Live is one.
type Place interface{ Update(v any) }

// Live is a picture that changes while a computation goes on. It draws at most
// ten times a second, and more seldom when drawing is slow, so that all of it
// takes about 1 % of one processor's time:
//
//	live := viz.NewLive(display.NewLive())
//	defer live.End()
//	for step := range steps {
//		...
//		live.Update(func() viz.Picture { return viz.NewCurve(...).Line(...) })
//	}
//
// Update calls the function in the caller's goroutine, and only when a picture
// is due: it may read what the computation is changing. The picture is drawn, as
// SVG, in another goroutine. End draws what was left out last, as the picture's
// own PNG, which is what stays in a saved notebook. A Live is for one goroutine.
type Live struct {
	place Place
	every time.Duration // the shortest time between two pictures

	mu   sync.Mutex
	cost time.Duration // of a picture, the mean of the last ones
	busy bool          // a picture is being drawn

	last    time.Time
	left    func() Picture // the update that was left out last; nil: none
	picture Picture        // the last one
	drawing sync.WaitGroup
}

const (
	liveEvery = 100 * time.Millisecond // browsers follow ten pictures a second
	textEvery = 2 * time.Second        // and readers of a log one line in two seconds
	// liveShare bounds the cost: after a picture that took a time t to make and to
	// draw, the next comes no sooner than liveShare t later.
	liveShare = 75
)

// NewLive returns a picture that is shown in a place; it appears with the first
// Update.
func NewLive(place Place) *Live { return &Live{place: place, every: liveEvery} }

// NewTextLive returns a picture that becomes one line of text every two seconds,
// for programs without a notebook.
func NewTextLive(w io.Writer) *Live { return &Live{place: &textPlace{w: w}, every: textEvery} }

// Update shows the picture that draw returns, if one is due; else draw is not
// called, unless End comes next.
func (l *Live) Update(draw func() Picture) {
	l.mu.Lock()
	wait, busy := max(l.every, liveShare*l.cost), l.busy
	l.mu.Unlock()
	if busy || time.Since(l.last) < wait {
		l.left = draw
		return
	}
	start := time.Now()
	l.left, l.picture = nil, draw()
	l.last = time.Now()
	l.mu.Lock()
	l.busy = true
	l.mu.Unlock()
	picture := l.picture
	l.drawing.Go(func() {
		l.place.Update(stillOf(picture))
		l.mu.Lock()
		defer l.mu.Unlock()
		l.busy = false
		l.cost = (l.cost + time.Since(start)) / 2
	})
}

// End shows the last state. Updates after it start anew.
func (l *Live) End() {
	l.drawing.Wait()
	if l.left != nil {
		l.picture, l.left = l.left(), nil
	}
	if l.picture == nil {
		return
	}
	l.place.Update(l.picture)
	l.picture = nil
}

// still is a picture that has been drawn.
type still struct {
	words string
	svg   []byte
	err   error
}

func stillOf(p Picture) still {
	svg, err := p.SVG()
	return still{words: words(p), svg: svg, err: err}
}

// SVG returns the picture.
func (f still) SVG() ([]byte, error) { return f.svg, f.err }

// String describes the picture in one line.
func (f still) String() string { return f.words }

// words returns what a picture says of itself, or its title.
func words(p Picture) string {
	if s, ok := p.(fmt.Stringer); ok {
		return s.String()
	}
	s, err := p.compose()
	if err != nil {
		return err.Error()
	}
	return "picture: " + s.name
}

// textPlace writes pictures as lines of text.
type textPlace struct {
	w    io.Writer
	last string
}

func (t *textPlace) Update(v any) {
	var s string
	switch v := v.(type) {
	case still:
		s = v.words
	case Picture:
		s = words(v)
	}
	if s != t.last {
		fmt.Fprintln(t.w, s)
		t.last = s
	}
}
