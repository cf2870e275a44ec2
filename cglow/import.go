package cglow

import (
	"fmt"
	"sort"
	"strings"
)

// ImportAuthors reads weights of the c-Glow authors' released model
// (github.com/yolu1055/conditional-glow) into a new model. path is an .npz or a
// .safetensors file that holds the model's state dictionary under its own
// names, for example written by
//
//	state = torch.load("checkpoint.pth.tar", map_location="cpu")["graph"]
//	numpy.savez("weights.npz", **{k: v.numpy() for k, v in state.items()})
//
// cfg is the architecture, which the file does not hold: a preset through
// Published, with the sizes and flags of the run. With layer i = l (K+2) the
// first of level l, the names and shapes are (C the level's channels):
//
//	flow.layers.[i+1+k].actnorm.x_Con.[0,2,4].weight, .bias      act.conv0..2   [n_c,.,k,k], [n_c]
//	flow.layers.[i+1+k].actnorm.x_Linear.[0,2,4].weight, .bias   act.fc0..2     [n_w,.] .. [2C,n_w]
//	flow.layers.[i+1+k].invconv.x_Con, .x_Linear                 inv.conv, .fc  the same, last [C*C,n_w]
//	flow.layers.[i+1+k].affine.resize_x.[0,2,4].weight, .bias    cn.conv0..2    [16,.,3,3], [C/2,16,k,k], [C/2,C/2,3,3]
//	flow.layers.[i+1+k].affine.f.0.weight                        nn.conv0.w     [256,C,3,3]
//	flow.layers.[i+1+k].affine.f.0.actnorm.bias, .logs           nn.an0         [1,256,1,1]
//	flow.layers.[i+1+k].affine.f.2.weight, .actnorm.*            nn.conv1, .an1 [256,256,1,1]
//	flow.layers.[i+1+k].affine.f.4.weight, .bias                 nn.conv2       [C,256,3,3], [C]
//	flow.layers.[i+1+k].affine.f.4.logs, .newbias                nn.conv2       [C,1,1]
//	flow.layers.[i+1+K].conv.0.weight, .bias                     lL.split       [C,C/2,3,3], [C]
//	new_mean, new_logs                                           top.mean, .logs [1,C,H,W]
//
// A name that is missing or unknown and a shape that differs are a
// *CheckpointError. The top prior's values are used only with LearnTop.
func ImportAuthors(path string, cfg Config) (*Model, error) {
	if cfg.Form != Paper {
		return nil, &ConfigError{"Form", "of released weights is paper: take a preset through Published"}
	}
	m, err := New(cfg, 0)
	if err != nil {
		return nil, err
	}
	arrays, err := readArrays(path)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{"new_mean": true, "new_logs": true}
	for _, p := range m.store.list {
		name := authorsName(p.Name, cfg.Steps)
		a, ok := arrays[name]
		if !ok {
			return nil, &CheckpointError{path, name, fmt.Errorf("is missing")}
		}
		if !sameButOnes(a.shape, p.Shape) {
			return nil, &CheckpointError{path, name, fmt.Errorf("shape %v, want %v", a.shape, p.Shape)}
		}
		m.store.set(p, a.v)
		used[name] = true
	}
	var unknown []string
	for name := range arrays {
		if !used[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return nil, &CheckpointError{path, unknown[0], fmt.Errorf("is not a name of this architecture (%d such names)", len(unknown))}
	}
	return m, nil
}

// readArrays reads an .npz or a .safetensors file.
func readArrays(path string) (map[string]array, error) {
	if strings.HasSuffix(path, ".npz") {
		a, err := readNpz(path)
		if err != nil {
			return nil, &CheckpointError{path, "file", err}
		}
		return a, nil
	}
	f, err := readTensorFile(path)
	if err != nil {
		return nil, err
	}
	out := make(map[string]array, len(f.tensors))
	for name, t := range f.tensors {
		a := array{shape: t.shape}
		switch v := t.data.(type) {
		case []float32:
			a.v = make([]float64, len(v))
			convert(a.v, v)
		case []float64:
			a.v = v
		default:
			return nil, &CheckpointError{path, name, fmt.Errorf("holds %T, want floating-point numbers", v)}
		}
		out[name] = a
	}
	return out, nil
}

// authorsParts translates the last parts of a name; %d is 2j for layer j.
var authorsParts = strings.NewReplacer(
	"act.conv", "actnorm.x_Con.", "act.fc", "actnorm.x_Linear.",
	"inv.conv", "invconv.x_Con.", "inv.fc", "invconv.x_Linear.",
	"cn.conv", "affine.resize_x.", "nn.conv", "affine.f.",
	"nn.an0", "affine.f.0.actnorm", "nn.an1", "affine.f.2.actnorm",
)

// authorsName returns the released code's name of one of our parameters, for K
// steps a level.
func authorsName(name string, steps int) string {
	var l, k int
	switch {
	case strings.HasPrefix(name, "top."):
		return "new_" + strings.TrimPrefix(name, "top.")
	case strings.Contains(name, ".split."):
		fmt.Sscanf(name, "l%d.", &l)
		return fmt.Sprintf("flow.layers.%d.conv.0.%s", l*(steps+2)+steps+1, longName(name))
	}
	fmt.Sscanf(name, "l%d.s%d.", &l, &k)
	rest := strings.SplitN(name, ".", 3)[2]
	rest = authorsParts.Replace(rest)
	if !strings.Contains(rest, "actnorm.bias") && !strings.Contains(rest, "actnorm.logs") {
		// the digit before the last dot is the layer j: its place is 2j, because
		// every layer is followed by its activation
		dot := strings.LastIndexByte(rest, '.')
		rest = rest[:dot-1] + string('0'+2*(rest[dot-1]-'0')) + "." + longName(rest)
	}
	return fmt.Sprintf("flow.layers.%d.%s", l*(steps+2)+1+k, rest)
}

// longName returns weight and bias for w and b, and other last parts as they
// are.
func longName(name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch last {
	case "w":
		return "weight"
	case "b":
		return "bias"
	}
	return last
}

// sameButOnes reports whether two shapes are equal without axes of length 1.
func sameButOnes(a, b []int) bool {
	strip := func(s []int) string {
		var out []int
		for _, d := range s {
			if d != 1 {
				out = append(out, d)
			}
		}
		return fmt.Sprint(out)
	}
	return strip(a) == strip(b)
}
