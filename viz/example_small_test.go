package viz_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"glownotes/viz"
)

func ExampleRunningMean() {
	fmt.Println(viz.RunningMean([]float64{4, 2, 3, 7, math.NaN(), 5}, 2))
	// Output:
	// [4 3 2.5 5 7 5]
}

func ExampleSequential() {
	r := viz.Sequential()
	for _, t := range []float64{0, .5, 1} {
		c := r(t)
		fmt.Printf("#%02x%02x%02x\n", c.R, c.G, c.B)
	}
	// Output:
	// #240543
	// #018d96
	// #f6f2b0
}

func ExampleAsVector() {
	v := viz.AsVector(viz.NewCurve("Training", "step", "bits/dim").Line("", []float64{1, 2}, []float64{3, 1}))
	b, err := v.SVG()
	fmt.Println(v, bytes.HasPrefix(b, []byte("<svg")), err)
	// Output:
	// Training, bits/dim
	//   3.00 █▁ 1.00 true <nil>
}

func ExampleBars_Save() {
	dir, err := os.MkdirTemp("", "viz")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	bars := viz.NewBars("Two figures", "IoU").Bar("a", .4, 0).Bar("b", .7, 0)
	for _, name := range []string{"bars.svg", "bars.pdf", "bars.jpeg"} {
		fmt.Println(bars.Save(filepath.Join(dir, name)))
	}
	// Output:
	// <nil>
	// <nil>
	// viz: cannot write ".jpeg" files, only .png, .svg and .pdf
}
