package data

import (
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the pictures
	_ "image/png"  // the masks
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const horsesRemedy = "the Weizmann horses need horses/all.txt, train.txt, test.txt and horses_32.u8.gz, _64 or _128, " +
	"or horses/images/*.jpg with horses/masks/*.png, in the folder that GLOWNOTES_DATA names"

// Horses reads the Weizmann horses (Borenstein & Ullman 2002; 328 pictures with
// masks): x is 3xSxS, y is 1xSxS with 1 on the horse. dir is the folder that
// holds horses/, or that folder itself; [Train] and [Test] are its parts, 200
// and 128 pairs as in the c-Glow paper, whose own lists are not published.
//
// Two layouts are read. Packed: horses_S.u8.gz (S 32, 64 or 128), gzip of all
// pictures [328][S][S][3] and then all masks [328][S][S] of 0 and 1, in the
// order of all.txt, with train.txt and test.txt. Plain, at any size:
// images/NAME.jpg (or .png) and masks/NAME.png, resized to SxS as Pillow's
// bilinear filter does, aspect not kept, and masks cut at 0.5; without lists the
// first 200 of 328 names in order are the training part.
//
// A file that is missing or not as described is a *LayoutError.
func Horses(dir string, size int, split Split) (Dataset, error) {
	f, err := locate("horses", dir, "horses", horsesRemedy, "all.txt", "images")
	if err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, fmt.Errorf("data: horses: size is %d, want 1 or more", size)
	}
	all, names, err := horseNames(f, split)
	if err != nil {
		return nil, err
	}
	p := &pairs{
		name: fmt.Sprintf("horses %dx%d %v", size, size, split), n: len(names),
		sx: Shape{3, size, size}, sy: Shape{1, size, size},
	}
	var pics, masks [][]uint8
	if packed := fmt.Sprintf("horses_%d.u8.gz", size); f.has(packed) {
		pics, masks, err = unpackHorses(f, packed, size, all, names)
	} else {
		pics, masks, err = resizeHorses(f, size, names)
	}
	if err != nil {
		return nil, err
	}
	p.pair = func(i int, x, y []float32) error {
		pixels{w: size, h: size, c: 3, pix: pics[i]}.planes(x)
		for k, v := range masks[i] {
			y[k] = float32(v)
		}
		return nil
	}
	return p, nil
}

// horseNames returns all names in order and those of the split.
func horseNames(f folder, split Split) (all, names []string, err error) {
	if split != Train && split != Test {
		return nil, nil, errNoPart("horses", split, "train and test")
	}
	if !f.has("all.txt") {
		return plainNames(f, split)
	}
	if all, err = f.lines("all.txt"); err != nil {
		return nil, nil, err
	}
	part := map[string]string{}
	for _, s := range []Split{Train, Test} {
		list := s.String() + ".txt"
		these, err := f.lines(list)
		if err != nil {
			return nil, nil, err
		}
		for _, n := range these {
			if !slices.Contains(all, n) {
				return nil, nil, f.fail(list, fmt.Errorf("%q is not in all.txt", n))
			}
			if other, twice := part[n]; twice {
				return nil, nil, f.fail(list, fmt.Errorf("%q is also in %s", n, other))
			}
			part[n] = list
		}
		if s == split {
			names = these
		}
	}
	return all, names, nil
}

// plainNames lists images/ in order and cuts it after the first 200 of 328.
func plainNames(f folder, split Split) (all, names []string, err error) {
	entries, err := os.ReadDir(filepath.Join(f.path, "images"))
	if err != nil {
		return nil, nil, f.fail("images", err)
	}
	for _, e := range entries { // in order of their names
		if ext := filepath.Ext(e.Name()); ext == ".jpg" || ext == ".png" {
			all = append(all, strings.TrimSuffix(e.Name(), ext))
		}
	}
	cut := (len(all)*200 + 327) / 328
	if cut == len(all) {
		return nil, nil, f.fail("images", fmt.Errorf("%d pictures are too few to split", len(all)))
	}
	if split == Train {
		return all, all[:cut], nil
	}
	return all, all[cut:], nil
}

// unpackHorses reads the packed layout and returns the pictures and masks of
// the names.
func unpackHorses(f folder, file string, size int, all, names []string) (pics, masks [][]uint8, err error) {
	plane := size * size
	raw, err := f.gunzip(file, len(all)*plane*4)
	if err != nil {
		return nil, nil, err
	}
	at := make(map[string]int, len(all))
	for i, n := range all {
		at[n] = i
	}
	for _, n := range names {
		i := at[n]
		mask := raw[len(all)*plane*3+i*plane:][:plane]
		if v := slices.Max(mask); v > 1 {
			return nil, nil, f.fail(file, fmt.Errorf("the mask of %s has the value %d, want 0 and 1", n, v))
		}
		pics = append(pics, slices.Clone(raw[i*plane*3:][:plane*3]))
		masks = append(masks, slices.Clone(mask))
	}
	return pics, masks, nil
}

// resizeHorses reads the plain layout.
func resizeHorses(f folder, size int, names []string) (pics, masks [][]uint8, err error) {
	for _, n := range names {
		picture := "images/" + n + ".jpg"
		if !f.has(picture) && f.has("images/"+n+".png") {
			picture = "images/" + n + ".png"
		}
		x, err := f.picture(picture)
		if err != nil {
			return nil, nil, err
		}
		m, err := f.picture("masks/" + n + ".png")
		if err != nil {
			return nil, nil, err
		}
		if x.Bounds().Size() != m.Bounds().Size() {
			return nil, nil, f.fail("masks/"+n+".png", fmt.Errorf("is %v, its picture %v pixels", m.Bounds().Size(), x.Bounds().Size()))
		}
		mask := grayPixels(m).resize(size, size, bilinear()).pix
		for k, v := range mask {
			mask[k] = v >> 7 // 0.5 lies between 127 and 128
		}
		pics = append(pics, rgbPixels(x).resize(size, size, bilinear()).pix)
		masks = append(masks, mask)
	}
	return pics, masks, nil
}

// picture reads one PNG or JPEG file of the folder.
func (f folder) picture(name string) (image.Image, error) {
	file, err := os.Open(filepath.Join(f.path, name))
	if err != nil {
		return nil, f.fail(name, err)
	}
	defer file.Close()
	m, _, err := image.Decode(file)
	if err != nil {
		return nil, f.fail(name, err)
	}
	if m.Bounds().Empty() {
		return nil, f.fail(name, errors.New("has no pixels"))
	}
	return m, nil
}
