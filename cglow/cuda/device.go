package cuda

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
)

// Info describes a device.
type Info struct {
	Index        int
	Name         string
	Major, Minor int // compute capability
	Memory       uint64
	Processors   int // streaming multiprocessors
	Driver       int // version of the driver's CUDA, 12040 for 12.4
	Library      string
}

// Version is the driver's CUDA version as text.
func (i Info) Version() string { return fmt.Sprintf("%d.%d", i.Driver/1000, i.Driver%1000/10) }

// attributes of cuDeviceGetAttribute.
const (
	attributeProcessors = 16
	attributeMajor      = 75
	attributeMinor      = 76
)

var driverOnce = sync.OnceValues(func() (*driver, error) {
	// cuInit binds nothing to the thread; the lock keeps signal masks and the
	// like of one thread together while libraries initialise.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return loadDriver()
})

// Devices lists the devices. The error says why there are none.
func Devices() ([]Info, error) {
	d, err := driverOnce()
	if err != nil {
		return nil, err
	}
	return d.devices()
}

func (d *driver) devices() ([]Info, error) {
	var count int32
	if err := d.call("cuDeviceGetCount", pointer(&count)); err != nil {
		return nil, err
	}
	if count == 0 {
		return nil, d.fail("cuDeviceGetCount", 100)
	}
	var out []Info
	for i := range int(count) {
		info, err := d.describe(i)
		if err != nil {
			return nil, err
		}
		out = append(out, info)
	}
	return out, nil
}

func (d *driver) describe(index int) (Info, error) {
	info := Info{Index: index, Driver: d.version, Library: d.path}
	var device int32
	if err := d.call("cuDeviceGet", pointer(&device), uintptr(index)); err != nil {
		return info, err
	}
	name := make([]byte, 256)
	if err := d.call("cuDeviceGetName", pointer(&name[0]), uintptr(len(name)), uintptr(device)); err != nil {
		return info, err
	}
	info.Name = string(name[:max(0, bytes.IndexByte(name, 0))])
	if err := d.call("cuDeviceTotalMem_v2", pointer(&info.Memory), uintptr(device)); err != nil {
		return info, err
	}
	for _, a := range []struct {
		to   *int
		what int
	}{{&info.Processors, attributeProcessors}, {&info.Major, attributeMajor}, {&info.Minor, attributeMinor}} {
		var v int32
		if err := d.call("cuDeviceGetAttribute", pointer(&v), uintptr(a.what), uintptr(device)); err != nil {
			return info, err
		}
		*a.to = int(v)
	}
	return info, nil
}
