//go:build unix

package exec_test

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time that this process has had, all threads together. On a machine
// that others use too, with GOMAXPROCS=1, it tells more than elapsed time.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
