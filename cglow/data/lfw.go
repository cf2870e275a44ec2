package data

import (
	"fmt"
	"image"
)

const lfwRemedy = "the LFW part labels need lfw/images128.zip, labels128.zip, train.txt, val.txt and test.txt, " +
	"and labels250.zip with superpixels250.zip for superpixel accuracy, in the folder that GLOWNOTES_DATA names"

// lfwSide is the side in pixels of the stored pictures and labels, and
// lfwFullSide that of the superpixel maps.
const (
	lfwSide     = 128
	lfwFullSide = 250
)

// Classes of the faces.
const (
	Background = iota
	Face
	Hair
	faceClasses
)

// Parts is a dataset of faces with a class for each pixel: [Background],
// [Face] or [Hair]. y has one channel for each class, 1 where the pixel has it.
type Parts struct {
	pairs
	names      []string
	split      Split
	full       *archive // labels of the full size; nil: not there
	superpixel *archive
}

// LFW reads the part labels of Labeled Faces in the Wild (Huang et al. 2007,
// Kae et al. 2013; 1,500 training, 500 validation and 927 test faces in the
// official lists) at 32, 64 or 128 pixels. dir is the folder that holds lfw/,
// or that folder itself. Layout: images128.zip (JPEG, 128x128), labels128.zip
// (PNG of class numbers), train.txt, val.txt, test.txt. Smaller pictures are
// resized as Pillow's bilinear filter does; a smaller label is the most frequent
// one of the block that it covers, the lowest of equals.
func LFW(dir string, size int, split Split) (*Parts, error) {
	f, err := locate("lfw", dir, "lfw", lfwRemedy, "images128.zip")
	if err != nil {
		return nil, err
	}
	if size != 32 && size != 64 && size != 128 {
		return nil, fmt.Errorf("data: lfw: size is %d, want 32, 64 or 128", size)
	}
	p := &Parts{split: split}
	if p.names, err = lfwNames(f, split); err != nil {
		return nil, err
	}
	images, err := f.archive("images128.zip")
	if err != nil {
		return nil, err
	}
	labels, err := f.archive("labels128.zip")
	if err != nil {
		return nil, err
	}
	for _, a := range []*archive{images, labels} {
		if err := a.holds(p.names); err != nil {
			return nil, err
		}
	}
	if err := p.superpixels(f); err != nil {
		return nil, err
	}
	p.pairs = pairs{
		name: fmt.Sprintf("lfw %dx%d %v", size, size, split), n: len(p.names),
		sx: Shape{3, size, size}, sy: Shape{faceClasses, size, size},
	}
	pictures, classes := &cache{}, &cache{}
	p.pair = func(i int, x, y []float32) error {
		pix, err := pictures.get(i, func() ([]uint8, error) {
			m, err := images.picture(p.names[i], lfwSide, lfwSide)
			if err != nil {
				return nil, err
			}
			return rgbPixels(m).resize(size, size, bilinear()).pix, nil
		})
		if err != nil {
			return err
		}
		class, err := classes.get(i, func() ([]uint8, error) {
			full, err := classMap(labels, p.names[i], lfwSide)
			return vote(full, lfwSide, lfwSide/size), err
		})
		if err != nil {
			return err
		}
		pixels{w: size, h: size, c: 3, pix: pix}.planes(x)
		oneHot(y, class)
		return nil
	}
	return p, nil
}

// lfwNames reads the list of a split.
func lfwNames(f folder, split Split) ([]string, error) {
	list := map[Split]string{Train: "train.txt", Validation: "val.txt", Test: "test.txt"}[split]
	if list == "" {
		return nil, errNoPart("lfw", split, "train, validation and test")
	}
	return f.lines(list)
}

// superpixels opens the archives of the full size when both are there.
func (p *Parts) superpixels(f folder) (err error) {
	if !f.has("labels250.zip") || !f.has("superpixels250.zip") {
		return nil
	}
	if p.full, err = f.archive("labels250.zip"); err != nil {
		return err
	}
	p.superpixel, err = f.archive("superpixels250.zip")
	return err
}

// Superpixels returns the superpixel number and the true class of every pixel
// of face i at 250x250 pixels, for superpixel accuracy; there are none for the
// training part.
func (p *Parts) Superpixels(i int) (superpixel, class []uint8, err error) {
	if err := checkIndex(p.name, p.n, []int{i}); err != nil {
		return nil, nil, err
	}
	if p.superpixel == nil || p.split == Train {
		return nil, nil, fmt.Errorf("data: %s: there are no superpixels", p.name)
	}
	m, err := p.superpixel.picture(p.names[i], lfwFullSide, lfwFullSide)
	if err != nil {
		return nil, nil, err
	}
	if class, err = classMap(p.full, p.names[i], lfwFullSide); err != nil {
		return nil, nil, err
	}
	return grayPixels(m).pix, class, nil
}

// classMap reads a picture of class numbers.
func classMap(a *archive, name string, side int) ([]uint8, error) {
	m, err := a.picture(name, side, side)
	if err != nil {
		return nil, err
	}
	if _, ok := m.(*image.Gray); !ok {
		return nil, a.in.fail(a.name, fmt.Errorf("%s is not an 8-bit gray picture", name))
	}
	class := grayPixels(m).pix
	for _, c := range class {
		if c >= faceClasses {
			return nil, a.in.fail(a.name, fmt.Errorf("%s has the class %d, want 0 to %d", name, c, faceClasses-1))
		}
	}
	return class, nil
}

// vote reduces a square class map: each block x block pixels become their most
// frequent class, the lowest of equals. Without classes it returns none.
func vote(class []uint8, side, block int) []uint8 {
	if class == nil {
		return nil
	}
	n := side / block
	out := make([]uint8, 0, n*n)
	for y := range n {
		for x := range n {
			var votes [faceClasses]int
			for dy := range block {
				for dx := range block {
					votes[class[(y*block+dy)*side+x*block+dx]]++
				}
			}
			best := 0
			for c, v := range votes {
				if v > votes[best] {
					best = c
				}
			}
			out = append(out, uint8(best))
		}
	}
	return out
}

// oneHot writes classes as one channel for each; y is zero before.
func oneHot(y []float32, class []uint8) {
	for i, c := range class {
		y[int(c)*len(class)+i] = 1
	}
}
