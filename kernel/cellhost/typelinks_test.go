package main

import (
	"reflect"
	"runtime"
	"slices"
	"testing"
	"unsafe"
)

// The parts of the runtime that typelinksIn looks at, as they are in Go 1.26.
type (
	fakeFrame struct {
		PC       uintptr
		funcInfo struct {
			f     *int
			datap *fakeModule
		}
	}
	fakeModule struct {
		before        [3]uintptr
		types, etypes uintptr
		typelinks     []int32
	}
	fakeABI struct {
		Size_, PtrBytes uintptr
		Hash            uint32
	}
	fakeRtype struct{ t fakeABI }
)

// fakeTypes is a module whose list holds the sample types, and a frame in it.
// The samples are those of the test program: in a linked program they lie near
// each other.
func fakeTypes() *fakeFrame {
	var at []uintptr
	for _, s := range samples() {
		at = append(at, uintptr(reflect.ValueOf(s).UnsafePointer()))
	}
	m := &fakeModule{types: slices.Min(at) - 64, etypes: slices.Max(at) + 64}
	for _, a := range at {
		m.typelinks = append(m.typelinks, int32(a-m.types))
	}
	f := &fakeFrame{}
	f.funcInfo.datap = m
	return f
}

func TestTypelinksLayout(t *testing.T) {
	rtype := reflect.TypeFor[fakeRtype]()
	real := reflect.TypeOf(reflect.TypeFor[int]()).Elem()
	good := fakeTypes()
	found := typelinksIn(reflect.ValueOf(good).Elem(), real, samples(), 1)
	if found == nil {
		t.Fatal("the layout of this Go was not recognised")
	}
	if typelinksIn(reflect.ValueOf(good).Elem(), rtype, samples(), 1) == nil {
		t.Error("the good layout was not recognised")
	}
	for _, e := range found.index {
		if p := unsafe.Add(found.types, e.link); *(*uint32)(unsafe.Add(p, 16)) != e.hash {
			t.Errorf("hash %x of the type at %d", e.hash, e.link)
		}
	}
	undo := found.shorten([]uint32{found.index[0].hash})
	if n := len(good.funcInfo.datap.typelinks); n > len(found.all) {
		t.Errorf("shortened to %d of %d", n, len(found.all))
	}
	undo()
	if !slices.Equal(good.funcInfo.datap.typelinks, found.all) {
		t.Error("the list was not restored")
	}

	otherHash := reflect.TypeFor[struct {
		t struct {
			Size_ uintptr
			Hash  uint32
		}
	}]()
	noHash := reflect.TypeFor[struct {
		t struct{ Size_, PtrBytes, Other uintptr }
	}]()
	wideHash := reflect.TypeFor[struct {
		t struct {
			Size_, PtrBytes uintptr
			Hash            uint64
		}
	}]()
	for name, r := range map[string]reflect.Type{"hash elsewhere": otherHash, "no hash": noHash, "wide hash": wideHash, "no struct": reflect.TypeFor[int]()} {
		if typelinksIn(reflect.ValueOf(good).Elem(), r, samples(), 1) != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	change := func(f func(m *fakeModule)) any {
		bad := fakeTypes()
		f(bad.funcInfo.datap)
		return bad
	}
	type wideModule struct {
		types, etypes uintptr
		typelinks     []int64
	}
	type noEnd struct {
		types     uintptr
		typelinks []int32
	}
	for name, frame := range map[string]any{
		"no funcInfo":        &struct{ PC uintptr }{},
		"funcInfo no struct": &struct{ funcInfo uintptr }{},
		"no datap":           &struct{ funcInfo struct{ f *int } }{},
		"nil datap":          &fakeFrame{},
		"datap no pointer":   &struct{ funcInfo struct{ datap uintptr } }{},
		"datap of a number":  &struct{ funcInfo struct{ datap *int } }{struct{ datap *int }{new(int)}},
		"wide numbers":       &struct{ funcInfo struct{ datap *wideModule } }{struct{ datap *wideModule }{&wideModule{}}},
		"no end":             &struct{ funcInfo struct{ datap *noEnd } }{struct{ datap *noEnd }{&noEnd{typelinks: make([]int32, 9)}}},
		"short list":         change(func(m *fakeModule) { m.typelinks = nil }),
		"other base":         change(func(m *fakeModule) { m.types -= 8 }),
		"other unit": change(func(m *fakeModule) {
			for i := range m.typelinks {
				m.typelinks[i] /= 8
			}
		}),
		"samples elsewhere":      change(func(m *fakeModule) { m.etypes = m.types + 1 }),
		"numbers behind the end": change(func(m *fakeModule) { m.typelinks = append(m.typelinks, int32(m.etypes-m.types)) }),
		"negative numbers":       change(func(m *fakeModule) { m.typelinks = append(m.typelinks, -1) }),
	} {
		if typelinksIn(reflect.ValueOf(frame).Elem(), real, samples(), 1) != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	runtime.KeepAlive(good)
}

// Without the list, as on a Go that is not known, loading goes on the slow way.
func TestTypelinksUnknown(t *testing.T) {
	var none *typelinks
	none.shorten([]uint32{1, 2, 3})()
}
