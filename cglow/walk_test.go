package cglow

import (
	"testing"

	"gorgonia.org/gorgonia"
)

// run evaluates nodes by walking the graph in order, one op.Do after the other:
// the plainest machine there is, against which the compiled one can be held.
func run(t *testing.T, b *builder, outs []*gorgonia.Node) {
	t.Helper()
	if b.device.use() != nil {
		m, err := b.compile("test", outs...)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.run(); err != nil {
			t.Fatal(err)
		}
		if b.device.use() == nil {
			t.Fatal(b.device.Explain())
		}
		return
	}
	need := map[*gorgonia.Node]bool{}
	var mark func(n *gorgonia.Node)
	mark = func(n *gorgonia.Node) {
		if need[n] {
			return
		}
		need[n] = true
		for it := b.g.From(n.ID()); it.Next(); {
			mark(it.Node().(*gorgonia.Node))
		}
	}
	for _, n := range outs {
		mark(n)
	}
	for _, n := range b.g.AllNodes() {
		if !need[n] || n.Op() == nil {
			continue
		}
		var ins []gorgonia.Value
		for it := b.g.From(n.ID()); it.Next(); {
			ins = append(ins, it.Node().(*gorgonia.Node).Value())
		}
		v, err := n.Op().Do(ins...)
		if err != nil {
			t.Fatalf("%s: %v", n.Name(), err)
		}
		if err := gorgonia.UnsafeLet(n, v); err != nil {
			t.Fatalf("%s: %v", n.Name(), err)
		}
	}
}
