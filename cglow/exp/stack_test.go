package exp

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// TestLeastLog compares with a search over all weights of two estimates, where
// one pair errs a hundred times as much as the others and asks for the other
// weights.
func TestLeastLog(t *testing.T) {
	var gs []*mat.SymDense
	for n := range 6 {
		a, b, ab := 1+.1*float64(n), 3., .4
		if n == 5 {
			a, b, ab = 900, 100, 200
		}
		gs = append(gs, mat.NewSymDense(2, []float64{a, ab, ab, b}))
	}
	at := func(w float64) float64 {
		sum := 0.
		for _, g := range gs {
			sum += math.Log(w*w*g.At(0, 0) + 2*w*(1-w)*g.At(0, 1) + (1-w)*(1-w)*g.At(1, 1))
		}
		return sum
	}
	best := 0.
	for w := -1.; w < 2; w += 1e-4 {
		if at(w) < at(best) {
			best = w
		}
	}
	got, err := leastLog(gs)
	if err != nil || math.Abs(float64(got[0])-best) > 2e-3 || math.Abs(float64(got[0]+got[1])-1) > 1e-6 {
		t.Errorf("weights %v, %v, want the first to be %.4f", got, err, best)
	}
	squares, err := leastSum(weightedSum(gs, nil))
	if err != nil || at(float64(squares[0])) <= at(best)+.1 {
		t.Errorf("the weights of least squares %v (%v) are no worse: the example shows nothing", squares, err)
	}
}

// TestLeastLogExact checks that a pair that one estimate hits exactly does not
// count for all the others.
func TestLeastLogExact(t *testing.T) {
	gs := []*mat.SymDense{mat.NewSymDense(2, []float64{0, 0, 0, 1})}
	for range 20 {
		gs = append(gs, mat.NewSymDense(2, []float64{4, 0, 0, 1}))
	}
	w, err := leastLog(gs)
	if err != nil || math.Abs(float64(w[1])-.8) > .05 {
		t.Errorf("weights %v, %v, want the second near .8", w, err)
	}
}
