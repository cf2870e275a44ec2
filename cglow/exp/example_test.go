package exp_test

import (
	"context"
	"fmt"

	"glownotes/cglow/exp"
)

func ExampleGrid() {
	points, err := exp.Grid(exp.Paper(exp.Horses, exp.Drawn, 32), exp.Axis{Name: "n_c", Values: []string{"8", "64"}}, exp.Axis{Name: "form", Values: []string{"live", "paper"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	half, err := exp.ParseShard("2/2")
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, p := range points {
		fmt.Println(p.Name, p.Config.Model.CondChannels, p.Config.Model.InvConv, half.Has(i))
	}
	// Output:
	// n_c=8,form=live 8 householder false
	// n_c=8,form=paper 8 raw true
	// n_c=64,form=live 64 householder false
	// n_c=64,form=paper 64 raw true
}

func ExampleHorses32() {
	c := exp.Horses32()
	fmt.Println(c)
	fmt.Println(c.Model.CondChannels, c.Model.CondWidth, c.Predict.Samples)
	// Output:
	// horses (real), 32 pixels, seed 1: L=3, K=8, coupling 256, trunk 0, live form; 50000 steps of 2 at 0.0002
	// 64 128 10
}

// ExampleRun does a whole experiment on drawn pictures, far too short to learn
// anything, and prints which methods its table compares.
func ExampleRun() {
	c := exp.Compact(exp.Faces, exp.Drawn, 32, 3, exp.Small())
	c.TestPairs, c.SearchPairs = 2, 0
	_, r, err := exp.Run(context.Background(), c, exp.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range r.Table.Rows {
		fmt.Printf("%s (%s)\n", row.Name, row.Kind)
	}
	// Output:
	// c-Glow (paper) (published)
	// FCN (paper) (published)
	// DVN (paper) (published)
	// c-Glow, mean of 32 samples (flow)
	// FCN (network)
	// U-Net (network)
	// the mean of the training labels (trivial)
	// the true labels at this size (oracle)
}
