package viz

// PNG returns the picture with two device pixels for each CSS pixel.
func (g *Grid) PNG() ([]byte, error) { return encode(g, ".png") }

// SVG returns the picture with its text as outlines.
func (g *Grid) SVG() ([]byte, error) { return encode(g, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (g *Grid) Save(path string) error { return save(g, path) }

func (g *Grid) sized(width float64) picture {
	out := *g
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (c *Curve) PNG() ([]byte, error) { return encode(c, ".png") }

// SVG returns the picture with its text as outlines.
func (c *Curve) SVG() ([]byte, error) { return encode(c, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (c *Curve) Save(path string) error { return save(c, path) }

func (c *Curve) sized(width float64) picture {
	out := *c
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (b *Bars) PNG() ([]byte, error) { return encode(b, ".png") }

// SVG returns the picture with its text as outlines.
func (b *Bars) SVG() ([]byte, error) { return encode(b, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (b *Bars) Save(path string) error { return save(b, path) }

func (b *Bars) sized(width float64) picture {
	out := *b
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (h *Histogram) PNG() ([]byte, error) { return encode(h, ".png") }

// SVG returns the picture with its text as outlines.
func (h *Histogram) SVG() ([]byte, error) { return encode(h, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (h *Histogram) Save(path string) error { return save(h, path) }

func (h *Histogram) sized(width float64) picture {
	out := *h
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (h *HeatMap) PNG() ([]byte, error) { return encode(h, ".png") }

// SVG returns the picture with its text as outlines.
func (h *HeatMap) SVG() ([]byte, error) { return encode(h, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (h *HeatMap) Save(path string) error { return save(h, path) }

func (h *HeatMap) sized(width float64) picture {
	out := *h
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (s *Scatter) PNG() ([]byte, error) { return encode(s, ".png") }

// SVG returns the picture with its text as outlines.
func (s *Scatter) SVG() ([]byte, error) { return encode(s, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (s *Scatter) Save(path string) error { return save(s, path) }

func (s *Scatter) sized(width float64) picture {
	out := *s
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (c *Change) PNG() ([]byte, error) { return encode(c, ".png") }

// SVG returns the picture with its text as outlines.
func (c *Change) SVG() ([]byte, error) { return encode(c, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (c *Change) Save(path string) error { return save(c, path) }

func (c *Change) sized(width float64) picture {
	out := *c
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (q *Plane) PNG() ([]byte, error) { return encode(q, ".png") }

// SVG returns the picture with its text as outlines.
func (q *Plane) SVG() ([]byte, error) { return encode(q, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (q *Plane) Save(path string) error { return save(q, path) }

func (q *Plane) sized(width float64) picture {
	out := *q
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (c *Calibration) PNG() ([]byte, error) { return encode(c, ".png") }

// SVG returns the picture with its text as outlines.
func (c *Calibration) SVG() ([]byte, error) { return encode(c, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (c *Calibration) Save(path string) error { return save(c, path) }

func (c *Calibration) sized(width float64) picture {
	out := *c
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (d *Panels) PNG() ([]byte, error) { return encode(d, ".png") }

// SVG returns the picture with its text as outlines.
func (d *Panels) SVG() ([]byte, error) { return encode(d, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (d *Panels) Save(path string) error { return save(d, path) }

func (d *Panels) sized(width float64) picture {
	out := *d
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (w *Waterfall) PNG() ([]byte, error) { return encode(w, ".png") }

// SVG returns the picture with its text as outlines.
func (w *Waterfall) SVG() ([]byte, error) { return encode(w, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (w *Waterfall) Save(path string) error { return save(w, path) }

func (w *Waterfall) sized(width float64) picture {
	out := *w
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (d *Dashboard) PNG() ([]byte, error) { return encode(d, ".png") }

// SVG returns the picture with its text as outlines.
func (d *Dashboard) SVG() ([]byte, error) { return encode(d, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (d *Dashboard) Save(path string) error { return save(d, path) }

func (d *Dashboard) sized(width float64) picture {
	out := *d
	out.Width = width
	return &out
}

// PNG returns the picture with two device pixels for each CSS pixel.
func (f *Inference) PNG() ([]byte, error) { return encode(f, ".png") }

// SVG returns the picture with its text as outlines.
func (f *Inference) SVG() ([]byte, error) { return encode(f, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (f *Inference) Save(path string) error { return save(f, path) }

func (f *Inference) sized(width float64) picture {
	out := *f
	out.Width = width
	return &out
}
