package device

import (
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// operation numbers of map.cu.
const (
	toDiv = iota
	toMod
	toChannels
	toScatter
	toChannel
	toSqueeze
	toUnsqueeze
	toConcat
	toTranspose
	opLoad
	opConst
	opSelect
	opNeg
	opExp
	opLog
	opTanh
	opSigmoid
	opLogSigmoid
	opReLU
	opSquare
	opScale
	opOffset
	opAdd
	opSub
	opMul
	opDiv
	opTanhDx
	opSigmoidDx
	opLogSigmoidDx
	opReLUDx
	opSquareDx
)

// Limits of map.cu and of the length of a program.
const (
	registers = 32
	indexes   = 16
	longest   = 400
)

// instr: see map.cu.
type instr struct {
	op, d, a, b int16
	f           float32
	n           [5]int32
}

var unaryOps = map[string]int16{
	"neg": opNeg, "exp": opExp, "log": opLog, "tanh": opTanh, "sigmoid": opSigmoid,
	"logsigmoid": opLogSigmoid, "relu": opReLU, "square": opSquare,
}

var binaryOps = map[string]int16{
	"sub": opSub, "mul": opMul, "div": opDiv, "tanh.dx": opTanhDx, "sigmoid.dx": opSigmoidDx,
	"logsigmoid.dx": opLogSigmoidDx, "relu.dx": opReLUDx, "square.dx": opSquareDx,
}

// Inline: see exec.Device. Reading counts 2, a transcendental function 4.
func (d *Device) Inline(o *op.Op) int {
	switch o.Name() {
	case "exp", "log", "tanh", "sigmoid", "logsigmoid", "logsigmoid.dx":
		return 4
	case "channels", "squeeze", "unsqueeze", "repeat", "transpose", "reshape", "one", "mean.dx", "expandperexample":
		return 2
	case "scatter", "scale", "offset", "channeladd", "channelmul", "normal.dz":
		return 3
	case "concat":
		return 3 * len(o.Dims().(op.ConcatDims).Sizes)
	case "add":
		return max(1, o.Arity()-1)
	}
	if unaryOps[o.Name()] != 0 || binaryOps[o.Name()] != 0 {
		return 1
	}
	return 0
}

// Absorbs: see exec.Device.
func (d *Device) Absorbs(o *op.Op) bool {
	switch o.Name() {
	case "sumperexample", "channelsum", "channeldot":
		return true
	}
	return d.Inline(o) > 0
}

// Fused makes a program of the op and what is computed along with it.
func (d *Device) Fused(root *exec.Expr) *exec.Kernel {
	c := newCompiler()
	job, class := mapJob{n: int32(size(root.Op))}, "map"
	switch root.Op.Name() {
	case "sumperexample":
		n := root.Op.Dims().(int)
		job.results, job.n, job.p, job.c, class = job.n, int32(n), int32(n), 1, "sum"
		job.result = int32(c.value(root.In[0], 0))
	case "channelsum", "channeldot":
		dims := root.Op.Dims().(ref.Channel)
		images := 1
		if dims.Shared {
			images = dims.N
		}
		job.results, job.n, job.p, job.c, class = job.n, int32(images*dims.P), int32(dims.P), int32(dims.C), "sum"
		v := c.value(root.In[0], 0)
		if len(root.In) == 2 {
			v = c.emit(instr{op: opMul}, v, c.value(root.In[1], 0))
		}
		job.result = int32(v)
	default:
		job.result = int32(c.value(root, 0))
	}
	if !c.allocate(&job) {
		return nil
	}
	return merging(class, func(b *batch, outs, ins []address) {
		j := job
		j.out, j.leaves, j.program = outs[0], ins, c.code
		if class == "sum" {
			b.sums = append(b.sums, j)
		} else {
			b.maps = append(b.maps, j)
		}
	})
}

// compiler makes instructions. Until allocate, every result has a register of its own.
type compiler struct {
	code   []instr
	values map[key]int // of expressions at places
	places map[key]int
	floats int
	ints   int // place 0 is given
}

func newCompiler() *compiler { return &compiler{values: map[key]int{}, places: map[key]int{}} }

// load reads an input.
func (c *compiler) load(leaf, place int) int {
	return c.emit(instr{op: opLoad, n: [5]int32{int32(leaf)}}, place, 0)
}

// key is an expression or an instruction at a place.
type key struct {
	e     *exec.Expr
	i     instr
	place int
}

// emit appends an instruction on registers and returns that of its result.
func (c *compiler) emit(i instr, a, b int) int {
	i.a, i.b, i.d = int16(a), int16(b), int16(c.floats)
	c.floats++
	c.code = append(c.code, i)
	return int(i.d)
}

// moved returns the place that an op reads for a place.
func (c *compiler) moved(place int, op int16, n ...int) int {
	i := instr{op: op, a: int16(place)}
	for k, v := range n {
		i.n[k] = int32(v)
	}
	if at, ok := c.places[key{i: i}]; ok {
		return at
	}
	c.ints++
	k := key{i: i}
	i.d = int16(c.ints)
	c.code = append(c.code, i)
	c.places[k] = c.ints
	return c.ints
}

// value returns the register of an expression at a place.
func (c *compiler) value(e *exec.Expr, place int) int {
	k := key{e: e, place: place}
	if r, ok := c.values[k]; ok {
		return r
	}
	r := 0
	if len(c.code) <= longest { // beyond, it is given up anyway
		r = c.compute(e, place)
	}
	c.values[k] = r
	return r
}

func (c *compiler) compute(e *exec.Expr, place int) int {
	if e.Op == nil {
		return c.load(e.Leaf, place)
	}
	o, n := e.Op, size(e.Op)
	unary := func(op int16, f float32) int { return c.emit(instr{op: op, f: f}, c.value(e.In[0], place), 0) }
	if op := unaryOps[o.Name()]; op != 0 {
		return unary(op, 0)
	}
	if op := binaryOps[o.Name()]; op != 0 {
		return c.emit(instr{op: op}, c.value(e.In[0], place), c.value(e.In[1], place))
	}
	switch o.Name() {
	case "reshape":
		return c.value(e.In[0], place)
	case "scale":
		return unary(opScale, float32(o.Dims().(float64)))
	case "offset":
		return unary(opOffset, float32(o.Dims().(float64)))
	case "one":
		return c.emit(instr{op: opConst, f: 1}, 0, 0)
	case "add":
		v := c.value(e.In[0], place)
		for _, x := range e.In[1:] {
			v = c.emit(instr{op: opAdd}, v, c.value(x, place))
		}
		return v
	case "mean.dx":
		return c.emit(instr{op: opScale, f: float32(1 / float64(n))}, c.value(e.In[0], c.moved(place, toDiv, n)), 0)
	case "expandperexample":
		return c.value(e.In[0], c.moved(place, toDiv, o.Dims().(int)))
	case "normal.dz":
		z := c.value(e.In[0], place)
		g := c.emit(instr{op: opNeg}, c.value(e.In[1], c.moved(place, toDiv, o.Dims().(int))), 0)
		return c.emit(instr{op: opMul}, g, z)
	case "channeladd", "channelmul":
		op := int16(opAdd)
		if o.Name() == "channelmul" {
			op = opMul
		}
		d := o.Dims().(ref.Channel)
		v := c.value(e.In[0], place)
		return c.emit(instr{op: op}, v, c.value(e.In[1], c.moved(place, toChannel, d.C, d.P, flag(d.Shared))))
	}
	return c.computeMoved(e, place)
}

// computeMoved is compute for ops that move elements.
func (c *compiler) computeMoved(e *exec.Expr, place int) int {
	o := e.Op
	switch o.Name() {
	case "repeat":
		return c.value(e.In[0], c.moved(place, toMod, size(o)/o.Dims().(int)))
	case "transpose":
		d := o.Dims().(op.TransposeDims)
		return c.value(e.In[0], c.moved(place, toTranspose, d.R, d.C))
	case "squeeze", "unsqueeze":
		d, to := o.Dims().(op.SqueezeDims), int16(toSqueeze)
		if o.Name() == "unsqueeze" {
			to = toUnsqueeze
		}
		return c.value(e.In[0], c.moved(place, to, d.H, d.W))
	case "channels":
		d := o.Dims().(ref.Slice)
		return c.value(e.In[0], c.moved(place, toChannels, d.C, d.P, d.From, d.Step, d.Count))
	case "scatter":
		d := o.Dims().(ref.Slice)
		at := c.moved(place, toScatter, d.C, d.P, d.From, d.Step, d.Count)
		v := c.value(e.In[0], at)
		return c.choose(at, v, c.emit(instr{op: opConst}, 0, 0))
	case "concat":
		d := o.Dims().(op.ConcatDims)
		offset, all, v := 0, size(o)/d.N, 0
		for i, s := range d.Sizes {
			at := c.moved(place, toConcat, s, all, offset)
			part := c.value(e.In[i], at)
			if i == 0 {
				v = part
			} else {
				v = c.choose(at, part, v)
			}
			offset += s
		}
		return v
	}
	panic("device: " + o.Name() + " cannot be computed along with another op")
}

// choose is v where the place exists, else other.
func (c *compiler) choose(place, v, other int) int {
	i := instr{op: opSelect}
	i.n[0] = int32(place)
	return c.emit(i, other, v)
}

// allocate gives registers that are read no more to later results; false when there are too few,
// or the program is too long.
func (c *compiler) allocate(job *mapJob) bool {
	if len(c.code) > longest {
		return false
	}
	lastFloat, lastInt := make([]int, c.floats+1), make([]int, c.ints+1)
	for k, i := range c.code {
		ints, floats := i.reads()
		for _, r := range ints {
			lastInt[r] = k
		}
		for _, r := range floats {
			lastFloat[r] = k
		}
	}
	lastFloat[job.result] = len(c.code)
	floats, ints := newPool(c.floats+1, registers), newPool(c.ints+1, indexes)
	ints.take(0)
	for k := range c.code {
		i := &c.code[k]
		ri, rf := i.reads()
		was := *i
		switch {
		case i.op < opLoad:
			i.a = int16(ints.of[was.a])
		case i.op == opLoad:
			i.a = int16(ints.of[was.a])
		case i.op == opSelect:
			i.n[0] = int32(ints.of[was.n[0]])
			i.a, i.b = int16(floats.of[was.a]), int16(floats.of[was.b])
		case i.op != opConst:
			i.a = int16(floats.of[was.a])
			if len(rf) == 2 {
				i.b = int16(floats.of[was.b])
			}
		}
		for _, r := range ri {
			ints.free(r, lastInt[r] == k)
		}
		for _, r := range rf {
			floats.free(r, lastFloat[r] == k)
		}
		pool := floats
		if i.op < opLoad {
			pool = ints
		}
		d := pool.take(int(was.d))
		if d < 0 {
			return false
		}
		i.d = int16(d)
	}
	job.len, job.result = int32(len(c.code)), int32(floats.of[job.result])
	return true
}

// reads lists the registers that an instruction reads.
func (i instr) reads() (ints, floats []int) {
	switch {
	case i.op <= opLoad:
		return []int{int(i.a)}, nil
	case i.op == opConst:
		return nil, nil
	case i.op == opSelect:
		return []int{int(i.n[0])}, []int{int(i.a), int(i.b)}
	case i.op < opAdd:
		return nil, []int{int(i.a)}
	}
	return nil, []int{int(i.a), int(i.b)}
}

// pool hands out registers.
type pool struct {
	of   []int // register of a result
	used []bool
	gone []bool
}

func newPool(results, registers int) *pool {
	return &pool{of: make([]int, results), used: make([]bool, registers), gone: make([]bool, results)}
}

func (p *pool) take(result int) int {
	for r, used := range p.used {
		if !used {
			p.used[r], p.of[result] = true, r
			return r
		}
	}
	return -1
}

func (p *pool) free(result int, last bool) {
	if last && !p.gone[result] {
		p.gone[result], p.used[p.of[result]] = true, false
	}
}
