package cpu

import (
	"fmt"
	"os"
)

// isa is an instruction set for which kernels exist.
type isa uint8

const (
	generic isa = iota
	avx2
	avx512
)

// EnvVar is the environment variable that forces an instruction set.
const EnvVar = "GLOWNOTES_CPU"

var isaNames = [...]string{generic: "generic", avx2: "avx2", avx512: "avx512"}

func (s isa) String() string { return isaNames[s] }

// An ISAError says why GLOWNOTES_CPU cannot be honoured.
type ISAError struct {
	Want      string   // the value of the variable
	Available []string // what this machine and build can run
}

func (e *ISAError) Error() string {
	return fmt.Sprintf("cpu: %s=%s: not available; this machine and build can run %v", EnvVar, e.Want, e.Available)
}

// active is the instruction set in use; it is chosen once at start.
var active, activeErr = choose(os.Getenv(EnvVar), available())

// choose picks the best of the sets available, or the one that is forced.
func choose(forced string, sets []isa) (isa, error) {
	best := sets[len(sets)-1]
	if forced == "" {
		return best, nil
	}
	names := make([]string, len(sets))
	for i, s := range sets {
		if names[i] = s.String(); names[i] == forced {
			return s, nil
		}
	}
	return best, &ISAError{Want: forced, Available: names}
}

// ISA names the instruction set in use: "avx512", "avx2" or "generic".
func ISA() string { return active.String() }

// Check returns an [*ISAError] if GLOWNOTES_CPU asks for an instruction set
// that is unknown or that this machine or build does not have. The kernels
// then run with the best set there is; programs that honour the variable call
// Check once at start.
func Check() error { return activeErr }
