package jupyter

import (
	"os"
	"os/exec"
	"syscall"
)

// detach keeps the console's Ctrl-C from the child: this program stops it.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func terminate(p *os.Process) { p.Kill() }
