package data_test

import (
	"errors"
	"fmt"
	"io/fs"

	"glownotes/cglow/data"
)

func ExampleRange() {
	all, err := data.Silhouettes(data.Silhouettes64())
	if err != nil {
		fmt.Println(err)
		return
	}
	train, err := data.Range(all, 0, 1000)
	fmt.Println(train.Name(), train.Len(), err)
	test, err := data.Range(all, 1000, 1200)
	fmt.Println(test.Name(), test.Len(), err)
	// Output:
	// silhouettes 64x64 seed 1[0:1000] 1000 <nil>
	// silhouettes 64x64 seed 1[1000:1200] 200 <nil>
}

func ExampleFirst() {
	d, err := data.Portraits(data.Portraits32())
	if err != nil {
		fmt.Println(err)
		return
	}
	x, y, err := data.First(d, 16)
	fmt.Println(x.N, x.Shape(), y.Shape(), err)
	// Output:
	// 16 3x32x32 3x32x32 <nil>
}

func ExampleConcat() {
	a := data.NewImages(2, data.Shape{C: 1, H: 4, W: 4})
	b := data.NewImages(3, data.Shape{C: 1, H: 4, W: 4})
	c, err := data.Concat(a, b)
	fmt.Println(c.N, err)
	_, err = data.Concat(a, data.NewImages(1, data.Shape{C: 3, H: 4, W: 4}))
	fmt.Println(err)
	// Output:
	// 5 <nil>
	// data: concat: batch 1 holds 3x4x4 images, the first 1x4x4
}

func ExamplePortraits() {
	d, err := data.Portraits(data.Portraits64())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, y, err := d.Load([]int{7})
	fmt.Println(y.At(0, data.Background, 0, 0)+y.At(0, data.Face, 0, 0)+y.At(0, data.Hair, 0, 0), err)
	// Output:
	// 1 <nil>
}

func ExampleTextures() {
	d, err := data.Textures(data.Denoise32())
	if err != nil {
		fmt.Println(err)
		return
	}
	noisy, noise, err := d.Load([]int{0, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	clean, err := data.Denoised(noisy, noise)
	fmt.Println(clean.N, clean.Shape(), err)
	// Output:
	// 2 3x32x32 <nil>
}

func ExampleDepthScenes() {
	d := data.DepthScenes(1)
	x, y, err := d.Load([]int{0})
	if err != nil {
		fmt.Println(err)
		return
	}
	valid, err := d.Valid(0)
	fmt.Println(x.Shape(), y.Shape(), len(valid), err)
	// Output:
	// 1x96x128 1x96x128 12288 <nil>
}

func ExampleLFW() {
	_, err := data.LFW("/nowhere", 32, data.Test)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// true
}

func ExampleBSDS() {
	cfg := data.Denoise128()
	cfg.Sigma = 0
	_, err := data.BSDS("/nowhere", cfg, data.Train)
	fmt.Println(err)
	// Output:
	// data: denoise: Sigma is 0, want more than 0 and at most 255
}

func ExampleSevenScenes() {
	_, err := data.SevenScenes("/nowhere", data.Train)
	var layout *data.LayoutError
	fmt.Println(errors.As(err, &layout), layout.Path)
	// Output:
	// true /nowhere/7scenes
}

func ExampleCelebA() {
	_, err := data.CelebA("/nowhere", 64, data.Test)
	var layout *data.LayoutError
	fmt.Println(errors.As(err, &layout), layout.Dataset)
	// Output:
	// true celeba
}
