package live

import (
	"os"
	"syscall"
)

// childAttr puts the host into a process group of its own, so that Ctrl-C in a
// terminal reaches the kernel only, and ends it with the kernel.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// widen lets a pipe hold 1 MiB, which is what Linux allows everybody, in place
// of 64 KiB: a picture passes with fewer switches between the processes. Where
// it is not allowed the pipe works as before.
func widen(pipe *os.File) {
	const setPipeSize = 1031 // F_SETPIPE_SZ
	c, err := pipe.SyscallConn()
	if err != nil {
		return
	}
	_ = c.Control(func(fd uintptr) {
		_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, fd, setPipeSize, 1<<20)
	})
}
