package baseline

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// widest bounds the doubling of channels from level to level.
const widest = 256

// outFan makes the last layer of a regression start ten times smaller than He's:
// targets are small numbers, and the first steps from an error of 1 drive the
// ReLUs of the layers before it below zero for good.
const outFan = 100

// layers builds one graph of a network; parameters are made by the first
// graph and shared by the later ones.
type layers struct {
	net *Net
	g   *gorgonia.ExprGraph
	cfg Config
}

// conv is a convolution with odd kernel k that keeps the size, or halves it
// when k is 2.
func (l *layers) conv(name string, x *gorgonia.Node, out, k int) *gorgonia.Node {
	c := op.Conv{Stride: 1, Pad: k / 2}
	if k == 2 {
		c = op.Conv{Stride: 2}
	}
	in := x.Shape()[1]
	fan := in * k * k
	switch {
	case name == "out" && l.cfg.StartAtZero:
		fan = 0
	case name == "out" && l.cfg.Loss.regression():
		fan *= outFan
	}
	return op.Conv2D(x, l.net.param(l.g, name+".w", fan, out, in, k, k), l.net.param(l.g, name+".b", 0, out), c)
}

func (l *layers) relu(name string, x *gorgonia.Node, out, k int) *gorgonia.Node {
	return op.ReLU(l.conv(name, x, out, k))
}

// double enlarges x to twice its height and width with out channels: a 1x1
// convolution to 4 out channels, whose pixels are then laid out 2x2.
func (l *layers) double(name string, x *gorgonia.Node, out int) *gorgonia.Node {
	return op.Unsqueeze(l.conv(name, x, 4*out, 1))
}

// width is the number of channels at a level.
func (l *layers) width(level int) int { return min(l.cfg.Width<<level, max(widest, l.cfg.Width)) }

// build returns the network's raw output for x.
func (l *layers) build(x *gorgonia.Node) *gorgonia.Node {
	switch l.cfg.Kind {
	case FCN:
		return l.fcn(x)
	case UNet:
		return l.unet(x)
	case DnCNN:
		return l.dncnn(x)
	default:
		return l.context(x)
	}
}

// encode returns the feature maps of levels 0..Depth, finest first.
func (l *layers) encode(x *gorgonia.Node) []*gorgonia.Node {
	h := l.relu("in", x, l.width(0), 3)
	maps := []*gorgonia.Node{l.relu("enc0", h, l.width(0), 3)}
	for i := 1; i <= l.cfg.Depth; i++ {
		h = l.relu(fmt.Sprintf("down%d", i), maps[i-1], l.width(i), 2)
		maps = append(maps, l.relu(fmt.Sprintf("enc%d", i), h, l.width(i), 3))
	}
	return maps
}

func (l *layers) fcn(x *gorgonia.Node) *gorgonia.Node {
	maps := l.encode(x)
	last := len(maps) - 1
	score := l.conv(fmt.Sprintf("score%d", last), maps[last], l.cfg.Y.C, 1)
	for i := last - 1; i >= 0; i-- {
		up := l.double(fmt.Sprintf("up%d", i), score, l.cfg.Y.C)
		score = op.Add(up, l.conv(fmt.Sprintf("score%d", i), maps[i], l.cfg.Y.C, 1))
	}
	return score
}

func (l *layers) unet(x *gorgonia.Node) *gorgonia.Node {
	maps := l.encode(x)
	h := maps[len(maps)-1]
	for i := len(maps) - 2; i >= 0; i-- {
		up := l.double(fmt.Sprintf("up%d", i), h, l.width(i))
		h = l.relu(fmt.Sprintf("dec%da", i), op.Concat(maps[i], up), l.width(i), 3)
		h = l.relu(fmt.Sprintf("dec%db", i), h, l.width(i), 3)
	}
	return l.conv("out", h, l.cfg.Y.C, 1)
}

func (l *layers) dncnn(x *gorgonia.Node) *gorgonia.Node {
	h := x
	for i := range l.cfg.Depth - 1 {
		h = l.relu(fmt.Sprintf("conv%d", i), h, l.cfg.Width, 3)
	}
	return l.conv("out", h, l.cfg.Y.C, 3)
}

func (l *layers) context(x *gorgonia.Node) *gorgonia.Node {
	maps := l.encode(x)
	h := maps[len(maps)-1]
	n, c, rows, cols := h.Shape()[0], h.Shape()[1], h.Shape()[2], h.Shape()[3]
	flat := c * rows * cols
	const bottleneck = 512
	z := op.ReLU(l.linear("fc0", op.Reshape(h, n, flat), bottleneck))
	h = op.Reshape(op.ReLU(l.linear("fc1", z, flat)), n, c, rows, cols)
	ups, _ := l.cfg.contextUps() // Validate has checked it
	for i := range ups {
		h = op.ReLU(l.double(fmt.Sprintf("up%d", i), h, l.width(max(ups-1-i, 0))))
		h = l.relu(fmt.Sprintf("dec%d", i), h, l.width(max(ups-1-i, 0)), 3)
	}
	return l.conv("out", h, l.cfg.Y.C, 3)
}

func (l *layers) linear(name string, x *gorgonia.Node, out int) *gorgonia.Node {
	in := x.Shape()[1]
	return op.Linear(x, l.net.param(l.g, name+".w", in, out, in), l.net.param(l.g, name+".b", 0, out))
}

// loss returns the scalar that training minimises.
func (l *layers) loss(raw, y *gorgonia.Node) *gorgonia.Node {
	n, size := y.Shape()[0], l.cfg.Y.Len()
	var each *gorgonia.Node
	if l.cfg.Loss == CrossEntropy {
		// -log s(l) + (1-y) l is the cross-entropy written without a log of a
		// small number.
		each = op.Sub(op.Mul(op.Offset(op.Neg(y), 1), raw), op.LogSigmoid(raw))
	} else {
		each = op.Square(op.Sub(raw, y))
	}
	sum := op.SumPerExample(op.Reshape(each, n, size))
	if l.cfg.Loss == LogSquaredError {
		return op.Mean(op.Log(op.Offset(op.Scale(sum, 1/float64(size)), logFloor)))
	}
	return op.Scale(op.Mean(sum), 1/float64(size))
}
