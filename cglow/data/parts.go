package data

import "fmt"

// Part says to which of a number of equal runs of pairs index i of a dataset
// belongs that holds draws of n pairs, index i being a draw of pair i%n, as
// Augment and Crops make it.
func Part(i, n, parts int) int { return i % n * parts / n }

// Without returns a dataset of draws of n pairs (see Part) with one of its
// parts left out: what a network is trained on that shall say something of the
// pairs of that part.
func Without(d Dataset, n, parts, part int) (Dataset, error) {
	switch {
	case n < 1 || d.Len() == 0 || d.Len()%n != 0:
		return nil, fmt.Errorf("data: without: %s has %d pairs (0: endless), which are no draws of %d", d.Name(), d.Len(), n)
	case parts < 2 || parts > n:
		return nil, fmt.Errorf("data: without: %d parts of %d pairs, want 2 or more, of a pair at least", parts, n)
	case part < 0 || part >= parts:
		return nil, fmt.Errorf("data: without: part %d of %d", part, parts)
	}
	w := &without{Dataset: d, n: n, part: part, parts: parts}
	for i := range n {
		if Part(i, n, parts) != part {
			w.kept = append(w.kept, i)
		}
	}
	return w, nil
}

// without is a dataset less a part of its pairs.
type without struct {
	Dataset
	n, part, parts int
	kept           []int
}

func (w *without) Name() string {
	return fmt.Sprintf("%s without part %d of %d", w.Dataset.Name(), w.part+1, w.parts)
}

func (w *without) Len() int { return w.Dataset.Len() / w.n * len(w.kept) }

func (w *without) Load(idx []int) (x, y Images, err error) {
	if err := checkIndex(w.Name(), w.Len(), idx); err != nil {
		return Images{}, Images{}, err
	}
	all := make([]int, len(idx))
	for k, i := range idx {
		all[k] = i/len(w.kept)*w.n + w.kept[i%len(w.kept)]
	}
	return w.Dataset.Load(all)
}
