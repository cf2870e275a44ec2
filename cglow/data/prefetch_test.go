package data

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

func TestPrefetchGivesWhatLoadGives(t *testing.T) {
	d := squares(100)
	order := func(k int) []int { return []int{k * 7 % 100, k} }
	p, err := Prefetch(t.Context(), d, 3, 4, order)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for k := 3; k < 40; k++ {
		x, y, err := p.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wx, wy, err := d.Load(order(k))
		if err != nil || !slices.Equal(x.Pix, wx.Pix) || !slices.Equal(y.Pix, wy.Pix) {
			t.Fatalf("batch %d differs from Load (%v)", k, err)
		}
	}
}

func TestPrefetchIsBounded(t *testing.T) {
	var asked atomic.Int64
	p, err := Prefetch(t.Context(), squares(5), 0, 3, func(k int) []int {
		asked.Add(1)
		return []int{0}
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, _, err := p.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.Close()
	if n := asked.Load(); n < 10 || n > 10+3 {
		t.Errorf("%d batches were loaded for 10 used, want at most 13", n)
	}
	for { // what was ready before Close may still come
		if _, _, err := p.Next(t.Context()); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("after Close: %v", err)
			}
			break
		}
	}
}

func TestPrefetchErrors(t *testing.T) {
	p, err := Prefetch(t.Context(), squares(5), 4, 2, func(k int) []int { return []int{k} })
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, _, err := p.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	var index *IndexError
	if _, _, err := p.Next(t.Context()); !errors.As(err, &index) || index.Index != 5 {
		t.Errorf("got %v, want an IndexError for 5", err)
	}
	if _, _, err := p.Next(t.Context()); err == nil {
		t.Error("a batch after an error")
	}
	if _, err := Prefetch(t.Context(), squares(5), 0, 0, nil); err == nil {
		t.Error("none ahead: no error")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	q, err := Prefetch(ended, squares(5), 0, 1, func(k int) []int { return []int{0} })
	if err != nil {
		t.Fatal(err)
	}
	q.Close()
	if _, _, err := q.Next(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

func ExamplePrefetch() {
	ctx := context.Background()
	d, err := Silhouettes(Silhouettes32())
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := Prefetch(ctx, d, 0, 2, func(k int) []int { return []int{2 * k, 2*k + 1} })
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	for range 3 {
		x, _, err := p.Next(ctx)
		fmt.Println(x.N, err)
	}
	// Output:
	// 2 <nil>
	// 2 <nil>
	// 2 <nil>
}

// TestPrefetchPanic checks that a Load that panics is an error that says where,
// and comes after the batches before it, and that an order of nil ends.
func TestPrefetchPanic(t *testing.T) {
	s := Shape{1, 1, 1}
	d := &pairs{name: "fragile", n: 9, sx: s, sy: s, pair: func(i int, x, _ []float32) error {
		x[i/3] = 1 // out of range from the fourth pair on
		return nil
	}}
	p, err := Prefetch(t.Context(), d, 2, 2, func(k int) []int { return []int{k} })
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, _, err := p.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _, err = p.Next(t.Context())
	if err == nil || !strings.Contains(err.Error(), "fragile: Load panicked: runtime error: index out of range") || !strings.Contains(err.Error(), "prefetch_test.go") {
		t.Errorf("error %v", err)
	}
	q, err := Prefetch(t.Context(), squares(5), 0, 2, func(k int) []int {
		if k == 1 {
			return nil
		}
		return []int{0}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if _, _, err := q.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := q.Next(t.Context()); err == nil {
		t.Error("a batch after the end")
	}
}
