package op

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// Kernel computes the outputs of an op from its inputs, all row-major. An output that nobody
// reads may be nil, but not the first one. A kernel instance has room of its own and must not
// run twice at the same time.
type Kernel[T ref.Float] func(outs, ins [][]T) error

// Op is the one implementation of gorgonia.Op and gorgonia.SDOp in this package.
type Op struct {
	def
	id    uint64
	dtype tensor.Dtype
	in    []int // number of axes of each input
	last  any   // [][]T, all outputs of the last Do, for Pick
	picks []*gorgonia.Node
}

// def says what an op is.
type def struct {
	name  string
	out   tensor.Shape
	extra []tensor.Shape // of further outputs, see pick
	dims  any            // sizes and constants, for executors
	f32   func() Kernel[float32]
	f64   func() Kernel[float64]
	grads gradFunc      // nil: no gradient, asking for it is an error
	multi multiGradFunc // for ops whose further outputs pass gradients as well
	flat  bool          // does not depend on the elements of its inputs: the gradient is zero
}

// gradFunc returns one gradient node per input.
type gradFunc func(ins []*gorgonia.Node, out, g *gorgonia.Node) []*gorgonia.Node

// multiGradFunc is a gradFunc for all outputs: gs[i] is nil where no gradient arrives, and so is
// a result for an input that gets none.
type multiGradFunc func(ins, outs, gs []*gorgonia.Node) []*gorgonia.Node

// opIDs numbers all ops of the process. Only inequality matters: no result depends on it.
var opIDs atomic.Uint64

var (
	_ gorgonia.SDOp = (*Op)(nil)
	_ gorgonia.SDOp = (*Pick)(nil)
)

// apply makes the op and its node.
func apply(d def, ins ...*gorgonia.Node) *gorgonia.Node {
	children := append([]*gorgonia.Node(nil), ins...) // the node keeps the slice
	o := &Op{def: d, id: opIDs.Add(1), dtype: dtypeOf(d.name, children)}
	for _, n := range children {
		o.in = append(o.in, n.Dims())
	}
	o.picks = make([]*gorgonia.Node, len(d.extra))
	n, err := gorgonia.ApplyOp(o, children...)
	if err != nil {
		fail(d.name, ins, "%v", err)
	}
	return n
}

// dtypeOf returns the common element type of the inputs.
func dtypeOf(name string, ins []*gorgonia.Node) tensor.Dtype {
	check(len(ins) > 0, name, ins, "no inputs")
	for i, n := range ins {
		check(n != nil, name, ins, "input %d is nil", i)
	}
	dt := ins[0].Dtype()
	check(dt == tensor.Float32 || dt == tensor.Float64, name, ins, "element type %v: want float32 or float64", dt)
	for i, n := range ins {
		check(n.Dtype() == dt, name, ins, "input %d is %v, input 0 is %v", i, n.Dtype(), dt)
		check(n.Graph() == ins[0].Graph(), name, ins, "input %d belongs to another graph", i)
	}
	return dt
}

// Name returns the kind of the op, such as "conv2d" or "conv2d.dx".
func (o *Op) Name() string { return o.name }

// Dims returns the sizes and constants that the kernels were made for: a struct of package ref,
// a struct of this package, a float64 constant, or nil where the lengths say all.
func (o *Op) Dims() any { return o.dims }

// Extra returns the shapes of the outputs after the first.
func (o *Op) Extra() []tensor.Shape { return o.extra }

// Bind32 returns a new float32 kernel.
func (o *Op) Bind32() Kernel[float32] { return o.f32() }

// Bind64 returns a new float64 kernel.
func (o *Op) Bind64() Kernel[float64] { return o.f64() }

// Arity returns the number of inputs.
func (o *Op) Arity() int { return len(o.in) }

// Type returns a new function type per call: Gorgonia hands it to a pool afterwards.
func (o *Op) Type() hm.Type {
	ts := make([]hm.Type, 0, len(o.in)+1)
	for _, d := range o.in {
		ts = append(ts, typeOf(d, o.dtype))
	}
	return hm.NewFnType(append(ts, typeOf(len(o.out), o.dtype))...)
}

func typeOf(dims int, dt tensor.Dtype) hm.Type {
	if dims == 0 {
		return dt
	}
	return gorgonia.TensorType{Dims: dims, Of: dt}
}

// InferShape returns the shape of the first output.
func (o *Op) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return o.out.Clone(), nil }

// ReturnsPtr reports that the result is a pointer.
func (o *Op) ReturnsPtr() bool { return true }

// CallsExtern reports that nothing outside Go is called.
func (o *Op) CallsExtern() bool { return false }

// OverwritesInput reports that no input is overwritten.
func (o *Op) OverwritesInput() int { return -1 }

// WriteHash writes the name and the id of the op.
func (o *Op) WriteHash(h hash.Hash) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], o.id)
	h.Write([]byte(o.name))
	h.Write(b[:])
}

// Hashcode returns the hash of WriteHash.
func (o *Op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

func (o *Op) String() string { return fmt.Sprintf("%s#%d", o.name, o.id) }

// DiffWRT reports whether a gradient passes the op: to all inputs or to none. It is also true of
// ops without a gradient, most of them gradients themselves, so that [Op.SymDiff] can say so.
func (o *Op) DiffWRT(inputs int) []bool {
	d := make([]bool, inputs)
	for i := range d {
		d[i] = !o.flat
	}
	return d
}

// SymDiff returns the gradient nodes of the inputs for the gradient node of the output. An op
// that has none returns an error: second derivatives are not offered.
func (o *Op) SymDiff(ins gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	gs := make([]*gorgonia.Node, 1+len(o.extra))
	gs[0] = grad
	return o.Gradients(ins, out, gs)
}

// Gradients is SymDiff for gradients of all outputs of the op, see [Pick]: grads[i] belongs to
// output i and is nil where none arrives. A result is nil where an input gets no gradient.
func (o *Op) Gradients(ins gorgonia.Nodes, out *gorgonia.Node, grads []*gorgonia.Node) (gs gorgonia.Nodes, err error) {
	defer Catch(&err)
	if o.multi != nil {
		outs := list(out)
		for i := range o.extra {
			outs = append(outs, pick(out, i))
		}
		return o.multi(ins, outs, grads), nil
	}
	for i, g := range grads[1:] {
		if g != nil {
			return nil, fmt.Errorf("op: output %d of %v passes no gradient", i+1, o)
		}
	}
	if o.grads == nil {
		return nil, fmt.Errorf("op: %v has no gradient", o)
	}
	return o.grads(ins, out, grads[0]), nil
}

// Do computes the op on values, for Gorgonia's own machines. The result is newly allocated.
func (o *Op) Do(vs ...gorgonia.Value) (gorgonia.Value, error) {
	if len(vs) != len(o.in) {
		return nil, fmt.Errorf("op: %v: %d inputs, want %d", o, len(vs), len(o.in))
	}
	if o.dtype == tensor.Float32 {
		return do(o, o.f32(), vs)
	}
	return do(o, o.f64(), vs)
}

func do[T ref.Float](o *Op, k Kernel[T], vs []gorgonia.Value) (gorgonia.Value, error) {
	ins := make([][]T, len(vs))
	for i, v := range vs {
		var err error
		if ins[i], err = Floats[T](v); err != nil {
			return nil, fmt.Errorf("op: %v: input %d: %w", o, i, err)
		}
	}
	outs := [][]T{make([]T, product(o.out))}
	for _, s := range o.extra {
		outs = append(outs, make([]T, product(s)))
	}
	if err := k(outs, ins); err != nil {
		return nil, fmt.Errorf("op: %v: %w", o, err)
	}
	o.last = outs
	return value(o.out, outs[0]), nil
}

// value wraps data as a Gorgonia value: a scalar for no axes, a dense tensor otherwise.
func value[T ref.Float](s tensor.Shape, data []T) gorgonia.Value {
	if len(s) > 0 {
		return tensor.New(tensor.WithShape(s...), tensor.WithBacking(data))
	}
	if v, ok := any(data[0]).(float32); ok {
		return gorgonia.NewF32(v)
	}
	return gorgonia.NewF64(float64(data[0]))
}

// Floats returns the elements of a scalar or a dense tensor in row-major order: the memory of
// the tensor itself where it is contiguous, a copy otherwise.
func Floats[T ref.Float](v gorgonia.Value) ([]T, error) {
	switch t := v.(type) {
	case *gorgonia.F32:
		return []T{T(*t)}, typed[T](t.Dtype())
	case *gorgonia.F64:
		return []T{T(*t)}, typed[T](t.Dtype())
	case *tensor.Dense:
		if err := typed[T](t.Dtype()); err != nil {
			return nil, err
		}
		if t.RequiresIterator() {
			m, ok := t.Materialize().(*tensor.Dense)
			if !ok {
				return nil, errors.New("a view that cannot be copied")
			}
			t = m
		}
		if t.Dtype() == tensor.Float32 {
			return any(t.Float32s()).([]T), nil
		}
		return any(t.Float64s()).([]T), nil
	}
	return nil, fmt.Errorf("a value of type %T", v)
}

func typed[T ref.Float](dt tensor.Dtype) error {
	want := tensor.Float64
	if _, ok := any(T(0)).(float32); ok {
		want = tensor.Float32
	}
	if dt != want {
		return fmt.Errorf("elements of type %v, want %v", dt, want)
	}
	return nil
}
