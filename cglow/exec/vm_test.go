package exec_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

type node = gorgonia.Node

// vector binds data to a new input [len(data)] or of the given shape.
func vector(g *gorgonia.ExprGraph, name string, data []float64, shape ...int) *node {
	if len(shape) == 0 {
		shape = []int{len(data)}
	}
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	return gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

func compile(t testing.TB, p exec.Program) *exec.VM {
	t.Helper()
	vm, err := exec.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func run(t testing.TB, vm gorgonia.VM) {
	t.Helper()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
}

func wantFloats(t *testing.T, what string, v gorgonia.Value, want ...float64) {
	t.Helper()
	got, err := op.Floats[float64](v)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if math.Abs(got[i]-w) > 1e-12 {
			t.Fatalf("%s, element %d: got %v, want %v", what, i, got[i], w)
		}
	}
}

// TestValues shows what a user of Gorgonia sees: values of outputs and kept nodes, gradients of
// inputs, none of the others, and inputs that change between runs.
func TestValues(t *testing.T) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", []float64{1, 2, 3})
	hidden := op.Square(x)
	y := op.Scale(hidden, 2)
	between := op.Offset(y, 1)
	loss := op.Mean(between)
	if _, err := ad.Grad(loss, x); err != nil {
		t.Fatal(err)
	}
	vm := compile(t, exec.Program{Outputs: []*node{loss, x.Deriv()}, Keep: []*node{y}})
	run(t, vm)
	wantFloats(t, "loss", loss.Value(), 31.0/3)
	wantFloats(t, "kept", y.Value(), 2, 8, 18)
	grad, err := x.Grad()
	if err != nil {
		t.Fatal(err)
	}
	wantFloats(t, "gradient", grad, 4.0/3, 8.0/3, 4)
	if between.Value() != nil {
		t.Errorf("a node that is not kept has the value %v", between.Value())
	}

	x.Value().(*tensor.Dense).Float64s()[0] = 4
	run(t, vm)
	wantFloats(t, "after a change in place", y.Value(), 32, 8, 18)

	other := tensor.New(tensor.WithShape(3), tensor.WithBacking([]float64{0, 1, -1}))
	if err := gorgonia.Let(x, other); err != nil {
		t.Fatal(err)
	}
	run(t, vm)
	wantFloats(t, "after Let", y.Value(), 0, 2, 2)
	wantFloats(t, "loss after Let", loss.Value(), 7.0/3)
}

// TestScalars runs with scalar inputs, which are read before every run.
func TestScalars(t *testing.T) {
	g := gorgonia.NewGraph()
	k := gorgonia.NewScalar(g, gorgonia.Float64, gorgonia.WithName("k"))
	if err := gorgonia.Let(k, 3.0); err != nil {
		t.Fatal(err)
	}
	x := vector(g, "x", []float64{1, 2})
	y := gorgonia.Must(gorgonia.Mul(x, k))
	vm := compile(t, exec.Program{Outputs: []*node{y}})
	run(t, vm)
	wantFloats(t, "k = 3", y.Value(), 3, 6)
	if err := gorgonia.Let(k, -1.0); err != nil {
		t.Fatal(err)
	}
	run(t, vm)
	wantFloats(t, "k = -1", y.Value(), -1, -2)
}

// TestTwoPrograms runs two programs that share nodes: values are those of the last run.
func TestTwoPrograms(t *testing.T) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", []float64{1, 2})
	y := op.Scale(x, 2)
	a := compile(t, exec.Program{Outputs: []*node{y}})
	b := compile(t, exec.Program{Outputs: []*node{op.Neg(y)}, Keep: []*node{y}})
	run(t, b)
	x.Value().(*tensor.Dense).Float64s()[1] = 5
	run(t, a)
	wantFloats(t, "y", y.Value(), 2, 10)
	run(t, b)
	wantFloats(t, "y", y.Value(), 2, 10)
}

func TestSingularMatrix(t *testing.T) {
	g := gorgonia.NewGraph()
	w := vector(g, "w", []float64{1, 0, 0, 1, 1, 2, 2, 4}, 2, 2, 2)
	det := op.LogAbsDet(w)
	gorgonia.WithName("l1.s2.inv.logdet")(det)
	vm := compile(t, exec.Program{Outputs: []*node{det}})
	err := vm.RunAll()
	var singular *ref.SingularError
	if !errors.As(err, &singular) || singular.Matrix != 1 {
		t.Fatalf("got %v, want a SingularError of matrix 1", err)
	}
	if !strings.Contains(err.Error(), "l1.s2.inv.logdet") {
		t.Errorf("error %q does not name the node", err)
	}
	w.Value().(*tensor.Dense).Float64s()[7] = 5
	run(t, vm) // an error does not spoil later runs
	wantFloats(t, "log det", det.Value(), 0, 0)
}

// panicOp is an op of somebody else that panics.
type panicOp struct{ gorgonia.Op }

func (panicOp) Do(...gorgonia.Value) (gorgonia.Value, error) { panic("no such luck") }

func TestPanicBecomesError(t *testing.T) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", []float64{1, 2})
	y, err := gorgonia.ApplyOp(panicOp{op.Neg(x).Op()}, op.Exp(x))
	if err != nil {
		t.Fatal(err)
	}
	gorgonia.WithName("unlucky")(y)
	vm := compile(t, exec.Program{Outputs: []*node{op.Neg(y)}})
	err = vm.RunAll()
	if err == nil || !strings.Contains(err.Error(), "unlucky") || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("got %v, want an error with the node and the panic", err)
	}
}

func TestCheckFinite(t *testing.T) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", []float64{1, 0, 3})
	logs := op.Log(x)
	gorgonia.WithName("logs")(logs)
	loss := op.Mean(op.Square(logs))
	vm := compile(t, exec.Program{Outputs: []*node{loss}, CheckFinite: true})
	var bad *exec.NonFiniteError
	if err := vm.RunAll(); !errors.As(err, &bad) {
		t.Fatalf("got %v, want a NonFiniteError", err)
	}
	if bad.Node != logs || bad.Index != 1 || bad.Count != 1 || bad.Size != 3 || !math.IsInf(bad.Value, -1) {
		t.Errorf("got %+v, want element 1 of logs, -Inf, one of three", bad)
	}
	x.Value().(*tensor.Dense).Float64s()[1] = 2
	run(t, vm)
}

func TestCompileErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	open := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("open"))
	other := vector(gorgonia.NewGraph(), "other", []float64{1})
	for _, c := range []struct {
		name    string
		outputs []*node
		want    string
	}{
		{"no outputs", nil, "no outputs"},
		{"nil", []*node{nil}, "output 0 is nil"},
		{"unbound input", []*node{op.Neg(open)}, "open"},
		{"two graphs", []*node{open, other}, "other belongs to another graph"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := exec.Compile(exec.Program{Outputs: c.outputs})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "exec: ") {
				t.Errorf("got %v, want exec: ... %s", err, c.want)
			}
		})
	}
}

// TestReshapedInput replaces the value of an input that ops read through reshapes.
func TestReshapedInput(t *testing.T) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", []float64{1, 2, 3, 4})
	flat := op.Reshape(x, 2, 2)
	y := op.Mul(op.Reshape(flat, 1, 4), op.Reshape(op.Square(flat), 1, 4))
	vm := compile(t, exec.Program{Outputs: []*node{y, flat}})
	run(t, vm)
	wantFloats(t, "first", y.Value(), 1, 8, 27, 64)
	if err := gorgonia.Let(x, tensor.New(tensor.WithShape(4), tensor.WithBacking([]float64{0, -1, 1, 2}))); err != nil {
		t.Fatal(err)
	}
	run(t, vm)
	wantFloats(t, "second", y.Value(), 0, -1, 1, 8)
	wantFloats(t, "the reshape itself", flat.Value(), 0, -1, 1, 2)
}

func TestRunErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", []float64{1, 2, 3, 4}, 2, 2)
	y := op.Neg(x)
	vm := compile(t, exec.Program{Outputs: []*node{y}})
	d := x.Value().(*tensor.Dense)
	if err := d.T(); err != nil { // transposed for reading, the memory as before
		t.Fatal(err)
	}
	if err := vm.RunAll(); err == nil || !strings.Contains(err.Error(), "the value of x is a view") {
		t.Errorf("got %v, want an error about the transposed value of x", err)
	}
	d.UT()
	run(t, vm)
	wantFloats(t, "y", y.Value(), -1, -2, -3, -4)
	if err := vm.Close(); err != nil {
		t.Fatal(err)
	}
	if err := vm.RunAll(); err == nil {
		t.Error("a closed program runs")
	}
}

// TestMemory checks that results that do not live together share memory.
func TestMemory(t *testing.T) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", make([]float64, 1024))
	y := x
	for range 20 {
		y = op.Neg(op.Exp(y))
	}
	vm := compile(t, exec.Program{Outputs: []*node{op.Mean(y)}})
	s := vm.Stats()
	if want := 2 * 8 * 1024; s.ArenaBytes != want || s.NaiveBytes != 40*8*1024 {
		t.Errorf("arena of %d bytes in place of %d, want %d", s.ArenaBytes, s.NaiveBytes, want)
	}
}

func ExampleCompile() {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(2), gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithBacking([]float64{3, 4}))))
	loss := op.Mean(op.Square(x))
	if _, err := ad.Grad(loss, x); err != nil {
		fmt.Println(err)
		return
	}
	vm, err := exec.Compile(exec.Program{Outputs: []*gorgonia.Node{loss, x.Deriv()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	grad, _ := x.Grad()
	fmt.Println(loss.Value(), grad)
	// Output: 12.5 [3  4]
}
