package train

import (
	"context"
	"testing"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// BenchmarkHorses32 trains the paper's architecture in the live form on the
// Weizmann horses at 32x32 (batch 2, Adam 2e-4, clip 5) for 500 steps and
// reports the mean of steps 401 to 500 in the released code's unit, one bit
// above the bin-width-aware one. It needs $GLOWNOTES_DATA:
//
//	GLOWNOTES_DATA=DIR go test ./cglow/train -run xxx -bench Horses32 -benchtime 1x
func BenchmarkHorses32(b *testing.B) {
	if data.Dir() == "" {
		b.Skip("GLOWNOTES_DATA is not set: no horses")
	}
	d, err := data.Horses(data.Dir(), 32, data.Train)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		m, err := cglow.New(cglow.Horses32(), 1)
		if err != nil {
			b.Fatal(err)
		}
		r, err := Run(context.Background(), m, d, Defaults(500), nil)
		if err != nil {
			b.Fatal(err)
		}
		bits := r.Mean(401, 500)
		b.ReportMetric(bits+m.Config().ReleasedBitsPerDim(0), "released-bits/dim")
		b.ReportMetric(float64(r.Steps)/r.Elapsed.Seconds(), "steps/s")
	}
}
