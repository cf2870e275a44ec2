package cuda

import (
	"bytes"
	"embed"
	"fmt"
	"runtime"
	"unsafe"
)

// Sources are the kernels' sources, from which package cudatest builds them for
// the CPU.
//
//go:embed kernel/*.cu kernel/*.h
var Sources embed.FS

//go:embed ptx/*.ptx
var ptx embed.FS

// Archs are the architectures that there is PTX for, the newest first. A driver
// compiles the PTX of an older architecture for a newer device.
var Archs = []int{90, 80, 75}

// chooseArch returns the newest architecture that a device can run.
func chooseArch(major, minor int) (int, error) {
	for _, a := range Archs {
		if a <= 10*major+minor {
			return a, nil
		}
	}
	return 0, fmt.Errorf("cuda: the device has compute capability %d.%d, the kernels need %d.%d or newer",
		major, minor, Archs[len(Archs)-1]/10, Archs[len(Archs)-1]%10)
}

// Options of cuModuleLoadDataEx: a buffer for the compiler's messages.
const (
	jitErrorLog     = 5
	jitErrorLogSize = 6
)

func (c *Context) loadModule() error {
	arch, err := chooseArch(c.info.Major, c.info.Minor)
	if err != nil {
		return err
	}
	c.arch = arch
	text, err := ptx.ReadFile(fmt.Sprintf("ptx/sm_%d.ptx", arch))
	if err != nil {
		return err
	}
	text = append(text, 0)
	log := make([]byte, 8192)
	options := []int32{jitErrorLog, jitErrorLogSize}
	values := []uintptr{uintptr(unsafe.Pointer(&log[0])), uintptr(len(log))}
	var pinner runtime.Pinner
	defer pinner.Unpin()
	pinner.Pin(&log[0])
	err = c.driver.call("cuModuleLoadDataEx", pointer(&c.module), pointer(&text[0]), 2, pointer(&options[0]), pointer(&values[0]))
	if e, ok := err.(*Error); ok {
		e.Log = string(bytes.TrimSpace(bytes.TrimRight(log, "\x00")))
	}
	return err
}

// Has reports whether the kernels in use have a name: those for tensor cores
// need sm_80.
func (q Queue) Has(kernel string) bool {
	_, err := q.function(kernel)
	return err == nil
}

func (q Queue) function(name string) (uintptr, error) {
	if f, ok := q.c.functions[name]; ok {
		return f, nil
	}
	text := append([]byte(name), 0)
	var f uintptr
	if err := q.c.driver.call("cuModuleGetFunction", pointer(&f), q.c.module, pointer(&text[0])); err != nil {
		return 0, fmt.Errorf("kernel %s: %w", name, err)
	}
	q.c.functions[name] = f
	return f, nil
}

// Args is the parameter of every kernel; device.h has the same struct.
type Args struct {
	P [10]Address
	N [20]int32
	F [4]float32
}

// Grid is the number of blocks of a launch; 0 counts as 1.
type Grid struct{ X, Y, Z int }

// Threads is the number of threads of a block.
const Threads = 256

// Launch issues a kernel.
func (q Queue) Launch(kernel string, g Grid, a *Args) error {
	f, err := q.function(kernel)
	if err != nil {
		return err
	}
	q.c.launches.Add(1)
	params := [1]unsafe.Pointer{unsafe.Pointer(a)}
	var pinner runtime.Pinner
	pinner.Pin(a)
	defer pinner.Unpin()
	err = q.c.driver.call("cuLaunchKernel", f, uintptr(max(g.X, 1)), uintptr(max(g.Y, 1)), uintptr(max(g.Z, 1)),
		Threads, 1, 1, 0, q.c.stream, pointer(&params[0]), 0)
	if err != nil {
		return fmt.Errorf("kernel %s: %w", kernel, err)
	}
	return nil
}

// Blocks returns the grid for an element-wise kernel over n elements.
func Blocks(n int) Grid { return Grid{X: min(max((n+Threads-1)/Threads, 1), 4096)} }
