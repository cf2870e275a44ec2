package cuda

import (
	"errors"
	"fmt"
)

// Error is a result of the driver that is not success.
type Error struct {
	Call string // such as cuMemAlloc_v2
	Code int
	Name string // such as CUDA_ERROR_OUT_OF_MEMORY
	Log  string // of the compiler, for a module that was refused
}

func (e *Error) Error() string {
	s := fmt.Sprintf("cuda: %s: %s (%d)", e.Call, e.Name, e.Code)
	if hint := hints[e.Code]; hint != "" {
		s += ": " + hint
	}
	if e.Log != "" {
		s += ": " + e.Log
	}
	return s
}

// Sticky reports whether the error leaves the context unusable: everything on
// the device is lost and only a new process gets a working one.
func (e *Error) Sticky() bool {
	switch e.Code {
	case 214, 220, 300, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 999:
		return true
	}
	return false
}

// IsSticky reports whether an error is or wraps a sticky [*Error].
func IsSticky(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Sticky()
}

// IsOutOfMemory reports whether an error says that the device's memory is full.
func IsOutOfMemory(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == 2
}

// names are the results of the driver that a user can meet; the driver itself
// is asked first (cuGetErrorName).
var names = map[int]string{
	1: "CUDA_ERROR_INVALID_VALUE", 2: "CUDA_ERROR_OUT_OF_MEMORY", 3: "CUDA_ERROR_NOT_INITIALIZED",
	4: "CUDA_ERROR_DEINITIALIZED", 34: "CUDA_ERROR_STUB_LIBRARY", 46: "CUDA_ERROR_DEVICE_UNAVAILABLE",
	100: "CUDA_ERROR_NO_DEVICE", 101: "CUDA_ERROR_INVALID_DEVICE", 200: "CUDA_ERROR_INVALID_IMAGE",
	201: "CUDA_ERROR_INVALID_CONTEXT", 209: "CUDA_ERROR_NO_BINARY_FOR_GPU", 214: "CUDA_ERROR_ECC_UNCORRECTABLE",
	218: "CUDA_ERROR_INVALID_PTX", 222: "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", 300: "CUDA_ERROR_INVALID_SOURCE",
	400: "CUDA_ERROR_INVALID_HANDLE", 500: "CUDA_ERROR_NOT_FOUND", 600: "CUDA_ERROR_NOT_READY",
	700: "CUDA_ERROR_ILLEGAL_ADDRESS", 701: "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", 702: "CUDA_ERROR_LAUNCH_TIMEOUT",
	715: "CUDA_ERROR_ILLEGAL_INSTRUCTION", 716: "CUDA_ERROR_MISALIGNED_ADDRESS", 718: "CUDA_ERROR_INVALID_PC",
	719: "CUDA_ERROR_LAUNCH_FAILED", 801: "CUDA_ERROR_NOT_SUPPORTED", 802: "CUDA_ERROR_SYSTEM_NOT_READY",
	803: "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", 804: "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
	900: "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", 901: "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", 999: "CUDA_ERROR_UNKNOWN",
}

// hints say what a person can do.
var hints = map[int]string{
	2:   "the model and its batch do not fit the free memory of the device: take a smaller batch, or device=cpu",
	34:  "the library found is the toolkit's stub, not the driver: put the driver's folder first",
	100: "the driver sees no GPU: in a container, start it with --gpus all",
	222: "the driver is too old for the kernels: it must be one of CUDA 11.8 or newer",
	802: "the system is not ready: is the fabric manager running?",
	803: "library and kernel module of the driver are of different versions: restart the machine",
	804: "a compatibility library of a newer CUDA is in the way of the driver's own",
}
