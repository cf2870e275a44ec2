package train

import (
	"fmt"
	"time"

	"glownotes/cglow"
)

// Progress is the state of a run at one moment.
type Progress struct {
	Step       int     // steps of this run taken
	Steps      int     // steps of this run in all
	BitsPerDim float64 // of the last step's batch, bin-width aware
	Mean       float64 // mean of the last 100 steps
	Curve      []float64
	Rate       float64       // steps per second, over the last seconds
	Elapsed    time.Duration // since the run began
	ETA        time.Duration // remaining, at the present rate
	LearnRate  float64
	Skipped    int // steps skipped because a value was not finite
	Done       bool
}

// String is one line of text: "step 120/500 (24%) 0.512 bits/dim, 11.3 steps/s, 34s left".
func (p Progress) String() string {
	s := fmt.Sprintf("step %d/%d (%d%%) %.3f bits/dim, %.1f steps/s", p.Step, p.Steps, 100*p.Step/max(p.Steps, 1), p.Mean, p.Rate)
	if p.Done {
		return s + fmt.Sprintf(", %v", p.Elapsed.Round(100*time.Millisecond))
	}
	return s + fmt.Sprintf(", %v left", p.ETA.Round(time.Second))
}

// Fraction returns how much of the run is done, 0 to 1.
func (p Progress) Fraction() float64 { return float64(p.Step) / float64(max(p.Steps, 1)) }

// Result is what a run has done.
type Result struct {
	Model   *cglow.Model
	Trainer *cglow.Trainer
	Steps   int       // steps of this run taken
	Curve   []float64 // bits per dimension of every step, bin-width aware; NaN where skipped
	Elapsed time.Duration
	Skipped int
	// Faults are the reports of the steps that were skipped, the first ten.
	Faults []error
	// Checkpoint is the path of the last one written, "" if none.
	Checkpoint string
}

// Mean returns the mean of the curve over steps from..to (from 1, both
// included), skipped steps left out; it is the figure to compare runs by. It is
// NaN when the run has not come to these steps.
func (r *Result) Mean(from, to int) float64 {
	to = min(to, len(r.Curve))
	return meanOf(r.Curve[min(max(from-1, 0), max(to, 0)):max(to, 0)])
}

// meanOf returns the mean of the values that are numbers.
func meanOf(v []float64) float64 {
	sum, n := 0.0, 0
	for _, x := range v {
		if x == x {
			sum += x
			n++
		}
	}
	return sum / float64(n)
}

// rate is a running estimate of steps per second.
type rate struct {
	at    time.Time
	step  int
	value float64
}

// rateWindow is the time constant of the estimate.
const rateWindow = 5 * time.Second

// update takes a new step count and returns the estimate.
func (r *rate) update(now time.Time, step int) float64 {
	dt := now.Sub(r.at)
	if r.at.IsZero() || dt <= 0 || step == r.step {
		if r.at.IsZero() {
			r.at, r.step = now, step
		}
		return r.value
	}
	v := float64(step-r.step) / dt.Seconds()
	w := min(1, dt.Seconds()/rateWindow.Seconds())
	if r.value == 0 {
		w = 1
	}
	r.value += w * (v - r.value)
	r.at, r.step = now, step
	return r.value
}
