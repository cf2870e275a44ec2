package cglow

import (
	"errors"
	"sort"
	"strings"
	"time"

	"glownotes/cglow/data"
	"glownotes/cglow/exec"
)

// PartTime is what one part of a training step took: a kind of op, or one of what comes after the
// gradient: "finite" (the check of all gradients), "adam", "average" (of the weights). "input" is
// the dequantization and the bookkeeping around the ops.
type PartTime struct {
	Part  string
	Steps int // kernels in it
	Time  time.Duration
	Share float64 // of the step
}

// Profile takes steps training steps on a batch and returns the mean time of the parts of one, the
// longest first. The steps train the model like any other.
func (t *Trainer) Profile(x, y data.Images, steps int) ([]PartTime, error) {
	if t.graph == nil {
		return nil, errors.New("cglow: Profile: only training with stored activations can be profiled")
	}
	t.clock = &clock{parts: map[string]time.Duration{}}
	stop := t.graph.vm.vm.StartProfile()
	err := t.steps(x, y, steps)
	ops, c := stop(), t.clock
	t.clock = nil
	if err != nil {
		return nil, err
	}
	return c.report(ops, steps), nil
}

func (t *Trainer) steps(x, y data.Images, n int) error {
	for range n {
		t.clock.start()
		r, err := t.Step(x, y)
		if err != nil {
			return err
		}
		if r.Skipped {
			return r.Fault
		}
	}
	return nil
}

// clock adds up what the parts of a step take. A nil one does nothing.
type clock struct {
	last  time.Time
	parts map[string]time.Duration
}

func (c *clock) start() { c.last = time.Now() }

// lap gives the time since the last call to a part.
func (c *clock) lap(part string) {
	if c == nil {
		return
	}
	now := time.Now()
	c.parts[part] += now.Sub(c.last)
	c.last = now
}

// report joins the parts with the ops, whose times are of one step already.
func (c *clock) report(ops []exec.OpTime, steps int) (out []PartTime) {
	total, input := time.Duration(0), time.Duration(0)
	for part, d := range c.parts {
		d /= time.Duration(steps)
		total += d
		if part == "gradient" {
			input = d
			continue
		}
		out = append(out, PartTime{Part: part, Steps: 1, Time: d})
	}
	for _, o := range ops {
		input -= o.Time
		name := o.Op
		if o.Kernel != "cpu" {
			name += " (" + o.Kernel + ")"
		}
		out = append(out, PartTime{Part: name, Steps: o.Steps, Time: o.Time})
	}
	out = append(out, PartTime{Part: "input", Steps: 1, Time: input})
	for i := range out {
		out[i].Share = float64(out[i].Time) / float64(max(1, total))
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Time > out[j].Time })
	return out
}

// GroupParts adds up the parts of Profile by what they belong to, the longest first: the coupling
// networks, the networks on x (NetBank), the 1x1 convolutions, the priors, the finite check, Adam,
// the input, and all else, which is element-wise: actnorm, affine, log-determinants. Convolutions
// and linear layers that stand alone belong to the priors, or with a shared trunk to that.
func GroupParts(parts []PartTime, c Config) []PartTime {
	at := map[string]int{}
	var out []PartTime
	for _, p := range parts {
		name := partGroup(p.Part, c.Trunk > 0)
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name] = i
			out = append(out, PartTime{Part: name})
		}
		out[i].Steps += p.Steps
		out[i].Time += p.Time
		out[i].Share += p.Share
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Time > out[j].Time })
	return out
}

// partGroup returns the group of a part. Gradients have names such as conv2d.dw.
func partGroup(part string, trunk bool) string {
	op, _, _ := strings.Cut(part, " ") // "channels (reference)"
	base, _, backward := strings.Cut(op, ".")
	direction := " forward"
	if backward {
		direction = " backward"
	}
	switch base {
	case "couplingnet", "hidden":
		return "coupling networks" + direction
	case "netbank":
		return "conditioning networks" + direction
	case "conv2d", "linear":
		if trunk {
			return "trunk, heads and priors" + direction
		}
		return "priors"
	case "gaussian", "normal":
		return "priors"
	case "householder", "logabsdet", "inverse", "matapply", "matmul", "transpose":
		return "1x1 convolutions"
	case "finite", "input":
		return base
	case "adam", "average":
		return "adam"
	}
	return "actnorm, affine, log-dets"
}
