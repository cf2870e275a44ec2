package exec

import (
	"errors"
	"sync"
)

// piece is memory on a device.
type piece struct {
	at Address
	n  int
}

// holdings are what a program has on a device. They do not refer to the program, so that they can
// be given back when it is dropped.
type holdings struct {
	dev        Device
	recordings []Recording
	kernels    []func() error
	memory     []piece
	pinned     [][]float32
	once       sync.Once
}

func (h *holdings) alloc(n int) (Address, error) {
	a, err := h.dev.Alloc(n)
	if err == nil {
		h.memory = append(h.memory, piece{a, n})
	}
	return a, err
}

func (h *holdings) allocPinned(n int) ([]float32, error) {
	s, err := h.dev.Pinned(n)
	if err == nil {
		h.pinned = append(h.pinned, s)
	}
	return s, err
}

// close gives everything back, once.
func (h *holdings) close() (err error) {
	h.once.Do(func() {
		var errs []error
		for _, r := range h.recordings {
			errs = append(errs, r.Close())
		}
		for _, free := range h.kernels {
			errs = append(errs, free())
		}
		for _, p := range h.memory {
			errs = append(errs, h.dev.Free(p.at, p.n))
		}
		for _, s := range h.pinned {
			errs = append(errs, h.dev.FreePinned(s))
		}
		err = errors.Join(errs...)
	})
	return err
}
