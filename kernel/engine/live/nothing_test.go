package live

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// TestNothing starts the program, and looks for another one where it cannot be made.
func TestNothing(t *testing.T) {
	dir := t.TempDir()
	var n nothing
	path := n.in(dir)
	if runtime.GOARCH == "amd64" && path != filepath.Join(dir, "nothing") {
		t.Errorf("the linker is told to run %q", path)
	}
	if err := exec.Command(path, "-o", "x").Run(); err != nil {
		t.Error(err)
	}
	var other nothing
	if path := other.in(filepath.Join(dir, "missing")); path != "true" {
		t.Errorf("without a folder the linker is told to run %q", path)
	}
}
