package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestTranspose(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	for _, s := range available() {
		for _, size := range [][2]int{{0, 3}, {3, 0}, {1, 1}, {1, 20}, {20, 1}, {4, 16}, {8, 8}, {7, 9}, {16, 16}, {17, 35}, {40, 24}, {64, 9}, {9, 70}, {70, 4}, {4, 70}, {64, 4}, {4, 64}, {4, 33}, {15, 16}} {
			for _, slack := range []int{0, 3} {
				t.Run(fmt.Sprintf("%v/%dx%d/slack=%d", s, size[0], size[1], slack), func(t *testing.T) {
					rows, cols := size[0], size[1]
					dstRow, srcRow := rows+slack, cols+slack
					src, dst := newGuarded(rng, rows*srcRow), newGuarded(rng, cols*dstRow)
					want := widen(dst.v)
					for i := range rows {
						for j := range cols {
							want[j*dstRow+i] = float64(src.v[i*srcRow+j])
						}
					}
					s.turn(dst.v, dstRow, src.v, srcRow, rows, cols)
					dst.close(t, "dst", want, 0)
					src.unchanged(t, "src")
				})
			}
		}
	}
}

func TestTransposeRefusesShort(t *testing.T) {
	mustPanic(t, func() { Transpose(make([]float32, 5), make([]float32, 6), 2, 3) })
}

func ExampleTranspose() {
	y := make([]float32, 6)
	Transpose(y, []float32{1, 2, 3, 4, 5, 6}, 2, 3)
	fmt.Println(y)
	// Output: [1 4 2 5 3 6]
}
