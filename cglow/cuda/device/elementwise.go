package device

import (
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// size is the number of elements of the first output.
func size(o *op.Op) int {
	s, err := o.InferShape()
	if err != nil {
		return 0
	}
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

var unary = map[string]string{
	"neg": "k_neg", "exp": "k_exp", "log": "k_log", "tanh": "k_tanh", "sigmoid": "k_sigmoid",
	"logsigmoid": "k_logsigmoid", "relu": "k_relu", "square": "k_square", "reshape": "k_copy",
}

var binary = map[string]string{
	"sub": "k_sub", "mul": "k_mul", "div": "k_div", "tanh.dx": "k_tanh_dx", "sigmoid.dx": "k_sigmoid_dx",
	"logsigmoid.dx": "k_logsigmoid_dx", "relu.dx": "k_relu_dx", "square.dx": "k_square_dx",
}

func (d *Device) elementwise(o *op.Op, used []bool) *exec.Kernel {
	n := size(o)
	simple := func(build func(outs, ins []address) launch) *exec.Kernel {
		return d.kernel(o, used, func(r *run, outs, ins []address) { r.add(build(outs, ins)) })
	}
	if k := unary[o.Name()]; k != "" {
		return simple(func(outs, ins []address) launch { return over(k, n, at(outs[0], ins[0]), nil) })
	}
	if k := binary[o.Name()]; k != "" {
		return simple(func(outs, ins []address) launch { return over(k, n, at(outs[0], ins[0], ins[1]), nil) })
	}
	switch o.Name() {
	case "scale", "offset":
		return simple(func(outs, ins []address) launch {
			return over("k_"+o.Name(), n, at(outs[0], ins[0]), nil, float32(o.Dims().(float64)))
		})
	case "add":
		return d.kernel(o, used, func(r *run, outs, ins []address) { addAll(r, outs[0], ins, n) })
	case "one":
		return simple(func(outs, _ []address) launch { return over("k_fill", n, at(outs[0]), nil, 1) })
	case "mean.dx":
		return simple(func(outs, ins []address) launch {
			return over("k_expand", n, at(outs[0], ins[0]), []int{n}, float32(1/float64(n)))
		})
	case "expandperexample":
		return simple(func(outs, ins []address) launch {
			return over("k_expand", n, at(outs[0], ins[0]), []int{o.Dims().(int)}, 1)
		})
	case "channeladd", "channelmul":
		c := o.Dims().(ref.Channel)
		return simple(func(outs, ins []address) launch {
			return over("k_"+o.Name(), n, at(outs[0], ins[0], ins[1]), []int{c.C, c.P, flag(c.Shared)})
		})
	case "gaussian.dz":
		return simple(func(outs, ins []address) launch {
			return over("k_gaussian_dz", n, append(append([]address(nil), outs...), ins...), []int{o.Dims().(int)})
		})
	case "normal.dz":
		return simple(func(outs, ins []address) launch {
			return over("k_normal_dz", n, at(outs[0], ins[0], ins[1]), []int{o.Dims().(int)})
		})
	}
	return nil
}

// addAll adds any number of arrays from left to right, nine at a time.
func addAll(r *run, y address, xs []address, n int) {
	const most = 9
	k := min(len(xs), most)
	r.add(over("k_add", n, append(at(y), xs[:k]...), []int{k}))
	for xs = xs[k:]; len(xs) > 0; xs = xs[k:] {
		k = min(len(xs), most-1)
		r.add(over("k_add", n, append(at(y, y), xs[:k]...), []int{k + 1}))
	}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
