package ref

// NetLayer is one layer of a small network: a convolution, or a fully connected layer on its
// input flattened to C*H*W elements.
type NetLayer struct {
	Conv    Conv // of a convolution
	Linear  bool
	In, Out int  // of a fully connected layer
	ReLU    bool // after the layer

	// Factored says that the gradient of the weights of a fully connected layer is left in its
	// factors [N,Out+In]: an example's gradient of the result before the ReLU, then its input.
	Factored bool
}

// Size is the number of results of one example.
func (l NetLayer) Size() int {
	if l.Linear {
		return l.Out
	}
	return l.Conv.O * l.Conv.OH * l.Conv.OW
}

// Net is a chain of layers that begins with a convolution.
type Net []NetLayer

// NetBank is a number of networks on the same images x [N,C,H,W].
type NetBank struct {
	N, C, H, W int
	Nets       []Net
}

// NetWork is the room that the loops over one network need.
type NetWork[T Float] struct {
	a, g [][]T // results and their gradients, channel-first, by layer
}

// NewNetWork returns room for a network on n images.
func NewNetWork[T Float](net Net, n int) *NetWork[T] {
	w := &NetWork[T]{}
	for _, l := range net {
		w.a = append(w.a, make([]T, n*l.Size()))
		w.g = append(w.g, make([]T, n*l.Size()))
	}
	return w
}

// NetForward runs one network: y is the last result, channel-first; hidden[i] that of layer i,
// channel-last after a convolution, or nil if it is not wanted. params are weight and bias of
// each layer.
func NetForward[T Float](y []T, hidden [][]T, x []T, params [][]T, net Net, n int, work *NetWork[T]) {
	in := x
	for i, l := range net {
		out := y
		if i < len(net)-1 {
			out = work.a[i]
		}
		if l.Linear {
			MatMul(out, in, params[2*i], params[2*i+1], false, true, n, l.Out, l.In)
		} else {
			Conv2D(out, in, params[2*i], params[2*i+1], l.Conv)
		}
		if l.ReLU {
			ReLU(out, out)
		}
		if i < len(net)-1 && hidden[i] != nil {
			toChannelLast(hidden[i], out, l, n)
		}
		in = out
	}
}

// toChannelLast copies the result of a layer in the layout in which it is kept.
func toChannelLast[T Float](dst, src []T, l NetLayer, n int) {
	if l.Linear {
		copy(dst, src)
		return
	}
	Transpose(dst, src, n, l.Conv.O, l.Conv.OH*l.Conv.OW)
}

// NetGrad is the gradient of [NetForward] for a gradient g of y, given the results y and hidden.
// dx and any of grads (weight, or its factors, and bias of each layer) may be nil.
func NetGrad[T Float](dx []T, grads [][]T, x, y []T, hidden [][]T, g []T, params [][]T, net Net, n int, work *NetWork[T]) {
	last := len(net) - 1
	for i, l := range net[:last] {
		if l.Linear {
			copy(work.a[i], hidden[i])
		} else {
			Transpose(work.a[i], hidden[i], n, l.Conv.OH*l.Conv.OW, l.Conv.O)
		}
	}
	copy(work.a[last], y)
	copy(work.g[last], g)
	for i := last; i >= 0; i-- {
		l, gz, in, din := net[i], work.g[i], x, dx
		if i > 0 {
			in, din = work.a[i-1], work.g[i-1]
		}
		if l.ReLU {
			ReLUGrad(gz, work.a[i], gz)
		}
		layerGrad(din, grads[2*i], grads[2*i+1], in, gz, params[2*i], l, n)
	}
}

// layerGrad is the gradient of one layer before its ReLU.
func layerGrad[T Float](din, dw, db, in, gz, w []T, l NetLayer, n int) {
	channels := Channel{N: n, C: l.Conv.O, P: l.Conv.OH * l.Conv.OW, Shared: true}
	if l.Linear {
		channels = Channel{N: n, C: l.Out, P: 1, Shared: true}
	}
	if db != nil {
		ChannelSum(db, gz, channels)
	}
	if dw != nil && l.Factored {
		for i := range n {
			row := dw[i*(l.Out+l.In):]
			copy(row[:l.Out], gz[i*l.Out:])
			copy(row[l.Out:l.Out+l.In], in[i*l.In:])
		}
	} else if dw != nil && l.Linear {
		MatMul(dw, gz, in, nil, true, false, l.Out, l.In, n)
	} else if dw != nil {
		Conv2DWeight(dw, in, gz, l.Conv)
	}
	if din != nil && l.Linear {
		MatMul(din, gz, w, nil, false, false, n, l.In, l.Out)
	} else if din != nil {
		Conv2DInput(din, w, gz, l.Conv)
	}
}
