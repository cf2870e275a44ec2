package cuda

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"unsafe"
)

// driver is the opened libcuda with the functions that are used. The names carry
// the version of their interface: the plain ones are kept for old programs.
type driver struct {
	library
	f       map[string]uintptr
	version int // 12040 for 12.4
}

// entryPoints are the functions that must be there.
var entryPoints = []string{
	"cuInit", "cuDriverGetVersion", "cuGetErrorName", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName",
	"cuDeviceGetAttribute", "cuDeviceTotalMem_v2", "cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2",
	"cuCtxSetCurrent", "cuMemAlloc_v2", "cuMemFree_v2", "cuMemGetInfo_v2", "cuMemHostAlloc", "cuMemFreeHost",
	"cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemcpyDtoDAsync_v2", "cuMemsetD32Async",
	"cuModuleLoadDataEx", "cuModuleUnload", "cuModuleGetFunction", "cuLaunchKernel",
	"cuStreamCreate", "cuStreamDestroy_v2", "cuStreamSynchronize", "cuStreamBeginCapture_v2", "cuStreamEndCapture",
	"cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuGraphExecDestroy", "cuGraphDestroy", "cuGraphGetNodes",
	"cuEventCreate", "cuEventRecord", "cuEventSynchronize", "cuEventElapsedTime", "cuEventDestroy_v2",
}

// loadDriver opens libcuda and initialises it.
func loadDriver() (*driver, error) {
	lib, err := open([]string{"libcuda.so.1", "libcuda.so"}, nil)
	if err != nil {
		return nil, fmt.Errorf("no NVIDIA driver: %w", err)
	}
	d := &driver{library: lib, f: map[string]uintptr{}}
	for _, name := range entryPoints {
		f, err := findSymbol(lib.handle, name)
		if err != nil || f == 0 {
			return nil, fmt.Errorf("%s has no %s: the driver is too old, CUDA 11.8 or newer is needed", lib.path, name)
		}
		d.f[name] = f
	}
	if err := d.call("cuInit", 0); err != nil {
		return nil, err
	}
	var version int32
	if err := d.call("cuDriverGetVersion", pointer(&version)); err != nil {
		return nil, err
	}
	d.version = int(version)
	return d, nil
}

// call calls an entry point and turns its result into an error.
//
//go:uintptrescapes
func (d *driver) call(name string, args ...uintptr) error {
	if code := invoke(d.f[name], args...); code != 0 {
		return d.fail(name, code)
	}
	return nil
}

func (d *driver) fail(call string, code int) *Error {
	return &Error{Call: call, Code: code, Name: d.name(code)}
}

// name asks the driver for the name of a result.
func (d *driver) name(code int) string {
	var text *byte
	if invoke(d.f["cuGetErrorName"], uintptr(code), pointer(&text)) == 0 && text != nil {
		b := unsafe.Slice(text, 128)
		if n := bytes.IndexByte(b, 0); n > 0 {
			return string(b[:n])
		}
	}
	if s := names[code]; s != "" {
		return s
	}
	return "CUDA_ERROR"
}

// held are the last variables whose addresses went to the driver. It keeps them alive for the
// length of the call, and off the stack, which may move.
var (
	held [256]atomic.Pointer[byte]
	next atomic.Uint32
)

// pointer is the address of a Go variable for the length of a call.
func pointer[T any](p *T) uintptr {
	held[next.Add(1)%uint32(len(held))].Store((*byte)(unsafe.Pointer(p)))
	return uintptr(unsafe.Pointer(p))
}
