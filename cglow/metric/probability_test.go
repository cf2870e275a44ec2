package metric

import (
	"fmt"
	"testing"
)

func TestBrier(t *testing.T) {
	for _, c := range []struct {
		name string
		p    []float32
		came []bool
		want float64
	}{
		{"sure and right", []float32{1, 0, 1}, []bool{true, false, true}, 0},
		{"sure and wrong", []float32{1, 0}, []bool{false, true}, 1},
		{"a half", []float32{.5, .5, .5}, []bool{true, false, true}, .25},
		{"mixed", []float32{.75, .5}, []bool{true, false}, (.0625 + .25) / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Brier(c.p, c.came)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "Brier", got, c.want, 1e-12)
		})
	}
	if _, err := Brier([]float32{1}, nil); err == nil {
		t.Error("no outcomes: no error")
	}
}

func TestCalibrationError(t *testing.T) {
	p := []float32{.25, .25, .25, .25, .75, .75, 1, 1}
	came := []bool{true, false, false, false, true, true, true, true}
	// Four bins. [.25,.5): mean .25, came .25. [.75,1]: mean .875, came 1, half of
	// the predictions.
	got, err := CalibrationError(p, came, 4)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "calibration error", got, .125/2, 1e-12)
	if _, err := CalibrationError(p, came[:3], 4); err == nil {
		t.Error("too few outcomes: no error")
	}
	if _, err := CalibrationError(p, came, 0); err == nil {
		t.Error("no bins: no error")
	}
}

func ExampleCalibrationError() {
	p := []float32{.5, .5, .5, .5}
	e, err := CalibrationError(p, []bool{true, true, true, false}, 10)
	fmt.Println(e, err)
	// Output:
	// 0.25 <nil>
}
