package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"unsafe"
)

// When a plugin is loaded, the runtime compares its types with those of all
// modules before it, so that equal types are one. For that it makes a map of all
// types, and in image mode there are some 80,000, most of which nobody asks for:
// 20 to 30 ms a cell, half of all that a small cell costs.
//
// It compares by hash first. So the host shows it, while it loads a plugin,
// only those types of the image that have the hash of a type of the plugin; the
// kernel reads these from the plugin's file. What the runtime then finds is the
// same.
//
// While the list is short, functions such as reflect.SliceOf would not find
// types in it and make new ones that differ. So it is shortened only when no
// other goroutine is about to run; otherwise loading takes its time.
type typelinks struct {
	list  *[]int32 // of the image, in the runtime's own data
	all   []int32
	types unsafe.Pointer // what the list's numbers count from
	index []hashedType   // sorted by hash
}

type hashedType struct {
	hash uint32
	link int32
}

// fewTypes is how many types are not worth the trouble: those of a host in
// plain mode.
const fewTypes = 20000

// triedVersion is the Go whose runtime loads plugins in the way described above.
// With another one, loading takes its time until someone has looked.
const triedVersion = "go1.26"

// findTypelinks finds the list of the module that holds package fmt; nil if it
// is short, or the runtime is not the one or does not look as expected.
func findTypelinks() *typelinks {
	if v := runtime.Version(); v != triedVersion && !strings.HasPrefix(v, triedVersion+".") {
		return nil
	}
	pc := reflect.ValueOf(fmt.Sprint).Pointer()
	frame, _ := runtime.CallersFrames([]uintptr{pc + 1}).Next()
	rtype := reflect.TypeOf(reflect.TypeFor[int]()).Elem() // struct{ t abi.Type }
	return typelinksIn(reflect.ValueOf(&frame).Elem(), rtype, samples(), fewTypes)
}

// typelinksIn finds the list by way of a frame of package runtime. Names and
// types of all fields that it uses must be the expected ones, and the sample
// types must stand where the list says: any difference gives nil.
func typelinksIn(frame reflect.Value, rtype reflect.Type, samples []reflect.Type, atLeast int) *typelinks {
	if !hashAt(rtype, offHash) {
		return nil
	}
	module := frame
	for _, name := range []string{"funcInfo", "datap"} {
		if module.Kind() != reflect.Struct {
			return nil
		}
		if module = module.FieldByName(name); !module.IsValid() {
			return nil
		}
	}
	if module.Kind() != reflect.Pointer || module.IsNil() || module.Elem().Kind() != reflect.Struct {
		return nil
	}
	list, types, end := module.Elem().FieldByName("typelinks"), module.Elem().FieldByName("types"), module.Elem().FieldByName("etypes")
	if !list.IsValid() || list.Type() != reflect.TypeFor[[]int32]() || list.Len() < atLeast {
		return nil
	}
	for _, v := range []reflect.Value{types, end} {
		if !v.IsValid() || v.Type() != reflect.TypeFor[uintptr]() {
			return nil
		}
	}
	t := &typelinks{list: (*[]int32)(unsafe.Pointer(list.UnsafeAddr())), types: *(*unsafe.Pointer)(unsafe.Pointer(types.UnsafeAddr()))}
	t.all = *t.list
	if !t.holds(samples, uintptr(end.Uint()-types.Uint())) {
		return nil
	}
	t.index = make([]hashedType, len(t.all))
	for i, link := range t.all {
		t.index[i] = hashedType{*(*uint32)(unsafe.Add(t.types, int(link)+offHash)), link}
	}
	slices.SortFunc(t.index, func(a, b hashedType) int {
		if a.hash != b.hash {
			return int(int64(a.hash) - int64(b.hash))
		}
		return int(a.link - b.link)
	})
	return t
}

// offHash is where internal/abi.Type has its hash on a 64-bit machine; the
// kernel, which reads hashes from the files of plugins, relies on it too.
const offHash = 16

// hashAt tells whether the types of package reflect have their hash at an offset.
func hashAt(rtype reflect.Type, offset uintptr) bool {
	if rtype.Kind() != reflect.Struct || rtype.NumField() != 1 || rtype.Field(0).Type.Kind() != reflect.Struct {
		return false
	}
	h, ok := rtype.Field(0).Type.FieldByName("Hash")
	return ok && h.Offset == offset && h.Type == reflect.TypeFor[uint32]()
}

// samples are types that every host has.
func samples() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[[]string](), reflect.TypeFor[[]byte](), reflect.TypeFor[map[string]any](),
		reflect.TypeFor[*os.File](), reflect.TypeFor[func()](), reflect.TypeFor[*int](),
	}
}

// holds tells whether the list has those of the samples that lie in the first
// size bytes behind t.types, which must be most of them, and nothing that lies
// behind it.
func (t *typelinks) holds(samples []reflect.Type, size uintptr) bool {
	found := 0
	for _, s := range samples {
		at := uintptr(reflect.ValueOf(s).UnsafePointer()) - uintptr(t.types)
		if at >= size {
			continue // of another module
		}
		if !slices.Contains(t.all, int32(at)) {
			return false
		}
		found++
	}
	return 2*found > len(samples) && !slices.ContainsFunc(t.all, func(link int32) bool {
		return link < 0 || uintptr(link)+offHash+4 > size
	})
}

// shorten leaves the types with these hashes in the list, and returns a
// function that undoes it.
func (t *typelinks) shorten(hashes []uint32) (undo func()) {
	if t == nil || len(hashes) == 0 || !alone() {
		return func() {}
	}
	short := make([]int32, 0, 2*len(hashes))
	slices.Sort(hashes)
	for _, h := range slices.Compact(hashes) {
		i, _ := slices.BinarySearchFunc(t.index, h, func(e hashedType, h uint32) int { return int(int64(e.hash) - int64(h)) })
		for ; i < len(t.index) && t.index[i].hash == h; i++ {
			short = append(short, t.index[i].link)
		}
	}
	*t.list = short
	return func() { *t.list = t.all }
}

// alone tells whether all other goroutines wait for something.
func alone() bool {
	busy := []metrics.Sample{{Name: "/sched/goroutines/running:goroutines"}, {Name: "/sched/goroutines/runnable:goroutines"}}
	metrics.Read(busy)
	n := uint64(0)
	for _, s := range busy {
		if s.Value.Kind() != metrics.KindUint64 {
			return false
		}
		n += s.Value.Uint64()
	}
	return n <= 1
}
