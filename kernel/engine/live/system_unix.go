//go:build unix

package live

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the advisory lock of a file, for its own or shared with others.
func lock(f *os.File, wait, shared bool) error {
	how := syscall.LOCK_EX
	if shared {
		how = syscall.LOCK_SH
	}
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// ownSession makes a process survive what ends the group of this one.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// ownGroup puts a program into a process group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// interruptGroup interrupts a program and what it started.
func interruptGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGINT) }

// killGroup ends a process and what it started in its process group.
func killGroup(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	_ = p.Kill()
}

// lowerPriority makes a process and its children give way to others.
func lowerPriority(p *os.Process) { _ = syscall.Setpriority(syscall.PRIO_PROCESS, p.Pid, 10) }
