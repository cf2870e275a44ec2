//go:build !(linux && (amd64 || arm64))

package cuda

import (
	"fmt"
	"runtime"
)

func openLibrary(string) (uintptr, error) {
	return 0, fmt.Errorf("no GPU support on %s/%s: Linux on amd64 or arm64 has it", runtime.GOOS, runtime.GOARCH)
}

func findSymbol(uintptr, string) (uintptr, error) { return openLibrary("") }

func invoke(uintptr, ...uintptr) int { return 999 }
