package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// Layer is one layer of a network in a [NetBank]: a convolution for W [O,I,KH,KW], a fully
// connected layer for W [out,in], each with a bias B.
type Layer struct {
	W, B *gorgonia.Node
	Conv Conv // of a convolution
	ReLU bool // after the layer

	// Factored leaves the gradient of W of a fully connected layer to an [Outer] of its own, so
	// that who can use its factors need not have it made, see [Factors].
	Factored bool
}

// NetBank runs small networks on the same images x [N,C,H,W], as one op, and returns the result
// of each: [N,O,OH,OW] if its last layer is a convolution, [N,out] if it is fully connected. A
// network is a chain of convolutions, at least one, then of fully connected layers, the first of
// which sees its input flattened to C*H*W. It gives what Conv2D, ReLU, Reshape and Linear give
// one after the other; as one op the networks can share the unfolded x and run side by side, see
// package exec.
//
// Its gradient passes all outputs, which is what ad.Grad does; Gorgonia's own Grad knows the
// first only.
func NetBank(x *gorgonia.Node, nets ...[]Layer) []*gorgonia.Node {
	const name = "netbank"
	n, c, h, w := image(name, x)
	check(len(nets) > 0, name, list(x), "no networks")
	d := ref.NetBank{N: n, C: c, H: h, W: w}
	ins := list(x)
	var shapes, hidden []tensor.Shape
	for _, layers := range nets {
		net, all := chain(name, x, layers)
		d.Nets = append(d.Nets, net)
		last := len(all) - 1
		hidden = append(hidden, all[:last]...)
		shapes = append(shapes, all[last])
		for _, l := range layers {
			ins = append(ins, l.W, l.B)
		}
	}
	first := apply(def{
		name: name, out: shapes[0], extra: append(shapes[1:], hidden...), dims: d,
		f32: bankKernel[float32](d), f64: bankKernel[float64](d),
		multi: func(ins, outs, gs []*gorgonia.Node) []*gorgonia.Node { return bankGrad(d, ins, outs, gs) },
	}, ins...)
	results := list(first)
	for i := range nets[1:] {
		results = append(results, pick(first, i))
	}
	return results
}

// chain checks the layers of a network and returns their sizes and the shapes of their results:
// channel-last after the convolutions but the last layer.
func chain(name string, x *gorgonia.Node, layers []Layer) (ref.Net, []tensor.Shape) {
	check(len(layers) > 0, name, list(x), "a network without layers")
	var net ref.Net
	var shapes []tensor.Shape
	shape := x.Shape()
	for i, l := range layers {
		ins := list(x, l.W, l.B)
		checkNodes(name, ins...)
		w := l.W.Shape()
		checkVector(name, ins, 2, w[0])
		r := ref.NetLayer{ReLU: l.ReLU}
		switch {
		case len(w) == 4:
			check(len(shape) == 4, name, ins, "layer %d: a convolution after a fully connected layer", i)
			r.Conv = convShape(name, ins, shape, w, l.Conv)
			shape = tensor.Shape{r.Conv.N, r.Conv.O, r.Conv.OH, r.Conv.OW}
		case len(w) == 2:
			check(i > 0, name, ins, "the first layer is not a convolution")
			r.Linear, r.Out, r.In, r.Factored = true, w[0], product(shape[1:]), l.Factored
			check(w[1] == r.In, name, ins, "layer %d: %d inputs, the weights have %d", i, r.In, w[1])
			shape = tensor.Shape{shape[0], r.Out}
		default:
			fail(name, ins, "layer %d: weights of %d axes", i, len(w))
		}
		kept := shape.Clone()
		if len(kept) == 4 && i < len(layers)-1 {
			kept = tensor.Shape{shape[0], shape[2], shape[3], shape[1]}
		}
		net, shapes = append(net, r), append(shapes, kept)
	}
	return net, shapes
}

// BankSlots says where the inputs and outputs of the network i of a bank lie among those of the
// op: its parameters from Param, 2 a layer, its hidden results from Hidden, 1 a layer but the
// last; its result is output i.
type BankSlots struct{ Param, Hidden int }

// Slots returns the places of all networks among the inputs and outputs of a bank.
func Slots(d ref.NetBank) []BankSlots {
	out := make([]BankSlots, len(d.Nets))
	at := BankSlots{Param: 1, Hidden: len(d.Nets)}
	for i, net := range d.Nets {
		out[i] = at
		at.Param += 2 * len(net)
		at.Hidden += len(net) - 1
	}
	return out
}

func bankWork[T ref.Float](d ref.NetBank) []*ref.NetWork[T] {
	var work []*ref.NetWork[T]
	for _, net := range d.Nets {
		work = append(work, ref.NewNetWork[T](net, d.N))
	}
	return work
}

func bankKernel[T ref.Float](d ref.NetBank) func() Kernel[T] {
	return func() Kernel[T] {
		work, slots := bankWork[T](d), Slots(d)
		return func(outs, ins [][]T) error {
			for i, net := range d.Nets {
				s := slots[i]
				if outs[i] == nil {
					continue // nobody reads this network
				}
				ref.NetForward(outs[i], outs[s.Hidden:s.Hidden+len(net)-1], ins[0], ins[s.Param:s.Param+2*len(net)], net, d.N, work[i])
			}
			return nil
		}
	}
}

// BankGrad are the sizes of the gradient of a bank. The op has the inputs of the bank, then its
// outputs, then the gradients of the results of the active networks. Its outputs are the
// gradients of the parameters of the active networks in order (factors [N,out+in] for the weights
// of a factored layer), then that of x.
type BankGrad struct {
	ref.NetBank
	Active []bool // by network: does a gradient arrive
}

func bankGrad(d ref.NetBank, ins, outs, gs []*gorgonia.Node) []*gorgonia.Node {
	b := BankGrad{NetBank: d}
	all := append(append([]*gorgonia.Node(nil), ins...), outs...)
	var wrt []int // inputs of the bank that get a gradient
	for i, s := range Slots(d) {
		b.Active = append(b.Active, gs[i] != nil)
		if gs[i] == nil {
			continue
		}
		all = append(all, gs[i])
		for k := range 2 * len(d.Nets[i]) {
			wrt = append(wrt, s.Param+k)
		}
	}
	wrt = append(wrt, 0)
	def := def{
		name: "netbank.dw", out: ins[wrt[0]].Shape(), dims: b, // the first layer is a convolution
		f32: bankGradKernel[float32](b), f64: bankGradKernel[float64](b),
	}
	factored := map[int]ref.NetLayer{} // by input
	for i, s := range Slots(d) {
		for l, layer := range d.Nets[i] {
			if layer.Factored {
				factored[s.Param+2*l] = layer
			}
		}
	}
	for _, i := range wrt[1:] {
		shape := ins[i].Shape()
		if l, ok := factored[i]; ok {
			shape = tensor.Shape{d.N, l.Out + l.In}
		}
		def.extra = append(def.extra, shape)
	}
	first := apply(def, all...)
	grads := make([]*gorgonia.Node, len(ins))
	for k, i := range wrt {
		grads[i] = first
		if k > 0 {
			grads[i] = pick(first, k-1)
		}
		if l, ok := factored[i]; ok {
			grads[i] = Outer(grads[i], l.Out)
		}
	}
	return grads
}

func bankGradKernel[T ref.Float](b BankGrad) func() Kernel[T] {
	return func() Kernel[T] {
		work, slots := bankWork[T](b.NetBank), Slots(b.NetBank)
		sum := make([]T, b.N*b.C*b.H*b.W)
		return func(outs, ins [][]T) error {
			dx := outs[len(outs)-1]
			var part []T
			if dx != nil {
				clear(dx)
				part = sum
			}
			count := slots[len(slots)-1].Param + 2*len(b.Nets[len(b.Nets)-1]) // inputs of the bank
			last := slots[len(slots)-1].Hidden + len(b.Nets[len(b.Nets)-1]) - 1
			bank, g, out := ins[count:], ins[count+last:], 0
			for i, net := range b.Nets {
				if !b.Active[i] {
					continue
				}
				s, layers := slots[i], 2*len(net)
				ref.NetGrad(part, outs[out:out+layers], ins[0], bank[i], bank[s.Hidden:s.Hidden+len(net)-1], g[0],
					ins[s.Param:s.Param+layers], net, b.N, work[i])
				out, g = out+layers, g[1:]
				for k := range part {
					dx[k] += part[k]
				}
			}
			return nil
		}
	}
}
