package data

import (
	"fmt"
	"os"
)

// Shape is the size of one image: C channels of H rows and W columns.
type Shape struct {
	C, H, W int
}

// Len returns C*H*W, the number of values of one image.
func (s Shape) Len() int { return s.C * s.H * s.W }

// String returns "CxHxW".
func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.C, s.H, s.W) }

// A Dataset maps an index to a pair of images: x is given, y is modelled.
// Implementations are safe for concurrent use.
type Dataset interface {
	// Name identifies the dataset, its split and its size, for logs and titles.
	Name() string
	// Len returns the number of pairs; 0 means endless: every index >= 0 is a
	// pair.
	Len() int
	// Shapes returns the shapes of one x and one y.
	Shapes() (x, y Shape)
	// Load returns the pairs idx, in that order; the same index is always the
	// same pair. The memory belongs to the caller. An index out of range is an
	// *IndexError.
	Load(idx []int) (x, y Images, err error)
}

// An IndexError reports an index that a dataset does not have.
type IndexError struct {
	Dataset string
	Index   int
	Len     int // 0: endless
}

func (e *IndexError) Error() string {
	if e.Len == 0 {
		return fmt.Sprintf("data: %s: index %d is negative", e.Dataset, e.Index)
	}
	return fmt.Sprintf("data: %s: index %d is outside 0..%d", e.Dataset, e.Index, e.Len-1)
}

// checkIndex returns an *IndexError when one of idx is outside 0..n-1, or
// negative when n is 0 (endless).
func checkIndex(name string, n int, idx []int) error {
	for _, i := range idx {
		if i < 0 || n > 0 && i >= n {
			return &IndexError{Dataset: name, Index: i, Len: n}
		}
	}
	return nil
}

// Split names a part of a dataset.
type Split int

// The parts. Not every dataset has a validation part.
const (
	Train Split = iota
	Validation
	Test
)

// String returns "train", "validation" or "test".
func (s Split) String() string {
	switch s {
	case Train:
		return "train"
	case Validation:
		return "validation"
	case Test:
		return "test"
	}
	return fmt.Sprintf("split %d", int(s))
}

// Dir returns the folder of the user's datasets, the value of the environment
// variable GLOWNOTES_DATA; "" when it is not set.
func Dir() string { return os.Getenv("GLOWNOTES_DATA") }

// Range returns the pairs from..to-1 of a dataset as a dataset of its own: a
// finite part of an endless one, or a held-out part of a finite one.
func Range(d Dataset, from, to int) (Dataset, error) {
	if from < 0 || to <= from || d.Len() > 0 && to > d.Len() {
		return nil, fmt.Errorf("data: range %d..%d of %s, which has %d pairs (0: endless)", from, to, d.Name(), d.Len())
	}
	return &window{Dataset: d, from: from, n: to - from}, nil
}

// window is a run of consecutive pairs of a dataset.
type window struct {
	Dataset
	from, n int
}

func (w *window) Name() string {
	return fmt.Sprintf("%s[%d:%d]", w.Dataset.Name(), w.from, w.from+w.n)
}

func (w *window) Len() int { return w.n }

func (w *window) Load(idx []int) (x, y Images, err error) {
	if err := checkIndex(w.Name(), w.n, idx); err != nil {
		return Images{}, Images{}, err
	}
	moved := make([]int, len(idx))
	for k, i := range idx {
		moved[k] = w.from + i
	}
	return w.Dataset.Load(moved)
}

// Spread returns n pairs of a finite dataset at equal distances: of frames of a
// film the first n would all be of one moment.
func Spread(d Dataset, n int) (Dataset, error) {
	if n < 1 || n > d.Len() {
		return nil, fmt.Errorf("data: spread: %d pairs of %s, which has %d (0: endless)", n, d.Name(), d.Len())
	}
	return &spread{Dataset: d, n: n}, nil
}

// spread is a choice of pairs at equal distances.
type spread struct {
	Dataset
	n int
}

func (s *spread) Name() string { return fmt.Sprintf("%s, %d spread over all", s.Dataset.Name(), s.n) }

func (s *spread) Len() int { return s.n }

func (s *spread) Load(idx []int) (x, y Images, err error) {
	if err := checkIndex(s.Name(), s.n, idx); err != nil {
		return Images{}, Images{}, err
	}
	all := make([]int, len(idx))
	for k, i := range idx {
		all[k] = SpreadIndex(i, s.n, s.Dataset.Len())
	}
	return s.Dataset.Load(all)
}

// SpreadIndex is the number, in a dataset of total pairs, of pair i of the n
// that Spread chooses.
func SpreadIndex(i, n, total int) int { return i * total / n }

// First loads the first n pairs of a dataset, or all when it has fewer.
func First(d Dataset, n int) (x, y Images, err error) {
	if d.Len() > 0 {
		n = min(n, d.Len())
	}
	return d.Load(firstN(n))
}
