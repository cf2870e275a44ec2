package cudatest

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"

	"glownotes/cglow/cuda"
)

// library opens the driver that Use chose; 0 when there is none.
func library() (uintptr, error) {
	dirs := filepath.SplitList(os.Getenv(cuda.PathVariable))
	if len(dirs) == 0 {
		return 0, nil
	}
	return purego.Dlopen(filepath.Join(dirs[0], "libcuda.so.1"), purego.RTLD_NOW)
}

// Products returns the number of products that cuBLASLt has computed, see UseBLAS.
func Products() (int, error) { return callBLAS("fake_products") }

// Refuse makes cuBLASLt find no way to compute what it is asked for, until it is called again with
// 0.
func Refuse(yes int) error {
	_, err := callBLAS("fake_refuse", uintptr(yes))
	return err
}

func callBLAS(name string, args ...uintptr) (int, error) {
	dirs := filepath.SplitList(os.Getenv(cuda.PathVariable))
	if len(dirs) < 2 {
		return 0, errors.New("cudatest: no cuBLASLt in use")
	}
	lib, err := purego.Dlopen(filepath.Join(dirs[1], "libcublasLt.so.12"), purego.RTLD_NOW)
	if err != nil {
		return 0, err
	}
	f, err := purego.Dlsym(lib, name)
	if err != nil {
		return 0, err
	}
	r, _, _ := purego.SyscallN(f, args...)
	return int(r), nil
}

//go:uintptrescapes
func call(name string, args ...uintptr) (int, error) {
	lib, err := library()
	if lib == 0 || err != nil {
		return 0, err
	}
	f, err := purego.Dlsym(lib, name)
	if err != nil {
		return 0, err
	}
	r, _, _ := purego.SyscallN(f, args...)
	return int(r), nil
}

// Damaged returns how many pieces of device memory have been written beyond their ends.
func Damaged() (int, error) { return call("fake_guards") }

// Memory returns the device memory in use, in bytes.
func Memory() (int, error) { return call("fake_memory") }

// Launched returns the number of kernels that ran.
func Launched() (int, error) { return call("fake_launched") }

// Reset ends a failure that Fail began; all device memory is lost, as with a new process.
func Reset() error {
	_, err := call("fake_reset")
	return err
}

// Fail makes a call of the driver return a code, after so many calls that succeed.
func Fail(name string, code, after int) error {
	text := append([]byte(name), 0)
	_, err := call("fake_fail", uintptr(unsafe.Pointer(&text[0])), uintptr(code), uintptr(after))
	runtime.KeepAlive(text)
	return err
}
