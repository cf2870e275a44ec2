package exp

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"glownotes/cglow/data"
)

// stackPairs is the number of training pairs that weights are fitted to: whole
// pictures, as the tables measure them, also where training sees patches.
const stackPairs = 64

// stack returns the weights, whose sum is 1, with which several estimates
// together come nearest to y of training pairs (stacked regression, Breiman
// 1996). Of classes that is the least squared error over all of them. Of
// pictures it is the least mean over the pairs of the log of a pair's squared
// error, the measure of the tables (a mean of PSNRs): the sum of squares would
// be that of the few worst pairs. Estimates that err apart gain from each
// other, and one that adds nothing gets next to no weight.
func (e *Experiment) stack(names string) ([]float32, error) {
	if w := e.weights[names]; w != nil {
		return w, nil
	}
	gs, err := e.errorProducts(members(names))
	if err != nil {
		return nil, err
	}
	fit := leastLog
	if !e.p.picture {
		fit = func(gs []*mat.SymDense) ([]float32, error) { return leastSum(weightedSum(gs, nil)) }
	}
	w, err := fit(gs)
	if err != nil {
		return nil, fmt.Errorf("exp: the weights of %s: %w", names, err)
	}
	e.weights[names] = w
	return w, nil
}

// errorProducts returns, for each of stackPairs training pairs, the products
// G_ij = sum over the pixels of (p_i - y)(p_j - y) of the members' estimates p.
func (e *Experiment) errorProducts(names []string) ([]*mat.SymDense, error) {
	set := e.sets.whole
	if set == nil {
		set = e.Train
	}
	each, err := e.alone(names, set != e.Train, everyNetwork)
	if err != nil {
		return nil, err
	}
	idx := numbered(0, stackPairs)
	n := set.Len()
	if c := e.Config.TrainPairs; set != e.Train && c > 0 && (n == 0 || c < n) {
		n = c
	}
	if n > 0 {
		idx = numbered(0, min(n, stackPairs))
		for k := range idx {
			idx[k] = data.SpreadIndex(k, len(idx), n)
		}
	}
	var gs []*mat.SymDense
	for at := 0; at < len(idx); at += 16 {
		some := idx[at:min(len(idx), at+16)]
		x, y, err := set.Load(some)
		if err != nil {
			return nil, err
		}
		off := make([]data.Images, len(each))
		for i, f := range each {
			p, err := f(context.Background(), some, x)
			if err != nil {
				return nil, err
			}
			off[i] = combined(p, 1, y, -1)
		}
		for row := range some {
			g := mat.NewSymDense(len(each), nil)
			for i := range each {
				for j := range i + 1 {
					sum, b := 0., off[j].Row(row)
					for v, a := range off[i].Row(row) {
						sum += float64(a) * float64(b[v])
					}
					g.SetSym(i, j, sum)
				}
			}
			gs = append(gs, g)
		}
	}
	return gs, nil
}

// weightedSum returns the sum of k_n G_n; nil k: all 1.
func weightedSum(gs []*mat.SymDense, k []float64) *mat.SymDense {
	out := mat.NewSymDense(gs[0].SymmetricDim(), nil)
	for n, g := range gs {
		f := 1.
		if k != nil {
			f = k[n]
		}
		for i := range g.SymmetricDim() {
			for j := range i + 1 {
				out.SetSym(i, j, out.At(i, j)+f*g.At(i, j))
			}
		}
	}
	return out
}

// leastLog returns w of sum 1 with a least sum over n of log(w'G_n w), from the
// least squares on: the log lies below its tangents, so that each least sum of
// w'G_n w / (v'G_n v), v the w before, is no step up.
func leastLog(gs []*mat.SymDense) ([]float32, error) {
	const rounds = 50
	w, err := leastSum(weightedSum(gs, nil))
	k := make([]float64, len(gs))
	for r := 0; r < rounds && err == nil; r++ {
		v := mat.NewVecDense(len(w), nil)
		for i, x := range w {
			v.SetVec(i, float64(x))
		}
		mean := 0.
		for n, g := range gs {
			k[n] = mat.Inner(v, g, v)
			mean += k[n] / float64(len(gs))
		}
		for n := range k {
			k[n] = 1 / (k[n] + 1e-6*mean) // a pair without error is not all there is
		}
		w, err = leastSum(weightedSum(gs, k))
	}
	return w, err
}

// leastSum returns the w of sum 1 with the least w'Gw. A part in a million of
// the diagonal is added, so that networks that say the same share their weight.
func leastSum(g *mat.SymDense) ([]float32, error) {
	k := g.SymmetricDim()
	ones := mat.NewVecDense(k, nil)
	for i := range k {
		ones.SetVec(i, 1)
		g.SetSym(i, i, g.At(i, i)*(1+1e-6)+1e-12)
	}
	var c mat.Cholesky
	if !c.Factorize(g) {
		return nil, fmt.Errorf("the products of the errors are %v", mat.Formatted(g))
	}
	var v mat.VecDense
	if err := c.SolveVecTo(&v, ones); err != nil {
		return nil, err
	}
	sum := mat.Sum(&v)
	w := make([]float32, k)
	for i := range w {
		w[i] = float32(v.AtVec(i) / sum)
	}
	return w, nil
}
