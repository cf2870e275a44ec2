//go:build !noasm

package cpu

import "golang.org/x/sys/cpu"

// available lists the instruction sets of this machine, worst first.
func available() []isa {
	sets := []isa{generic}
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA {
		sets = append(sets, avx2)
		if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
			sets = append(sets, avx512)
		}
	}
	return sets
}
