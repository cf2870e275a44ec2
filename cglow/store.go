package cglow

import (
	"fmt"
	"sync"
	"weak"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/condnet"
	"glownotes/cglow/cpu"
)

// store owns the parameters: one flat buffer of the model's precision, and a
// tensor over a part of it for each parameter. Every graph binds the same
// tensors, so that what the optimizer writes is what the next run reads.
type store struct {
	dtype  tensor.Dtype
	f32    []float32 // one of the two is in use
	f64    []float64
	list   []*param
	byName map[string]*param
	size   int // number of values, fixed ones included

	mu       *sync.Mutex // the model's
	home     *home       // where the weights are, nil: on the host
	trainers []weak.Pointer[Trainer]
}

// param is one parameter of a store.
type param struct {
	condnet.Param
	offset, size int
	dense        *tensor.Dense
}

// newStore lays out the declared parameters; values are zero.
func newStore(decl []condnet.Param, dtype tensor.Dtype) *store {
	s := &store{dtype: dtype, byName: make(map[string]*param, len(decl))}
	for _, d := range decl {
		n := 1
		for _, v := range d.Shape {
			n *= v
		}
		p := &param{Param: d, offset: s.size, size: n}
		s.list = append(s.list, p)
		s.byName[d.Name] = p
		s.size += n
	}
	if dtype == tensor.Float64 {
		s.f64 = cpu.Alloc[float64](s.size)
	} else {
		s.f32 = cpu.Alloc[float32](s.size)
	}
	for _, p := range s.list {
		p.dense = tensor.New(tensor.WithShape(p.Shape...), tensor.Of(dtype), tensor.WithBacking(s.backing(p)))
	}
	return s
}

// backing returns p's part of the flat buffer as a []float32 or []float64.
func (s *store) backing(p *param) any {
	s.host()
	end := p.offset + p.size
	if s.dtype == tensor.Float64 {
		return s.f64[p.offset:end:end]
	}
	return s.f32[p.offset:end:end]
}

// set overwrites p.
func (s *store) set(p *param, v []float64) {
	s.host()
	defer s.changed()
	for i, x := range v {
		if s.dtype == tensor.Float64 {
			s.f64[p.offset+i] = x
		} else {
			s.f32[p.offset+i] = float32(x)
		}
	}
}

// get returns a float64 copy of p.
func (s *store) get(p *param) []float64 {
	s.host()
	out := make([]float64, p.size)
	for i := range out {
		if s.dtype == tensor.Float64 {
			out[i] = s.f64[p.offset+i]
		} else {
			out[i] = float64(s.f32[p.offset+i])
		}
	}
	return out
}

// lookup returns parameters as nodes of g, each made once and noted in nodes.
func (s *store) lookup(g *gorgonia.ExprGraph, nodes map[string]*gorgonia.Node) condnet.Lookup {
	return func(name string) *gorgonia.Node {
		if n := nodes[name]; n != nil {
			return n
		}
		p := s.byName[name]
		if p == nil {
			panic(fmt.Sprintf("cglow: parameter %s is not declared", name))
		}
		n := gorgonia.NewTensor(g, s.dtype, len(p.Shape), gorgonia.WithShape(p.Shape...),
			gorgonia.WithName(name), gorgonia.WithValue(p.dense))
		nodes[name] = n
		return n
	}
}

// each calls f with every value, by its place in the flat buffer.
func (s *store) each(f func(i int, v float64)) {
	s.host()
	for i, v := range s.f32 {
		f(i, float64(v))
	}
	for i, v := range s.f64 {
		f(i, v)
	}
}

// all returns a float64 copy of the flat buffer.
func (s *store) all() []float64 {
	out := make([]float64, s.size)
	s.each(func(i int, v float64) { out[i] = v })
	return out
}
