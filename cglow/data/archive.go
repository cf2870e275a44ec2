package data

import (
	"archive/zip"
	"fmt"
	"image"
	"path/filepath"
	"strings"
	"sync"
)

// archive is a zip file of pictures, read in place.
type archive struct {
	in    folder
	name  string
	files map[string]*zip.File // by name without folders and ending
}

// archive opens a zip file of the folder; it stays open while it is in use.
func (f folder) archive(name string) (*archive, error) {
	z, err := zip.OpenReader(filepath.Join(f.path, name))
	if err != nil {
		return nil, f.fail(name, err)
	}
	a := &archive{in: f, name: name, files: map[string]*zip.File{}}
	for _, file := range z.File {
		base := filepath.Base(file.Name)
		a.files[strings.TrimSuffix(base, filepath.Ext(base))] = file
	}
	return a, nil
}

// holds returns an error for the first of the names that the archive lacks.
func (a *archive) holds(names []string) error {
	for _, n := range names {
		if a.files[n] == nil {
			return a.in.fail(a.name, fmt.Errorf("has no picture %q", n))
		}
	}
	return nil
}

// picture decodes one picture, which must have w x h pixels.
func (a *archive) picture(name string, w, h int) (image.Image, error) {
	file := a.files[name]
	if file == nil {
		return nil, a.in.fail(a.name, fmt.Errorf("has no picture %q", name))
	}
	r, err := file.Open()
	if err != nil {
		return nil, a.in.fail(a.name, fmt.Errorf("%s: %w", name, err))
	}
	defer r.Close()
	m, _, err := image.Decode(r)
	if err != nil {
		return nil, a.in.fail(a.name, fmt.Errorf("%s: %w", name, err))
	}
	if s := m.Bounds().Size(); s != image.Pt(w, h) {
		return nil, a.in.fail(a.name, fmt.Errorf("%s is %v pixels, want %v", name, s, image.Pt(w, h)))
	}
	return m, nil
}

// cache keeps what was decoded, by index.
type cache struct {
	mu    sync.Mutex
	items map[int][]uint8
}

// get returns item i, made by load at the first call. Two calls at the same
// moment may both load it.
func (c *cache) get(i int, load func() ([]uint8, error)) ([]uint8, error) {
	c.mu.Lock()
	item, ok := c.items[i]
	c.mu.Unlock()
	if ok {
		return item, nil
	}
	item, err := load()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items == nil {
		c.items = map[int][]uint8{}
	}
	c.items[i] = item
	return item, nil
}

// errNoPart is the error of a dataset that lacks a split.
func errNoPart(dataset string, s Split, have string) error {
	return fmt.Errorf("data: %s: there is no %v part, only %s", dataset, s, have)
}
