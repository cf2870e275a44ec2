// Cellhost is the process in which the cells of one notebook run. The kernel
// starts it, sends it compiled cells on file descriptor 3, and reads events
// from 4 and output from 1 and 2. Whatever a cell does to this process, the
// kernel lives.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"glownotes/kernel/engine/hostwire"
)

const (
	commandFD = 3
	eventFD   = 4

	// maxStack ends an endless recursion before it takes the machine's memory;
	// Go's own limit is 1 GB.
	maxStack = 256 << 20
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "cellhost is started by the glownotes kernel")
		os.Exit(2)
	}
	debug.SetMaxStack(maxStack)
	// When memory runs out, this process should end and not the kernel.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0o644)
	// A batch system ends a job by SIGTERM to each of its processes. The kernel
	// then interrupts the cell, which may have something to save; this process
	// ends when the kernel does.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM)
	conn := hostwire.NewConn(os.NewFile(commandFD, "commands"), os.NewFile(eventFD, "events"))
	h, err := newHost(conn, hostwire.Mark{Nonce: os.Args[1]})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	h.install()
	if err := h.serve(); !errors.Is(err, io.EOF) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0) // the kernel is gone; goroutines of cells may still run
}
