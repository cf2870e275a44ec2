package magic

import (
	"os/exec"
	"syscall"
)

// endWithUs has the command end when this process is killed.
func endWithUs(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL }
