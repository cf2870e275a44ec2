package optim_test

import (
	"fmt"
	"log"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/optim"
)

// parameter is a value with a gradient, as a node of a graph is.
type parameter struct{ value, grad *tensor.Dense }

func (p parameter) Value() gorgonia.Value         { return p.value }
func (p parameter) Grad() (gorgonia.Value, error) { return p.grad, nil }

// Adam minimises (w-3)^2.
func ExampleAdam() {
	cfg := optim.Defaults()
	cfg.LearnRate = 0.1
	adam, err := optim.NewAdam(cfg)
	if err != nil {
		log.Fatal(err)
	}
	p := parameter{tensor.New(tensor.WithBacking([]float64{0})), tensor.New(tensor.WithBacking([]float64{0}))}
	for range 300 {
		p.grad.Float64s()[0] = 2 * (p.value.Float64s()[0] - 3)
		if err := adam.Step([]gorgonia.ValueGrad{p}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%.2f\n", p.value.Float64s()[0])
	// Output: 3.00
}

func ExampleSchedule() {
	s := optim.Schedule{Kind: "cosine", Warmup: 10, Total: 110, Floor: 0.1}
	for _, step := range []int{1, 10, 60, 110, 500} {
		fmt.Printf("%.2f ", s.Factor(step))
	}
	// Output: 0.10 1.00 0.55 0.10 0.10
}
