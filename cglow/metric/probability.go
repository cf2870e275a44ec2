package metric

import "math"

// Brier returns the mean of (p - y)^2, p the predicted probability and y 1 where
// the event came (Brier 1950): 0 is perfect, 0.25 what p = 1/2 everywhere gets.
func Brier(predicted []float32, came []bool) (float64, error) {
	if len(predicted) == 0 || len(predicted) != len(came) {
		return 0, &SizeError{"Brier score", len(came), len(predicted), "outcomes"}
	}
	sum := 0.0
	for i, p := range predicted {
		d := float64(p)
		if came[i] {
			d--
		}
		sum += d * d
	}
	return sum / float64(len(predicted)), nil
}

// CalibrationError returns the expected calibration error: predictions in equal
// bins of [0,1], the distance between the mean prediction and the part that came
// true in each, weighted by the share of the predictions (Naeini, Cooper &
// Hauskrecht 2015). Predictions outside [0,1] count in the first or last bin.
func CalibrationError(predicted []float32, came []bool, bins int) (float64, error) {
	if len(predicted) == 0 || len(predicted) != len(came) {
		return 0, &SizeError{"calibration error", len(came), len(predicted), "outcomes"}
	}
	if bins < 1 {
		return 0, &SizeError{"calibration error", bins, 1, "bins"}
	}
	excess := make([]float64, bins) // sum of p - y
	for i, p := range predicted {
		k := min(bins-1, max(0, int(float64(p)*float64(bins))))
		excess[k] += float64(p)
		if came[i] {
			excess[k]--
		}
	}
	sum := 0.0
	for _, e := range excess {
		sum += math.Abs(e)
	}
	return sum / float64(len(predicted)), nil
}
