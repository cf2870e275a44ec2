package cglow

import (
	"context"
	"fmt"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/data"
)

// A Term is one summand of log p(y|x), the mean over a batch in nats per example.
type Term struct {
	Layer string // l0.s0 ... for a step, l0 ... for what leaves after a level, top, dequantization
	Part  string // actnorm, 1x1, coupling; prior; bin width, noise
	Nats  float64
}

// A Ledger is log p(y|x) as the sum that it is (paper, Eq. 2): every layer's
// log-determinant and the log-densities of the latents, in the order of the flow,
// and for discrete y what dequantization adds, the logarithm of the bins' volume.
type Ledger struct {
	Terms []Term
	// Nats is the sum of the terms: the mean of LogProb over the batch.
	Nats float64
}

// ledgerProgram is the forward direction with a node [N] for each term.
type ledgerProgram struct {
	x     *gorgonia.Node
	y     target
	vm    *machine
	terms []Term
	nodes []*gorgonia.Node
}

func (m *Model) ledgerProgram(n int) (*ledgerProgram, error) {
	return cached(m, "ledger", n, func() (*ledgerProgram, error) {
		b := m.builder()
		p := &ledgerProgram{x: b.images("x", m.cfg.X, n)}
		p.y = b.target(p.x, n)
		e := b.encode(b.condition(p.x, n, false), p.y.v)
		add := func(layer, part string, node *gorgonia.Node) {
			if node != nil {
				p.terms, p.nodes = append(p.terms, Term{Layer: layer, Part: part}), append(p.nodes, node)
			}
		}
		for _, s := range m.steps {
			layer := layerOf(s.prefix)
			for _, part := range [][2]string{{"actnorm", "act_logdet"}, {"1x1", "inv_logdet"}, {"coupling", "cpl_logdet"}} {
				add(layer, part[0], b.record[s.prefix+part[1]])
			}
			add(fmt.Sprintf("l%d", s.level), "prior", b.record[s.prefix+"split_logp"])
		}
		add("top", "prior", e.LogTop)
		add("dequantization", "noise", p.y.logq)
		var err error
		p.vm, err = b.compile("ledger", p.nodes...)
		return p, err
	})
}

// Ledger takes the mean of log p(y|x) over a batch apart.
func (m *Model) Ledger(ctx context.Context, x, y data.Images) (*Ledger, error) {
	if err := m.checkPair(x, y); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.ledgerProgram(min(y.N, evalBatch))
	if err != nil {
		return nil, err
	}
	out := &Ledger{Terms: append([]Term(nil), p.terms...)}
	err = batches(ctx, y.N, min(y.N, evalBatch), func(from, to int) error {
		if err := m.encodeInto(p.vm, p.x, p.y, x, y, from, to); err != nil {
			return err
		}
		for i, node := range p.nodes {
			for _, v := range values(node)[:to-from] {
				if node == p.y.logq {
					v = -v // log p - log q
				}
				out.Terms[i].Nats += v / float64(y.N)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if m.cfg.Bins > 0 && m.cfg.logBinWidth() != 0 {
		out.Terms = append(out.Terms, Term{Layer: "dequantization", Part: "bin width", Nats: m.cfg.logBinWidth()})
	}
	for _, t := range out.Terms {
		out.Nats += t.Nats
	}
	return out, nil
}
