package viz

// PNG returns the picture with two device pixels for each CSS pixel.
func (c *Curve) PNG() ([]byte, error) { return encode(c, ".png") }

// SVG returns the picture with its text as outlines.
func (c *Curve) SVG() ([]byte, error) { return encode(c, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (c *Curve) Save(path string) error { return save(c, path) }

// PNG returns the picture with two device pixels for each CSS pixel.
func (g *Grid) PNG() ([]byte, error) { return encode(g, ".png") }

// SVG returns the picture with its text as outlines.
func (g *Grid) SVG() ([]byte, error) { return encode(g, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (g *Grid) Save(path string) error { return save(g, path) }

// PNG returns the picture with two device pixels for each CSS pixel.
func (b *Bars) PNG() ([]byte, error) { return encode(b, ".png") }

// SVG returns the picture with its text as outlines.
func (b *Bars) SVG() ([]byte, error) { return encode(b, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (b *Bars) Save(path string) error { return save(b, path) }

// PNG returns the picture with two device pixels for each CSS pixel.
func (h *Histogram) PNG() ([]byte, error) { return encode(h, ".png") }

// SVG returns the picture with its text as outlines.
func (h *Histogram) SVG() ([]byte, error) { return encode(h, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (h *Histogram) Save(path string) error { return save(h, path) }

// PNG returns the picture with two device pixels for each CSS pixel.
func (h *HeatMap) PNG() ([]byte, error) { return encode(h, ".png") }

// SVG returns the picture with its text as outlines.
func (h *HeatMap) SVG() ([]byte, error) { return encode(h, ".svg") }

// Save writes the picture to a .png, .svg or .pdf file.
func (h *HeatMap) Save(path string) error { return save(h, path) }
