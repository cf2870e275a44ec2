package device

import (
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

func (d *Device) bank(o *op.Op, used []bool) *exec.Kernel {
	switch b := o.Dims().(type) {
	case ref.NetBank:
		return d.kernel(o, used, func(r *run, outs, ins []address) { bankForward(r, b, outs, ins) })
	case op.BankGrad:
		for _, net := range b.Nets {
			for _, l := range net {
				if l.Factored {
					return nil // for weights that are updated on the host
				}
			}
		}
		return d.kernel(o, used, func(r *run, outs, ins []address) { bankGrad(r, b, outs, ins) })
	}
	return nil
}

// netRun is where a network of a bank has its results.
type netRun struct {
	net     ref.Net
	slot    op.BankSlots
	results []address // by layer; the last is channel-first
}

// depthOf is the number of layers of the longest network.
func depthOf(b ref.NetBank) int {
	n := 0
	for _, net := range b.Nets {
		n = max(n, len(net))
	}
	return n
}

// bankForward runs layer after layer, all networks of one layer together.
func bankForward(r *run, b ref.NetBank, outs, ins []address) {
	var runs []netRun
	for i, slot := range op.Slots(b) {
		if outs[i] == 0 {
			continue // nobody reads this network
		}
		n := netRun{net: b.Nets[i], slot: slot}
		for l, layer := range n.net {
			out := outs[i]
			if l < len(n.net)-1 {
				if out = outs[slot.Hidden+l]; out == 0 {
					out = r.scratch.take(b.N * layer.Size())
				}
			}
			n.results = append(n.results, out)
		}
		runs = append(runs, n)
	}
	x := unfolder{seen: map[window]address{}}
	for l := range depthOf(b) {
		var windows []window
		var jobs []gemm
		for _, n := range runs {
			if l >= len(n.net) {
				continue
			}
			var in address
			if l > 0 {
				in = n.results[l-1]
			}
			a, depth := x.input(r, &windows, b, n.net, l, ins[0], in)
			jobs = append(jobs, n.product(b, l, a, depth, ins))
		}
		addWindows(r, "k_im2col", windows...)
		addGemm(r, jobs...)
	}
}

// unfolder unfolds inputs of layers, x once per window.
type unfolder struct{ seen map[window]address }

// input returns where the rows of layer l's input are and how long they are: the unfolded
// picture, or for a fully connected layer the results of the layer before as they lie.
func (u *unfolder) input(r *run, windows *[]window, b ref.NetBank, net ref.Net, l int, x, before address) (address, int) {
	layer := net[l]
	if layer.Linear {
		return before, layer.In
	}
	w := windowOf(layer.Conv, l > 0)
	if l == 0 {
		if at, ok := u.seen[w]; ok {
			return at, w.depth()
		}
	}
	at := r.scratch.take(w.rows() * w.depth())
	if l == 0 {
		u.seen[w] = at
		before = x
	}
	job := w
	job.from, job.to = before, at
	*windows = append(*windows, job)
	return at, w.depth()
}

// inner is the axis along the inputs of layer l: a fully connected layer reads the channel-last
// results of a convolution in channel-first order.
func inner(net ref.Net, l int) axis {
	if net[l].Linear && l > 0 && !net[l-1].Linear {
		c := net[l-1].Conv
		return twoLevels(1, c.O, c.OH*c.OW)
	}
	return stride(1)
}

// outer is the place of the rows and columns of layer l's results: channel-last, but for the last
// layer.
func outer(net ref.Net, l int) (rows axis, cols int) {
	layer := net[l]
	switch {
	case layer.Linear:
		return stride(layer.Out), 1
	case l == len(net)-1:
		p := layer.Conv.OH * layer.Conv.OW
		return twoLevels(layer.Conv.O*p, 1, p), p
	}
	return stride(layer.Conv.O), 1
}

// rowsOf is the number of rows of layer l's product.
func rowsOf(b ref.NetBank, layer ref.NetLayer) (rows, width int) {
	if layer.Linear {
		return b.N, layer.Out
	}
	return b.N * layer.Conv.OH * layer.Conv.OW, layer.Conv.O
}

func (n netRun) product(b ref.NetBank, l int, a address, depth int, ins []address) gemm {
	rows, width := rowsOf(b, n.net[l])
	cm, cn := outer(n.net, l)
	return gemm{a: a, b: ins[n.slot.Param+2*l], bias: ins[n.slot.Param+2*l+1], c: n.results[l], relu: int32(flag(n.net[l].ReLU)),
		m: int32(rows), n: int32(width), k: int32(depth),
		am: stride(depth), ak: inner(n.net, l), bk: stride(1), bn: stride(depth), cm: cm, cn: int32(cn)}
}

// netGrad is a network on its way back.
type netGrad struct {
	net    ref.Net
	slot   op.BankSlots
	out    int // its first output
	result address
	g      address   // gradient of the result
	grads  []address // by layer: gradient before the bias, rows channel-last
}

// bankGrad: see op.BankGrad for the order of inputs and outputs.
func bankGrad(r *run, d op.BankGrad, outs, ins []address) {
	slots, last := op.Slots(d.NetBank), len(d.Nets)-1
	bank := slots[last].Param + 2*len(d.Nets[last])
	g := bank + slots[last].Hidden + len(d.Nets[last]) - 1
	var nets []netGrad
	out := 0
	for i, net := range d.Nets {
		if !d.Active[i] {
			continue
		}
		n := netGrad{net: net, slot: slots[i], out: out, result: ins[bank+i], g: ins[g]}
		for _, layer := range net {
			n.grads = append(n.grads, r.scratch.take(d.N*layer.Size()))
		}
		nets, out, g = append(nets, n), out+2*len(net), g+1
	}
	var starts []mapJob
	for _, n := range nets {
		starts = append(starts, n.start(d.NetBank)...)
	}
	addMaps(r, "k_map", starts)
	dx, first := outs[len(outs)-1], true
	x := unfolder{seen: map[window]address{}}
	for l := depthOf(d.NetBank) - 1; l >= 0; l-- {
		var unfold, fold []window
		var weights, inputs []gemm
		var sums []columns
		for _, n := range nets {
			if l >= len(n.net) {
				continue
			}
			n.back(r, d.NetBank, l, &x, backJobs{&unfold, &fold, &weights, &inputs, &sums}, outs, ins, bank, dx != 0)
		}
		addWindows(r, "k_im2col", unfold...)
		addGemm(r, weights...)
		addColumns(r, sums)
		addGemm(r, inputs...)
		if l > 0 {
			addWindows(r, "k_col2im", fold...)
			continue
		}
		for _, f := range fold { // all networks add to the gradient of x, one after the other
			f.to, f.add = dx, int32(flag(!first))
			first = false
			addWindows(r, "k_col2im", f)
		}
	}
}

// start brings the gradient of the result before its ReLU to rows; nothing to do for that of a
// fully connected layer without one.
func (n netGrad) start(b ref.NetBank) []mapJob {
	last := len(n.net) - 1
	layer := n.net[last]
	if layer.Linear && !layer.ReLU {
		n.grads[last] = n.g
		return nil
	}
	c, place := newCompiler(), 0
	if !layer.Linear {
		place = c.moved(0, toTranspose, layer.Conv.O, layer.Conv.OH*layer.Conv.OW)
	}
	v := c.load(0, place)
	if layer.ReLU {
		v = c.emit(instr{op: opReLUDx}, c.load(1, place), v)
	}
	job := mapJob{out: n.grads[last], n: int32(b.N * layer.Size()), result: int32(v), leaves: at(n.g, n.result)}
	c.allocate(&job)
	job.program = c.code
	return []mapJob{job}
}

type backJobs struct {
	unfold, fold    *[]window
	weights, inputs *[]gemm
	sums            *[]columns
}

// back adds the work of layer l: gradients of its parameters and of its input.
func (n netGrad) back(r *run, b ref.NetBank, l int, x *unfolder, jobs backJobs, outs, ins []address, bank int, wantX bool) {
	layer := n.net[l]
	rows, width := rowsOf(b, layer)
	g, w := n.grads[l], ins[n.slot.Param+2*l]
	dw, db := outs[n.out+2*l], outs[n.out+2*l+1]
	var before address
	if l > 0 {
		before = ins[bank+n.slot.Hidden+l-1]
	}
	depth := layer.In
	if !layer.Linear {
		depth = windowOf(layer.Conv, l > 0).depth()
	}
	if db != 0 {
		*jobs.sums = append(*jobs.sums, columns{sum: db, g: g, rows: int32(rows), width: int32(width)})
	}
	if dw != 0 {
		u, _ := x.input(r, jobs.unfold, b, n.net, l, ins[0], before)
		*jobs.weights = append(*jobs.weights, gemm{a: g, b: u, c: dw, m: int32(width), n: int32(depth), k: int32(rows),
			am: stride(1), ak: stride(width), bk: stride(depth), bn: inner(n.net, l), cm: stride(depth), cn: 1})
	}
	if l == 0 && !wantX {
		return
	}
	din := gemm{a: g, b: w, m: int32(rows), n: int32(depth), k: int32(width),
		am: stride(width), ak: stride(1), bk: stride(depth), bn: stride(1), cm: stride(depth), cn: 1}
	if layer.Linear {
		n.linearInput(r, l, before, din, jobs)
		return
	}
	din.c = r.scratch.take(rows * depth)
	*jobs.inputs = append(*jobs.inputs, din)
	f := windowOf(layer.Conv, l > 0)
	f.from = din.c
	if l > 0 {
		f.to = n.grads[l-1]
		if n.net[l-1].ReLU {
			f.mask = before
		}
	}
	*jobs.fold = append(*jobs.fold, f)
}

// linearInput stores the gradient of a fully connected layer's input in the order of the results
// of the layer before, masked by their ReLU.
func (n netGrad) linearInput(r *run, l int, before address, din gemm, jobs backJobs) {
	din.c = n.grads[l-1]
	if n.net[l-1].ReLU {
		din.mask = before
	}
	if c := n.net[l-1].Conv; !n.net[l-1].Linear {
		// C^T is computed, so that the two levels of the channel-last order are those of its rows.
		p := c.OH * c.OW
		din.a, din.b = din.b, din.a
		din.m, din.n = din.n, din.m
		din.am, din.bn = stride(1), din.am
		din.ak, din.bk = stride(int(din.m)), stride(1)
		din.cm, din.cn = twoLevels(1, c.O, p), int32(c.O*p)
	}
	*jobs.inputs = append(*jobs.inputs, din)
}
