package cglow

import (
	"context"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/data"
	"glownotes/cglow/op"
)

// evalBatch is how many examples one pass of inference takes: enough to keep
// the processors busy, small enough that images of 128x128 need little memory.
const evalBatch = 8

// logProbProgram is the compiled graph of log p(y|x) and the latents.
type logProbProgram struct {
	x    *gorgonia.Node
	y    target
	e    encoding
	logp *gorgonia.Node
	vm   *machine
}

// cached returns the compiled graph of a kind and batch size, built once.
func cached[T any](m *Model, kind string, n int, build func() (T, error)) (p T, err error) {
	key := graphKey{kind, n}
	if g, ok := m.graphs[key]; ok {
		return g.(T), nil
	}
	defer op.Catch(&err)
	p, err = build()
	if err == nil {
		m.graphs[key] = p
	}
	return p, err
}

func (m *Model) logProbProgram(n int) (*logProbProgram, error) {
	return cached(m, "logprob", n, func() (*logProbProgram, error) {
		b := m.builder()
		p := &logProbProgram{x: b.images("x", m.cfg.X, n)}
		p.y = b.target(p.x, n)
		p.e = b.encode(b.condition(p.x, n, false), p.y.v)
		p.logp = p.y.likelihood(p.e)
		var err error
		p.vm, err = b.compile("likelihood", append([]*gorgonia.Node{p.logp, p.y.v}, p.e.Eps...)...)
		return p, err
	})
}

// batches calls f for runs of up to size examples of 0..n-1 and stops when ctx
// is done.
func batches(ctx context.Context, n, size int, f func(from, to int) error) error {
	for from := 0; from < n; from += size {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(from, min(n, from+size)); err != nil {
			return err
		}
	}
	return nil
}

// checkPair checks a batch of y with its x.
func (m *Model) checkPair(x, y data.Images) error {
	if err := m.checkImages("y", y, m.cfg.Y); err != nil {
		return err
	}
	return m.checkX(x, y.N)
}

// LogProb returns log p(y|x) per example in nats: for discrete y the bound that
// dequantization gives, uniform or variational (one draw of the noise; a pure function of the
// model's seed and the example's place), for continuous y the log-density.
// BitsPerDim converts it. When ctx is done, the examples that are finished are
// returned with ctx.Err().
func (m *Model) LogProb(ctx context.Context, x, y data.Images) ([]float64, error) {
	if err := m.checkPair(x, y); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []float64
	err := batches(ctx, y.N, min(y.N, evalBatch), func(from, to int) error {
		p, err := m.encodeRows(x, y, from, to)
		if err != nil {
			return err
		}
		for _, v := range values(p.logp)[:to-from] {
			out = append(out, v+m.cfg.logBinWidth())
		}
		return nil
	})
	return out, err
}

// encodeRows runs the forward direction for examples from..to-1. A short last
// batch is filled up with its last example.
func (m *Model) encodeRows(x, y data.Images, from, to int) (*logProbProgram, error) {
	p, err := m.logProbProgram(min(y.N, evalBatch))
	if err != nil {
		return nil, err
	}
	return p, m.encodeInto(p.vm, p.x, p.y, x, y, from, to)
}

// encodeInto writes examples from..to-1 into the inputs of a program of the
// forward direction and runs it.
func (m *Model) encodeInto(vm *machine, nx *gorgonia.Node, ny target, x, y data.Images, from, to int) error {
	row := func(i int) int { return min(from+i, to-1) }
	m.load(ny, y, row, func(i int) Key { return Key{Seed: m.seed, Stream: StreamEval, Layer: uint32(row(i))} })
	m.writeX(nx, x, from, to)
	return vm.run()
}

// writeX writes images from..to-1 into the rows of an input node, the last one
// again into rows that are left over. A nil node is a flow without x.
func (m *Model) writeX(node *gorgonia.Node, x data.Images, from, to int) {
	if node == nil {
		return
	}
	n := node.Shape()[0]
	rows := make([]float32, 0, n*m.cfg.X.Len())
	for i := range n {
		rows = append(rows, x.Row(min(from+i, to-1))...)
	}
	write(node, rows)
}
