package condnet

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/op"
)

// lookup returns parameters as inputs of a graph and notes which were used.
func lookup(g *gorgonia.ExprGraph, params []Param, used map[string]bool) Lookup {
	nodes := map[string]*gorgonia.Node{}
	for _, p := range params {
		nodes[p.Name] = gorgonia.NewTensor(g, tensor.Float64, len(p.Shape), gorgonia.WithShape(p.Shape...), gorgonia.WithName(p.Name))
	}
	return func(name string) *gorgonia.Node {
		used[name] = true
		if nodes[name] == nil {
			panic("not declared: " + name)
		}
		return nodes[name]
	}
}

// Every network uses exactly the parameters that it declares, and its output
// has the shape that it promises, also where sides are odd and x and the level
// are of different sizes.
func TestNetworksUseTheirParameters(t *testing.T) {
	image := func(g *gorgonia.ExprGraph, dims ...int) *gorgonia.Node {
		return gorgonia.NewTensor(g, tensor.Float64, len(dims), gorgonia.WithShape(dims...), gorgonia.WithName("x"))
	}
	vector := Vector{InC: 3, InH: 17, InW: 26, Channels: 4, Width: 6, Out: 10}
	features := Features{InC: 3, InH: 17, InW: 26, Channels: 5, Out: 7, OutH: 4, OutW: 6}
	trunk := Trunk{InC: 3, InH: 17, InW: 26, Channels: 4, Width: 6, Sizes: [][2]int{{8, 12}, {4, 6}, {2, 3}}}
	coupling := Coupling{In: 5, Hidden: 9, Out: 6}
	dequant := Dequant{InC: 3, InH: 17, InW: 26, C: 4, H: 8, W: 12, Channels: 5, Hidden: 6, Steps: 2}
	for _, c := range []struct {
		name   string
		params []Param
		build  func(g *gorgonia.ExprGraph, p Lookup) []*gorgonia.Node
		want   string
	}{
		{"vector", vector.Params("a."), func(g *gorgonia.ExprGraph, p Lookup) []*gorgonia.Node {
			return op.NetBank(image(g, 2, 3, 17, 26), vector.Layers(p, "a."))
		}, "[(2, 10)]"},
		{"features", features.Params("a."), func(g *gorgonia.ExprGraph, p Lookup) []*gorgonia.Node {
			return op.NetBank(image(g, 2, 3, 17, 26), features.Layers(p, "a."))
		}, "[(2, 7, 4, 6)]"},
		{"trunk", trunk.Params("a."), func(g *gorgonia.ExprGraph, p Lookup) []*gorgonia.Node {
			maps, v := trunk.Apply(p, "a.", image(g, 2, 3, 17, 26))
			return append(maps, v)
		}, "[(2, 4, 8, 12) (2, 8, 4, 6) (2, 16, 2, 3) (2, 6)]"},
		{"coupling", coupling.Params("a."), func(g *gorgonia.ExprGraph, p Lookup) []*gorgonia.Node {
			return []*gorgonia.Node{coupling.Apply(p, "a.", image(g, 2, 5, 4, 6)).Raw}
		}, "[(2, 6, 4, 6)]"},
		{"prior", Prior{In: 5, Out: 8}.Params("a"), func(g *gorgonia.ExprGraph, p Lookup) []*gorgonia.Node {
			return []*gorgonia.Node{Prior{In: 5, Out: 8}.Apply(p, "a", image(g, 2, 5, 4, 6))}
		}, "[(2, 8, 4, 6)]"},
		{"dequant", dequant.Params("a."), func(g *gorgonia.ExprGraph, p Lookup) []*gorgonia.Node {
			y := gorgonia.NewTensor(g, tensor.Float64, 4, gorgonia.WithShape(2, 4, 8, 12), gorgonia.WithName("y"))
			f := dequant.Features(p, "a.", image(g, 2, 3, 17, 26), y)
			first := op.Channels(y, 0, 2, 1)
			return []*gorgonia.Node{f, dequant.Raw(p, "a.", 0, f, first), dequant.Raw(p, "a.", 1, f, first)}
		}, "[(2, 5, 8, 12) (2, 4, 8, 12) (2, 4, 8, 12)]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := gorgonia.NewGraph()
			used := map[string]bool{}
			var shapes []string
			for _, n := range c.build(g, lookup(g, c.params, used)) {
				shapes = append(shapes, fmt.Sprint(n.Shape()))
			}
			if got := fmt.Sprint(shapes); got != c.want {
				t.Errorf("shapes %s, want %s", got, c.want)
			}
			for _, p := range c.params {
				if !used[p.Name] {
					t.Errorf("%s is declared and not used", p.Name)
				}
			}
		})
	}
}

func TestResize(t *testing.T) {
	for _, c := range []struct{ in, out, stride, kernel int }{
		{32, 16, 2, 2}, {32, 4, 8, 8}, {9, 4, 2, 3}, {10, 3, 3, 4}, {8, 8, 1, 1}, {5, 2, 2, 3}, {3, 1, 3, 3},
	} {
		s, k := Resize(c.in, c.out)
		if s != c.stride || k != c.kernel {
			t.Errorf("%d to %d: stride %d, kernel %d, want %d, %d", c.in, c.out, s, k, c.stride, c.kernel)
		}
		if got := (c.in-k)/s + 1; got != c.out {
			t.Errorf("%d to %d: the convolution gives %d", c.in, c.out, got)
		}
	}
}
