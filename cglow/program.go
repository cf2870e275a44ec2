package cglow

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// write copies v into the memory behind an input node.
func write[T real](n *gorgonia.Node, v []T) {
	switch dst := n.Value().Data().(type) {
	case []float32:
		convert(dst, v)
	case []float64:
		convert(dst, v)
	default:
		panic(fmt.Sprintf("cglow: input %s has type %T", n.Name(), dst))
	}
}

// writeRow copies v into row r of the memory behind an input node.
func writeRow[T real](n *gorgonia.Node, r int, v []T) {
	switch dst := n.Value().Data().(type) {
	case []float32:
		convert(dst[r*len(v):(r+1)*len(v)], v)
	case []float64:
		convert(dst[r*len(v):(r+1)*len(v)], v)
	}
}

// values returns the memory behind a node's value converted to float64: a copy.
func values(n *gorgonia.Node) []float64 {
	switch v := n.Value().(type) {
	case *gorgonia.F32:
		return []float64{float64(*v)}
	case *gorgonia.F64:
		return []float64{float64(*v)}
	case *tensor.Dense:
		switch src := v.Data().(type) {
		case []float32:
			out := make([]float64, len(src))
			convert(out, src)
			return out
		case []float64:
			return append([]float64(nil), src...)
		}
	}
	panic(fmt.Sprintf("cglow: node %s has no value that can be read (%T)", n.Name(), n.Value()))
}

// convert copies src into dst, which must have the same length.
func convert[A, B real](dst []A, src []B) {
	if len(dst) != len(src) {
		panic(fmt.Sprintf("cglow: %d values for %d", len(src), len(dst)))
	}
	for i, v := range src {
		dst[i] = A(v)
	}
}
