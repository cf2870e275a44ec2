//go:build !unix

package magic

import "os/exec"

func ownGroup(*exec.Cmd) {}

func stopGroup(cmd *exec.Cmd, _ <-chan struct{}) { _ = cmd.Process.Kill() }
