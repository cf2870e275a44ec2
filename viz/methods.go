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
