package cglow

import (
	"fmt"
	"math"
	"sync/atomic"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/optim"
)

// factoredBatch is the largest batch for which gradients of fully connected
// layers stay factors: the optimizer makes them on the way at no cost up to as
// many outer products as one product of package cpu adds up in one go.
const factoredBatch = 8

// outerGrad is a parameter whose gradient was computed as factors f [N,out+in]
// (op.Outer) only. The paper's first fully connected layers hold most of its
// values, and their gradients are products of a few vectors: to write and read
// them would cost as much memory traffic as a third of Adam's.
type outerGrad struct {
	*gorgonia.Node
	f *gorgonia.Node
}

var _ optim.Outer = outerGrad{}

// gradientsOf returns the parameters with their gradients, and what a program
// must compute for them.
func gradientsOf(params, grads gorgonia.Nodes) (values []gorgonia.ValueGrad, computed []*gorgonia.Node) {
	for i, p := range params {
		if f := op.Factors(grads[i]); f != nil {
			values, computed = append(values, outerGrad{p, f}), append(computed, f)
		} else {
			values, computed = append(values, p), append(computed, grads[i])
		}
	}
	return values, computed
}

// Factors returns the value of f.
func (o outerGrad) Factors() (gorgonia.Value, error) {
	if v := o.f.Value(); v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("cglow: no gradient of %s has been computed", o.Name())
}

// Grad makes the gradient: a new tensor at every call.
func (o outerGrad) Grad() (gorgonia.Value, error) {
	v, err := o.Factors()
	if err != nil {
		return nil, err
	}
	f, shape := v.Data().([]float32), o.Shape()
	out, in := shape[0], shape[1]
	g := make([]float32, out*in)
	cpu.Outer{F: f, N: len(f) / (out + in), Out: out, In: in}.Write(g)
	return tensor.New(tensor.WithShape(out, in), tensor.WithBacking(g)), nil
}

// small reports whether the factors alone tell that the gradient is finite: its
// largest value is at most sum |a_n| |b_n| <= sum (a_n^2 + b_n^2) / 2.
func (o outerGrad) small() bool {
	v, err := o.Factors()
	if err != nil {
		return false
	}
	f := v.Data().([]float32)
	return cpu.Dot(f, f)/2 <= math.MaxFloat32
}

// finite reports whether the loss and every gradient are numbers.
func finite(nats float64, model []gorgonia.ValueGrad) bool {
	if nats-nats != 0 {
		return false
	}
	var bad atomic.Bool
	cpu.Parallel(len(model), func(i int) {
		if o, ok := model[i].(outerGrad); ok && o.small() {
			return
		}
		if g, err := model[i].Grad(); err != nil || !allFinite(g.Data()) {
			bad.Store(true)
		}
	})
	return !bad.Load()
}

// allFinite reports whether v, a []float32 or []float64, holds only numbers.
func allFinite(v any) bool {
	switch v := v.(type) {
	case []float32:
		return cpu.Finite(v)
	case []float64:
		for _, x := range v {
			if x-x != 0 {
				return false
			}
		}
	}
	return true
}
