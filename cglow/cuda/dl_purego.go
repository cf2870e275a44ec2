//go:build linux && (amd64 || arm64)

package cuda

import "github.com/ebitengine/purego"

// openLibrary opens a shared library for the whole process: libraries of NVIDIA
// find each other by name among those already open.
func openLibrary(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
}

func findSymbol(library uintptr, name string) (uintptr, error) {
	return purego.Dlsym(library, name)
}

// invoke calls a C function on integers and pointers and returns its int result.
//
//go:uintptrescapes
func invoke(f uintptr, args ...uintptr) int {
	r, _, _ := purego.SyscallN(f, args...)
	return int(int32(r))
}
