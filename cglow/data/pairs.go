package data

// pairs is a dataset that makes one pair at a time.
type pairs struct {
	name   string
	n      int // 0: endless
	sx, sy Shape
	// pair writes pair i; x and y are zero before. It is called from several
	// goroutines at once when Load is.
	pair func(i int, x, y []float32) error
}

func (p *pairs) Name() string         { return p.name }
func (p *pairs) Len() int             { return p.n }
func (p *pairs) Shapes() (x, y Shape) { return p.sx, p.sy }

func (p *pairs) Load(idx []int) (x, y Images, err error) {
	if err := checkIndex(p.name, p.n, idx); err != nil {
		return Images{}, Images{}, err
	}
	x, y = NewImages(len(idx), p.sx), NewImages(len(idx), p.sy)
	for k, i := range idx {
		if err := p.pair(i, x.Row(k), y.Row(k)); err != nil {
			return Images{}, Images{}, err
		}
	}
	return x, y, nil
}
