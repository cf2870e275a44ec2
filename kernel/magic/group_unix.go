//go:build unix

package magic

import (
	"os/exec"
	"syscall"
	"time"
)

// ownGroup starts the command in its own process group, so that an interrupt
// reaches its children too.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithUs(cmd)
}

// stopGroup asks the group to stop as Ctrl-C does, and ends it when it does
// not within two seconds.
func stopGroup(cmd *exec.Cmd, done <-chan struct{}) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}
