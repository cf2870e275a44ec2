package main

import (
	"fmt"
	"reflect"
	"runtime"
	"runtime/metrics"
	"slices"
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

// findTypelinks finds the list of the module that holds package fmt; nil if it
// is short or the runtime does not look as expected.
func findTypelinks() *typelinks {
	pc := reflect.ValueOf(fmt.Sprint).Pointer()
	frame, _ := runtime.CallersFrames([]uintptr{pc + 1}).Next()
	info := reflect.ValueOf(&frame).Elem().FieldByName("funcInfo")
	if !info.IsValid() || info.Kind() != reflect.Struct {
		return nil
	}
	module := info.FieldByName("datap")
	if !module.IsValid() || module.Kind() != reflect.Pointer || module.IsNil() {
		return nil
	}
	list, types := module.Elem().FieldByName("typelinks"), module.Elem().FieldByName("types")
	if !list.IsValid() || list.Type() != reflect.TypeFor[[]int32]() || !types.IsValid() || types.Kind() != reflect.Uintptr || list.Len() < fewTypes {
		return nil
	}
	t := &typelinks{list: (*[]int32)(unsafe.Pointer(list.UnsafeAddr())), types: *(*unsafe.Pointer)(unsafe.Pointer(types.UnsafeAddr()))}
	t.all = *t.list
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

// offHash is where internal/abi.Type has its hash on a 64-bit machine.
const offHash = 16

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
