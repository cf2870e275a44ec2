package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// panelCase is one product with a panel; left is the order in which A is stored.
type panelCase struct {
	m, k, cols int
	left       string
	add        bool
	epilogue   string
}

func (c panelCase) String() string {
	return fmt.Sprintf("m=%d,k=%d,cols=%d,left=%s,add=%v,%s", c.m, c.k, c.cols, c.left, c.add, c.epilogue)
}

// a makes the left matrix.
func (c panelCase) a(rng *rand.Rand) (Left, *guarded) {
	l := Left{}
	size := c.m * c.k
	switch c.left {
	case "rows":
		l.Row, l.Step, size = c.k+3, 1, (c.m-1)*(c.k+3)+c.k
	case "columns":
		l.Row, l.Step, size = 1, c.m+2, c.m+(c.k-1)*(c.m+2)
	case "taps": // rows of the transpose of [k/9][m][9], after 3 others
		l.From, l.Row, l.Step, l.Run, l.Jump, size = 3, 9, 1, 9, 9*c.m, c.m*c.k+3
	case "kernels": // [m/9][k][9] with all taps in rows
		l.Row, l.RowRun, l.RowJump, l.Step, size = 1, 9, 9*c.k, 9, (c.m+8)/9*9*c.k
	case "panels": // rows of a matrix in k/4 panels
		l.Row, l.Step, l.Run, l.Jump = 4, 1, 4, 4*c.m
	}
	g := newGuarded(rng, size)
	l.Data = g.v
	return l, g
}

func (l Left) element(m, k, i, p int) float64 {
	rows, run := l.RowRun, l.Run
	if rows == 0 {
		rows = m
	}
	if run == 0 {
		run = k
	}
	return float64(l.Data[l.From+i/rows*l.RowJump+i%rows*l.Row+p/run*l.Jump+p%run*l.Step])
}

func panelCases(w int) (cases []panelCase) {
	for _, left := range []string{"rows", "columns", "taps", "kernels", "panels"} {
		for i, m := range []int{1, 2, 5, 9, 12, 21, 40} {
			k := 36 * (1 + i%2)
			cases = append(cases, panelCase{m, k, w, left, i%2 == 1, "plain"},
				panelCase{m, k, w, left, false, "forward"}, panelCase{m, k, w, left, i%2 == 0, "linear"},
				panelCase{m, k, w, left, false, "backward"}, panelCase{m, k, w - 1, left, i%2 == 1, "plain"},
				panelCase{m, k, 1 + i%w, left, i%2 == 0, "plain"})
		}
	}
	return append(cases, panelCase{13, 448, w, "rows", false, "forward"})
}

// TestMulPanel compares every way to read A and every epilogue with loops in float64.
func TestMulPanel(t *testing.T) {
	for _, s := range available() {
		shape := tilings[s]
		for i, c := range panelCases(shape.wide) {
			t.Run(fmt.Sprintf("%v/%v", s, c), func(t *testing.T) { checkMulPanel(t, s, c, rand.New(rand.NewPCG(5, uint64(i)))) })
		}
	}
}

func checkMulPanel(t *testing.T, s isa, c panelCase, rng *rand.Rand) {
	w, lanes := tilings[s].wide, tilings[s].lanes
	a, aData := c.a(rng)
	b, row := newGuarded(rng, c.k*w), c.cols+rng.IntN(3)
	out := newPoisoned((c.m-1)*row + c.cols)
	if c.add {
		out = newGuarded(rng, len(out.v))
	}
	scale, shift := newGuarded(rng, c.m), newGuarded(rng, c.m)
	gate, dots, sums := newGuarded(rng, c.m*w), newGuarded(rng, c.m*lanes), newGuarded(rng, c.m*lanes)
	var e RowEpilogue
	switch c.epilogue {
	case "forward":
		e = RowEpilogue{Scale: scale.v, Shift: shift.v, ReLU: true}
	case "linear":
		e = RowEpilogue{Scale: scale.v, Shift: shift.v}
	case "backward":
		e = RowEpilogue{Scale: scale.v, Gate: gate.v, Dots: dots.v, Sums: sums.v}
	}
	s.mulPanel(c.m, c.k, c.cols, a, b.v, out.v, row, c.add, &e)

	tol := 1.2e-7 * float64(10+c.k)
	want, wantDots, wantSums := widen(out.before), laneTotals(dots.before, lanes), laneTotals(sums.before, lanes)
	for i := range c.m {
		for j := range c.cols {
			x := 0.0
			for p := range c.k {
				x += a.element(c.m, c.k, i, p) * float64(b.v[p*w+j])
			}
			if c.add {
				x += want[i*row+j]
			}
			switch {
			case e.Gate != nil:
				y := float64(gate.v[i*w+j])
				if y <= 0 {
					x = 0
				}
				wantDots[i] += x * y
				x *= float64(scale.v[i])
				wantSums[i] += x
			case e.Shift != nil:
				if x = x*float64(scale.v[i]) + float64(shift.v[i]); e.ReLU {
					x = max(x, 0)
				}
			}
			want[i*row+j] = x
		}
		if i < c.m-1 {
			for j := c.cols; j < row; j++ {
				want[i*row+j] = float64(out.v[i*row+j])
				if !sameFloat(out.v[i*row+j], out.before[i*row+j]) {
					t.Fatalf("row %d: wrote beyond its %d columns", i, c.cols)
				}
				want[i*row+j], out.v[i*row+j] = 0, 0
			}
		}
	}
	out.close(t, "c", want, tol)
	for name, in := range map[string]*guarded{"a": aData, "b": b, "scale": scale, "shift": shift, "gate": gate} {
		in.unchanged(t, name)
	}
	for name, l := range map[string]struct {
		got  *guarded
		want []float64
	}{"dots": {dots, wantDots}, "sums": {sums, wantSums}} {
		l.got.fences(t, name)
		for i, v := range laneTotals(l.got.v, lanes) {
			if d := math.Abs(v - l.want[i]); !(d <= float64(w)*tol) {
				t.Fatalf("%s of row %d: got %g, want %g", name, i, v, l.want[i])
			}
		}
	}
}

func sameFloat(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

// laneTotals adds up the lanes of each row.
func laneTotals(x []float32, lanes int) []float64 {
	out := make([]float64, len(x)/lanes)
	for i, v := range x {
		out[i/lanes] += float64(v)
	}
	return out
}

func TestTurnPanel(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 7))
	for _, s := range available() {
		w := tilings[s].wide
		for _, rows := range []int{1, w - 1, w, w + 3, 3 * w} {
			t.Run(fmt.Sprintf("%v/rows=%d", s, rows), func(t *testing.T) {
				src := newGuarded(rng, rows*w)
				n, stride := (rows+w-1)/w, w*w+8
				dst := newPoisoned(n * stride)
				s.turnPanel(dst.v, stride, src.v, rows)
				src.unchanged(t, "src")
				dst.fences(t, "dst")
				for q := range n * w {
					for p := range w {
						want := float32(0)
						if q < rows {
							want = src.v[q*w+p]
						}
						if got := dst.v[q/w*stride+p*w+q%w]; got != want {
							t.Fatalf("column %d, row %d: got %g, want %g", q, p, got, want)
						}
					}
				}
			})
		}
	}
}

func TestMulPanelRefusesWrongSizes(t *testing.T) {
	w := PanelWidth()
	x, c := make([]float32, 8*w), make([]float32, 8*w)
	a := Left{Data: x, Row: 4, Step: 1}
	for name, f := range map[string]func(){
		"before a":    func() { MulPanel(2, 4, w, Left{Data: x, From: -1, Row: 4, Step: 1}, x, c, w, false, &RowEpilogue{}) },
		"strides":     func() { MulPanel(2, 2, w, Left{Data: x, Row: 4, Step: 2}, x, c, w, false, &RowEpilogue{}) },
		"short a":     func() { MulPanel(2*w+2, 4, w, a, x, c, w, false, &RowEpilogue{}) },
		"short b":     func() { MulPanel(2, 9, w, a, x, c, w, false, &RowEpilogue{}) },
		"short row":   func() { MulPanel(2, 4, w, a, x, c, w-1, false, &RowEpilogue{}) },
		"short c":     func() { MulPanel(9, 4, w, a, x, c, w, false, &RowEpilogue{}) },
		"run":         func() { MulPanel(2, 4, w, Left{Data: x, Row: 4, Step: 1, Run: 3}, x, c, w, false, &RowEpilogue{}) },
		"half panel":  func() { MulPanel(2, 4, w/2, a, x, c, w, false, &RowEpilogue{Scale: x, Shift: x}) },
		"short shift": func() { MulPanel(2, 4, w, a, x, c, w, false, &RowEpilogue{Scale: x, Shift: x[:1]}) },
		"short sums":  func() { MulPanel(2, 4, w, a, x, c, w, false, &RowEpilogue{Scale: x, Gate: x, Dots: x, Sums: x[:1]}) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, f) })
	}
}
