package live

import "syscall"

// childAttr puts the host into a process group of its own, so that Ctrl-C in a
// terminal reaches the kernel only, and ends it with the kernel.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
