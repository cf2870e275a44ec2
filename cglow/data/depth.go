package data

import (
	"encoding/binary"
	"fmt"
)

const scenesRemedy = "the 7-Scenes crops need 7scenes/train_noisy.u16.gz, train_clean.u16.gz, train_crops.txt and the same of test " +
	"in the folder that GLOWNOTES_DATA names"

// DepthPeak is the depth in millimetres that the value 1 stands for; PSNR with
// peak 1 has it as its peak.
const DepthPeak = 4000

// depthMost is the largest depth that a sensor of the Kinect's kind measures,
// in millimetres. What is above, such as 65535, stands for no value.
const depthMost = 10000

// Size of the depth crops, that of the c-Glow paper.
const (
	depthH = 96
	depthW = 128
)

// Depth is a dataset for depth refinement: x is a sensor's depth map and y the
// true one, 1x96x128 both, depth over [DepthPeak]. A pixel of x without a value
// holds the nearest value of x; where x or y has none, y holds what x holds:
// there is nothing to learn there, and the errors that a neighbour's value
// makes would be a large part of all. Valid tells such pixels apart.
type Depth struct {
	pairs
	valid func(i int) ([]bool, error)
}

// Valid returns which pixels of pair i have a value in x and y; a metric leaves
// the others out.
func (d *Depth) Valid(i int) ([]bool, error) {
	if err := checkIndex(d.name, d.n, []int{i}); err != nil {
		return nil, err
	}
	return d.valid(i)
}

// SevenScenes reads crops of 7-Scenes (Shotton et al. 2013): x is the raw
// Kinect depth, y the depth of a model fused from all frames. dir is the folder
// that holds 7scenes/, or that folder itself. Layout: train_noisy.u16.gz,
// train_clean.u16.gz (gzip of little-endian uint16 [N][96][128], millimetres, 0
// without a value), train_crops.txt with N lines, and the same of test.
func SevenScenes(dir string, split Split) (*Depth, error) {
	f, err := locate("7scenes", dir, "7scenes", scenesRemedy, "train_crops.txt")
	if err != nil {
		return nil, err
	}
	if split != Train && split != Test {
		return nil, errNoPart("7scenes", split, "train and test")
	}
	crops, err := f.lines(split.String() + "_crops.txt")
	if err != nil {
		return nil, err
	}
	const size = depthH * depthW
	noisy, err := f.gunzip(split.String()+"_noisy.u16.gz", len(crops)*size*2)
	if err != nil {
		return nil, err
	}
	clean, err := f.gunzip(split.String()+"_clean.u16.gz", len(crops)*size*2)
	if err != nil {
		return nil, err
	}
	read := func(raw []byte, i int) []uint16 {
		out := make([]uint16, size)
		for k := range out {
			if v := binary.LittleEndian.Uint16(raw[2*(i*size+k):]); v <= depthMost {
				out[k] = v
			}
		}
		return out
	}
	s := Shape{1, depthH, depthW}
	d := &Depth{pairs: pairs{name: fmt.Sprintf("7scenes %v", split), n: len(crops), sx: s, sy: s}}
	d.pair = func(i int, x, y []float32) error {
		writeDepths(x, y, read(noisy, i), read(clean, i))
		return nil
	}
	d.valid = func(i int) ([]bool, error) {
		return bothKnown(read(noisy, i), read(clean, i)), nil
	}
	return d, nil
}

func bothKnown(a, b []uint16) []bool {
	out := make([]bool, len(a))
	for k := range out {
		out[k] = a[k] > 0 && b[k] > 0
	}
	return out
}

// writeDepths writes a pair in units of DepthPeak, holes filled as [Depth] says.
func writeDepths(x, y []float32, noisy, clean []uint16) {
	known := bothKnown(noisy, clean)
	fillHoles(noisy, depthW)
	for k, v := range noisy {
		if !known[k] {
			clean[k] = v
		}
		x[k], y[k] = float32(v)/DepthPeak, float32(clean[k])/DepthPeak
	}
}

// fillHoles gives each 0 the value of a nearest pixel that has one (steps along
// rows and columns; of several, the first reached in row order).
func fillHoles(v []uint16, w int) {
	var edge []int
	for i, x := range v {
		if x > 0 {
			edge = append(edge, i)
		}
	}
	if len(edge) == len(v) {
		return
	}
	for len(edge) > 0 {
		var next []int
		for _, i := range edge {
			x, y := i%w, i/w
			for _, n := range [4]struct {
				at int
				ok bool
			}{{i - w, y > 0}, {i - 1, x > 0}, {i + 1, x < w-1}, {i + w, i+w < len(v)}} {
				if n.ok && v[n.at] == 0 {
					v[n.at] = v[i]
					next = append(next, n.at)
				}
			}
		}
		edge = next
	}
}
