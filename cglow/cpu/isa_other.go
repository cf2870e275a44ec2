//go:build noasm || !amd64

package cpu

// available lists the instruction sets of this build: portable Go only.
func available() []isa { return []isa{generic} }
