package exp

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"glownotes/cglow/data"
)

// protocol is what a task does its own way.
type protocol struct {
	table       int // of the paper
	title       string
	sizes       []int
	picture     bool // y is a picture of continuous values, not of classes
	inputIsMean bool // x is an estimate of y
	// offsetFree: y is off by an amount of its own in each picture, of which x
	// says nothing; networks that learnt it would add that of the training pairs
	// to new pictures. What they learn, and what they and the flow add, has the
	// median 0 (see centred).
	offsetFree bool
	center     float64 // of y, which the flow sees as 0
	netScale   float64 // of what regression networks learn
	columns    []Column
	notes      []string
	paper      func(size int) []Row
	open       func(c Config, dir string) (*sets, error)
	// score measures predictions of the test pairs (classes: scores or
	// probabilities; pictures: y itself).
	score func(e *Experiment, predicted data.Images) ([]Number, error)
	// filters are the estimates of y that Mean and Guide may name beside the
	// baselines.
	filters map[string]filter
	// trivial are the rows that need no training.
	trivial func(e *Experiment) ([]Row, error)
}

// sets are the parts of a data set.
type sets struct {
	train, test data.Dataset
	// pairs is the number of pairs of which train holds draws; 0: all of it.
	pairs int
	// larger reads the training pairs with another side; nil: there is one only.
	larger func(side int) (data.Dataset, error)
	// whole holds the training pairs at the test's size, where train has patches
	// of them; nil: train itself.
	whole data.Dataset
	// valid says which pixels of test pair i count; nil: all.
	valid func(i int) ([]bool, error)
	// superpixels returns superpixel and class of each pixel of test pair i,
	// side pixels square.
	superpixels func(i int) (superpixel, class []uint8, side int, err error)
}

// protocol returns the task's protocol.
func (t Task) protocol() (*protocol, error) {
	switch t {
	case Horses:
		return &horsesProtocol, nil
	case Faces:
		return &facesProtocol, nil
	case Denoise:
		return &denoiseProtocol, nil
	case Depth:
		return &depthProtocol, nil
	case Inpaint:
		return &inpaintProtocol, nil
	}
	return nil, fmt.Errorf("is %q, must be one of %v", t, Tasks())
}

// firstDrawnTest is the number of the first drawn pair for testing: training
// never comes that far.
const firstDrawnTest = 1_000_000

// drawnSets cuts an endless data set into training and test pairs.
func drawnSets(c Config, d data.Dataset) (*sets, error) {
	test, err := data.Range(d, firstDrawnTest, firstDrawnTest+c.TestPairs)
	if err != nil {
		return nil, err
	}
	return &sets{train: d, test: test}, nil
}

// realSets reads training and test part and leaves out what is not asked for.
func realSets[D data.Dataset](c Config, read func(data.Split) (D, error)) (*sets, error) {
	train, err := read(data.Train)
	if err != nil {
		return nil, err
	}
	test, err := read(data.Test)
	if err != nil {
		return nil, err
	}
	s := &sets{train: train, test: test}
	if c.TestPairs > 0 && c.TestPairs < test.Len() {
		if s.test, err = data.Range(test, 0, c.TestPairs); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// filterNames lists the filters for a sentence that names the baselines.
func (p *protocol) filterNames() string {
	names := slices.Sorted(maps.Keys(p.filters))
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" and of the filters %q", names)
}

// input is the filter that does nothing.
func input(x data.Images) (data.Images, error) { return x, nil }

// paperRow is a published figure, in one of n columns.
func paperRow(name string, value float64, column, n int) Row {
	r := Row{Name: name, Kind: Published, Values: make([]Number, n)}
	for j := range r.Values {
		r.Values[j] = missing
	}
	r.Values[column] = Number(value)
	return r
}

// numbers converts figures.
func numbers(v ...float64) []Number {
	out := make([]Number, len(v))
	for i, x := range v {
		out[i] = Number(x)
	}
	return out
}

// numbered returns from, from+1, ..., to-1.
func numbered(from, to int) []int {
	out := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// meanOf returns the mean of finite figures; PSNR of equal pictures is
// infinite and stays so.
func meanOf(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	sum := 0.
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// clipped returns values limited to [0,1].
func clipped(m data.Images) data.Images {
	out := m.Clone()
	for i, v := range out.Pix {
		out.Pix[i] = max(0, min(1, v))
	}
	return out
}

// mirrored returns pictures with left and right exchanged.
func mirrored(m data.Images) data.Images {
	out := m.Clone()
	for row := 0; row < len(out.Pix); row += m.W {
		for a, b := row, row+m.W-1; a < b; a, b = a+1, b-1 {
			out.Pix[a], out.Pix[b] = out.Pix[b], out.Pix[a]
		}
	}
	return out
}

// centred returns each picture less its median.
func centred(m data.Images) data.Images {
	out := m.Clone()
	var sorted []float32
	for i := range m.N {
		sorted = append(sorted[:0], m.Row(i)...)
		slices.Sort(sorted)
		n := len(sorted)
		mid := (sorted[(n-1)/2] + sorted[n/2]) / 2
		row := out.Row(i)
		for k := range row {
			row[k] -= mid
		}
	}
	return out
}

// combined returns a*x + b*y, value by value.
func combined(x data.Images, a float32, y data.Images, b float32) data.Images {
	out := x.Clone()
	for i, v := range y.Pix {
		out.Pix[i] = a*out.Pix[i] + b*v
	}
	return out
}
