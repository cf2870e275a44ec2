package cglow

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/cpu"
	"glownotes/cglow/data"
	"glownotes/cglow/flow"
)

// conditionProgram computes everything that depends on x only, once per x,
// whatever the number of samples drawn for it or steps taken on y.
type conditionProgram struct {
	x     *gorgonia.Node
	conds []conditioning
	vm    *machine
}

// nodes lists the nodes of one step's conditioning in a fixed order; inverse
// chooses what the inverse direction needs.
func (c conditioning) nodes(inverse bool) []*gorgonia.Node {
	out := []*gorgonia.Node{c.norm.LogScale, c.norm.Bias}
	if inverse {
		out = append(out, c.conv.Inv)
	} else {
		out = append(out, c.conv.W, c.conv.LogAbsDet)
	}
	for _, n := range []*gorgonia.Node{c.features, c.prior} {
		if n != nil {
			out = append(out, n)
		}
	}
	return out
}

func (m *Model) conditionProgram(n int) (*conditionProgram, error) {
	return cached(m, "condition", n, func() (*conditionProgram, error) {
		b := m.builder()
		p := &conditionProgram{x: b.images("x", m.cfg.X, n)}
		p.conds = b.condition(p.x, n, true)
		var outs []*gorgonia.Node
		for _, c := range p.conds {
			outs = append(append(outs, c.nodes(false)...), c.conv.Inv)
		}
		var err error
		p.vm, err = b.compile("conditioning", outs...)
		return p, err
	})
}

// run computes the conditioning of images from..to-1 of x.
func (p *conditionProgram) run(m *Model, x data.Images, from, to int) error {
	m.writeX(p.x, x, from, to)
	return p.vm.run()
}

// conditionInputs returns conditioning whose nodes are inputs for n rows, to be
// filled from a conditionProgram.
func (b *builder) conditionInputs(n int, inverse bool) []conditioning {
	out := make([]conditioning, len(b.steps))
	for i, s := range b.steps {
		in := func(name string, dims ...int) *gorgonia.Node {
			return b.input(s.prefix+name, append([]int{n}, dims...)...)
		}
		c := conditioning{norm: flow.ActNorm{LogScale: in("logs", s.c), Bias: in("bias", s.c), BiasFirst: b.cfg.BiasFirst}}
		if inverse {
			c.conv.Inv = in("inverse", s.c, s.c)
		} else {
			c.conv.W, c.conv.LogAbsDet = in("W", s.c, s.c), in("logabsdet")
		}
		if b.cfg.Conditional() {
			c.features = in("features", s.features, s.h, s.w)
		}
		if b.cfg.CondPrior && s.last {
			c.prior = in("prior", s.features, s.h, s.w)
		}
		out[i] = c
	}
	return out
}

// fill copies the conditioning of row pick[i] of p into row i of dst.
func (p *conditionProgram) fill(dst []conditioning, pick []int, inverse bool) {
	p.copies(dst, inverse).rows(len(pick), func(i int) int { return pick[i] })
}

// copies pairs the nodes of p with those of dst that take their values.
func (p *conditionProgram) copies(dst []conditioning, inverse bool) (c conditionCopies) {
	for k, to := range dst {
		from := p.conds[k].nodes(inverse)
		for j, node := range to.nodes(inverse) {
			c = append(c, [2]*gorgonia.Node{node, from[j]})
		}
	}
	return c
}

// conditionCopies are pairs of nodes, to and from.
type conditionCopies [][2]*gorgonia.Node

// rows copies row pick(i) of every second node into row i of the first, for n rows, side by side.
func (c conditionCopies) rows(n int, pick func(i int) int) {
	cpu.Parallel(n, func(i int) {
		row := pick(i)
		for _, pair := range c {
			copyRow(pair[0], i, pair[1], row)
		}
	})
}

// copyRow copies row j of src into row i of dst.
func copyRow(dst *gorgonia.Node, i int, src *gorgonia.Node, j int) {
	d, s := dst.Value().(*tensor.Dense), src.Value().(*tensor.Dense)
	n := d.DataSize() / d.Shape()[0]
	if d.Dtype() == tensor.Float64 {
		copy(d.Float64s()[i*n:(i+1)*n], s.Float64s()[j*n:])
		return
	}
	copy(d.Float32s()[i*n:(i+1)*n], s.Float32s()[j*n:])
}

// unique drops nodes that occurred before.
func unique(nodes []*gorgonia.Node) []*gorgonia.Node {
	seen := map[*gorgonia.Node]bool{}
	var out []*gorgonia.Node
	for _, n := range nodes {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}
