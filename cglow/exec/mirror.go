package exec

import (
	"runtime"
	"unsafe"
)

// Mirror is host memory with a copy on a device: the parameters of a model. Inputs of a program
// that lie in it are read from the copy. The copy is freed by Close, or when nothing refers to
// the mirror any more.
type Mirror struct {
	Host    []float32
	Address Address
	device  Device
	stale   bool // the host has changed
	ahead   bool // the device has changed
	free    runtime.Cleanup
	closed  bool
}

// NewMirror makes a copy of host on the device.
func NewMirror(d Device, host []float32) (*Mirror, error) {
	a, err := d.Alloc(len(host))
	if err != nil {
		return nil, err
	}
	m := &Mirror{Host: host, Address: a, device: d, stale: true}
	m.free = runtime.AddCleanup(m, func(p piece) { d.Free(p.at, p.n) }, piece{a, len(host)})
	return m, nil
}

// Touch says that the host's values have changed.
func (m *Mirror) Touch() { m.stale = true }

// Ahead says that the device's values have changed.
func (m *Mirror) Ahead() { m.ahead = true }

// IsAhead reports whether the host's values are older than the device's.
func (m *Mirror) IsAhead() bool { return m.ahead }

// Abandon says that the device's values are lost: those of the host count.
func (m *Mirror) Abandon() { m.ahead, m.stale = false, true }

// Fetch brings the host's values up to date.
func (m *Mirror) Fetch() error {
	if !m.ahead {
		return nil
	}
	err := m.device.Do(func() error {
		if err := m.device.Download(m.Host, m.Address); err != nil {
			return err
		}
		return m.device.Wait()
	})
	if err == nil {
		m.ahead = false
	}
	return err
}

// Push brings the device's values up to date.
func (m *Mirror) Push() error {
	if !m.stale {
		return nil
	}
	err := m.device.Do(func() error {
		if err := m.device.Upload(m.Address, m.Host); err != nil {
			return err
		}
		return m.device.Wait()
	})
	if err == nil {
		m.stale = false
	}
	return err
}

// Close frees the copy.
func (m *Mirror) Close() error {
	if m.closed {
		return nil
	}
	m.closed = true
	m.free.Stop()
	return m.device.Free(m.Address, len(m.Host))
}

// find returns the address of a part of the host's memory.
func (m *Mirror) find(s []float32) (Address, bool) {
	if len(s) == 0 || len(m.Host) == 0 {
		return 0, false
	}
	from, at := uintptr(unsafe.Pointer(&m.Host[0])), uintptr(unsafe.Pointer(&s[0]))
	if at < from || at+4*uintptr(len(s)) > from+4*uintptr(len(m.Host)) {
		return 0, false
	}
	return m.Address + Address(at-from), true
}
