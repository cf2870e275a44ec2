//go:build !unix

package live

import (
	"os"
	"syscall"
)

// Start fails on these systems before anything here matters; the kernel builds
// for the sake of its other engine.

func childAttr() *syscall.SysProcAttr    { return nil }
func lock(*os.File, bool, bool) error    { return nil }
func ownSession() *syscall.SysProcAttr   { return nil }
func ownGroup() *syscall.SysProcAttr     { return nil }
func interruptGroup(p *os.Process) error { return p.Kill() }
func killGroup(p *os.Process)            { _ = p.Kill() }
func lowerPriority(*os.Process)          {}
func widen(*os.File)                     {}
