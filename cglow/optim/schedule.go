package optim

import (
	"fmt"
	"math"
)

// Schedule is a learning-rate factor as a function of the step. It is data, so
// that it can be stored with a run.
type Schedule struct {
	// Kind is "constant", "cosine" (from 1 down to Floor along half a cosine
	// over Total steps) or "exponential" (Floor^(step/Total)).
	Kind   string
	Warmup int     // steps of linear warm-up before the rest; 0: none
	Total  int     // steps over which the factor falls, warm-up included
	Floor  float64 // the factor at Total and after it
}

// Constant returns the schedule that is always 1.
func Constant() Schedule { return Schedule{Kind: "constant"} }

// Validate returns an error that names the wrong field.
func (s Schedule) Validate() error {
	switch s.Kind {
	case "constant":
	case "cosine", "exponential":
		if s.Total <= s.Warmup {
			return fmt.Errorf("optim: schedule field Total: is %d, must exceed Warmup %d", s.Total, s.Warmup)
		}
		if s.Floor < 0 || s.Floor > 1 || s.Kind == "exponential" && s.Floor == 0 {
			return fmt.Errorf("optim: schedule field Floor: is %v, must be in [0,1], and positive for exponential", s.Floor)
		}
	default:
		return fmt.Errorf("optim: schedule field Kind: is %q, must be constant, cosine or exponential", s.Kind)
	}
	if s.Warmup < 0 {
		return fmt.Errorf("optim: schedule field Warmup: is %d, must not be negative", s.Warmup)
	}
	return nil
}

// Factor returns the factor of step 1, 2, ...
func (s Schedule) Factor(step int) float64 {
	if step <= s.Warmup {
		return float64(step) / float64(s.Warmup)
	}
	t := 1.0
	if s.Total > s.Warmup {
		t = min(1, float64(step-s.Warmup)/float64(s.Total-s.Warmup))
	}
	switch s.Kind {
	case "cosine":
		return s.Floor + (1-s.Floor)*(1+math.Cos(math.Pi*t))/2
	case "exponential":
		return math.Pow(s.Floor, t)
	}
	return 1
}
