package cpu_test

import (
	"fmt"
	"math"

	"glownotes/cglow/cpu"
)

func ExampleGemm() {
	a := []float32{ // 2 x 3
		1, 2, 3,
		4, 5, 6,
	}
	b := []float32{ // 3 x 2
		1, 0,
		0, 1,
		1, 1,
	}
	c := make([]float32, 4)
	cpu.Gemm(false, false, 2, 2, 3, a, 3, b, 2, c, 2, 0)
	fmt.Println(c)
	// Output: [4 5 10 11]
}

// A fully connected layer with weights [out][in], a bias and a ReLU.
func ExampleGemmFused() {
	x := []float32{1, 2} // a batch of one
	w := []float32{
		1, 1,
		1, -1,
		2, 0,
	}
	y := make([]float32, 3)
	cpu.GemmFused(false, true, 1, 3, 2, x, 2, w, 2, y, 3, 0, cpu.Epilogue{Bias: []float32{0, 0, 5}, ReLU: true})
	fmt.Println(y)
	// Output: [3 0 7]
}

func ExampleIm2col() {
	w := cpu.Window{C: 1, H: 2, W: 4, KH: 1, KW: 3, Stride: 1, Pad: 0}
	image := []float32{
		1, 2, 3, 4,
		5, 6, 7, 8,
	}
	columns := make([]float32, w.Unfolded())
	cpu.Im2col(w, columns, image)
	for tap := range 3 {
		fmt.Println(columns[4*tap : 4*tap+4])
	}
	// Output:
	// [1 2 5 6]
	// [2 3 6 7]
	// [3 4 7 8]
}

// Every pixel comes back as often as windows see it.
func ExampleCol2im() {
	w := cpu.Window{C: 1, H: 3, W: 3, KH: 3, KW: 3, Stride: 1, Pad: 1}
	image := []float32{1, 1, 1, 1, 1, 1, 1, 1, 1}
	columns := make([]float32, w.Unfolded())
	cpu.Im2col(w, columns, image)
	clear(image)
	cpu.Col2im(w, image, columns)
	fmt.Println(image[:3], image[3:6], image[6:])
	// Output: [4 6 4] [6 9 6] [4 6 4]
}

func ExampleParallel() {
	squares := make([]int, 5)
	cpu.Parallel(len(squares), func(i int) { squares[i] = i * i })
	fmt.Println(squares)
	// Output: [0 1 4 9 16]
}

func ExampleAdam_Apply() {
	p, g := []float32{1, 1, 1}, []float32{0.5, -200, 0}
	m, v := make([]float32, 3), make([]float32, 3)
	cpu.Adam{Rate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 1, Clip: 5, Step: 1}.Apply(p, g, m, v)
	fmt.Printf("%.2f %.2f\n", p, m)
	// Output: [0.90 1.10 1.00] [0.05 -0.50 0.00]
}

func ExampleSigmoid() {
	x := []float32{float32(math.Inf(-1)), 0, 100}
	cpu.Sigmoid(x, x)
	fmt.Println(x)
	// Output: [0 0.5 1]
}

func ExampleGaussianLogDensity() {
	z, mean, logs := []float32{0, 0}, []float32{0, 0}, []float32{0, 0}
	fmt.Printf("%.4f nats\n", cpu.GaussianLogDensity(z, mean, logs))
	// Output: -1.8379 nats
}
