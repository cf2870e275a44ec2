package data

import "fmt"

const celebRemedy = "the CelebA faces need celeba/celeba_89x109.zip, train.txt and test.txt in the folder that GLOWNOTES_DATA names"

// HiddenValue is the value of the hidden pixels of an occluded picture.
const HiddenValue = .5

// CelebA reads aligned faces (Liu et al. 2015) for inpainting at 64 or 32
// pixels: x is the 3xSxS picture whose central block of S/2 x S/2 pixels, a
// quarter of all, is HiddenValue; y is that block, 3xS/2xS/2. dir is the folder
// that holds celeba/, or that folder itself. Layout: celeba_89x109.zip (JPEG,
// half the size of the aligned release), train.txt, test.txt.
//
// The picture is the 64x64 crop at x 12, y 22, about 128x128 of the release;
// 32x32 is that crop resized as Pillow's bilinear filter does.
func CelebA(dir string, size int, split Split) (Dataset, error) {
	f, err := locate("celeba", dir, "celeba", celebRemedy, "celeba_89x109.zip")
	if err != nil {
		return nil, err
	}
	if size != 32 && size != 64 {
		return nil, fmt.Errorf("data: celeba: size is %d, want 32 or 64", size)
	}
	if split != Train && split != Test {
		return nil, errNoPart("celeba", split, "train and test")
	}
	names, err := f.lines(split.String() + ".txt")
	if err != nil {
		return nil, err
	}
	faces, err := f.archive("celeba_89x109.zip")
	if err != nil {
		return nil, err
	}
	if err := faces.holds(names); err != nil {
		return nil, err
	}
	kept := &cache{}
	return occluded(fmt.Sprintf("celeba %dx%d %v", size, size, split), len(names), size, func(i int, x []float32) error {
		pix, err := kept.get(i, func() ([]uint8, error) {
			m, err := faces.picture(names[i], 89, 109)
			if err != nil {
				return nil, err
			}
			return rgbPixels(m).crop(12, 22, 64, 64).resize(size, size, bilinear()).pix, nil
		})
		if err != nil {
			return err
		}
		pixels{w: size, h: size, c: 3, pix: pix}.planes(x)
		return nil
	}), nil
}

// occluded returns the dataset of pictures whose central block is hidden.
func occluded(name string, n, size int, draw func(i int, x []float32) error) Dataset {
	half, from := size/2, size/4
	return &pairs{
		name: name, n: n, sx: Shape{3, size, size}, sy: Shape{3, half, half},
		pair: func(i int, x, y []float32) error {
			if err := draw(i, x); err != nil {
				return err
			}
			for c := range 3 {
				for r := range half {
					block := x[(c*size+from+r)*size+from:][:half]
					copy(y[(c*half+r)*half:], block)
					for k := range block {
						block[k] = HiddenValue
					}
				}
			}
			return nil
		},
	}
}

// Complete puts blocks y into the hidden centre of the pictures x, both as an
// inpainting dataset or a model gives them.
func Complete(x, y Images) (Images, error) {
	if x.N != y.N || x.C != y.C || y.H > x.H || y.W > x.W {
		return Images{}, fmt.Errorf("data: complete: %d blocks %v do not fit into %d pictures %v", y.N, y.Shape(), x.N, x.Shape())
	}
	out := x.Clone()
	top, left := (x.H-y.H)/2, (x.W-y.W)/2
	for i := range y.N {
		for c := range y.C {
			for r := range y.H {
				copy(out.Pix[((i*x.C+c)*x.H+top+r)*x.W+left:], y.Pix[((i*y.C+c)*y.H+r)*y.W:][:y.W])
			}
		}
	}
	return out, nil
}
