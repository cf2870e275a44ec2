package stublib

import (
	"bytes"
	"debug/elf"
	"reflect"
	"slices"
	"testing"
)

// A descriptor of a struct with one field whose type is another descriptor.
func descriptor(kind byte, size int) []byte {
	d := make([]byte, size)
	d[offKind] = kind
	le.PutUint64(d[offPtrBytes:], 8)
	le.PutUint32(d[offHash:], uint32(kind))
	return d
}

func library() *Library {
	object, function := byte(elf.STB_GLOBAL)<<4|byte(elf.STT_OBJECT), byte(elf.STB_GLOBAL)<<4|byte(elf.STT_FUNC)
	outer := descriptor(kindStruct, offFields+fieldSize)
	le.PutUint64(outer[offFieldCount:], 1)
	return &Library{
		Symbols: []Symbol{
			{Name: "fmt.Println.abiinternal", Base: "fmt.Println", Info: function, Size: 40},
			{Name: "fmt.Println.abi0", Base: "fmt.Println", Info: function, Size: 8},
			{Name: "fmt.count", Base: "fmt.count", Info: object, Size: 8},
			{Name: "type:inner", Base: "type:inner", Info: object, Size: typeSize, data: descriptor(2, typeSize), mask: []byte{0}},
			{Name: mangled("type:example.com/a.Outer"), Base: mangled("type:example.com/a.Outer"), Info: object, Size: uint64(len(outer)),
				data: outer, mask: []byte{1}, deps: []dep{{offFields + offFieldType, "type:inner"}}},
		},
		Notes: []Note{{".note.go.abihash", []byte("0123")}},
	}
}

func TestMangled(t *testing.T) {
	for name, want := range map[string]string{
		"fmt.Println":               "fmt.Println",
		"type:int":                  "type:int",
		"type:runtime.moduledata":   "type:runtime.moduledata",
		"go:string.\"a@b\"":         "go:string.\"a@b\"",
		"type:.namedata.ReadMarker": "type:." + shortDigest(".namedata.ReadMarker"),
		"type:map[string]int64":     "type:" + shortDigest("map[string]int64"),
		"a.F[go.shape.struct{x@y}]": "a.F[" + shortDigest("go.shape.struct{x@y}") + "]",
	} {
		if got := mangled(name); got != want {
			t.Errorf("mangled(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestIndexRoundTrip(t *testing.T) {
	lib := library()
	x, err := OpenIndex(Encode(lib))
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{"fmt.Println", "fmt.count", "type:inner", mangled("type:example.com/a.Outer"), "fmt", "zz", ""} {
		var want []Symbol
		for _, s := range lib.Symbols {
			if s.Base == base {
				want = append(want, s)
			}
		}
		got := x.Find(base)
		for i := range got { // an empty slice of the file is as good as none
			if len(got[i].data) == 0 {
				got[i].data, got[i].mask = nil, nil
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("Find(%q)\ngot  %+v\nwant %+v", base, got, want)
		}
	}
	if !reflect.DeepEqual(x.Notes, lib.Notes) {
		t.Errorf("notes %v", x.Notes)
	}
	for n := range 60 {
		if _, err := OpenIndex(Encode(lib)[:n]); err == nil {
			t.Errorf("the first %d bytes were taken for an index", n)
		}
	}
}

// What is written reads back as the symbols that were wanted, with the types
// that they need.
func TestWrite(t *testing.T) {
	x, err := OpenIndex(Encode(library()))
	if err != nil {
		t.Fatal(err)
	}
	plugin := Table{}
	plugin.AddPlugin(&Library{Symbols: []Symbol{{Name: "glownotes/cells/c1.F", Base: "glownotes/cells/c1.F", Info: byte(elf.STB_GLOBAL)<<4 | byte(elf.STT_FUNC)}}})
	stub, missing := Write("libx.so", x.Notes, []Source{x, plugin}, []string{"fmt.Println", "type:example.com/a.Outer", "glownotes/cells/c1.F", "no.such", "fmt.Println"}, nil)
	if !slices.Equal(missing, []string{"no.such"}) {
		t.Errorf("missing %q", missing)
	}
	got, err := Read(stub)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range got.Symbols {
		names = append(names, s.Name)
	}
	want := []string{"fmt.Println.abiinternal", "fmt.Println.abi0", mangled("type:example.com/a.Outer"), "type:inner", "glownotes/cells/c1.F.abiinternal"}
	if !slices.Equal(names, want) {
		t.Errorf("symbols %q, want %q", names, want)
	}
	outer := got.Symbols[2]
	if len(outer.deps) != 1 || outer.deps[0].name != "type:inner" || !bytes.Equal(outer.mask, []byte{1}) {
		t.Errorf("the descriptor lost its mask or its field: %+v", outer)
	}
	if !slices.Equal(got.TypeHashes(), []uint32{kindStruct, 2}) {
		t.Errorf("hashes %v", got.TypeHashes())
	}
	f, err := elf.NewFile(bytes.NewReader(stub))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := f.DynString(elf.DT_SONAME); err != nil || !slices.Equal(s, []string{"libx.so"}) {
		t.Errorf("soname %v, %v", s, err)
	}
}

func TestUndefined(t *testing.T) {
	if _, err := Undefined([]byte("!<arch>\nnothing here")); err == nil {
		t.Error("an archive without an object was read")
	}
	if _, err := Undefined(append(bytes.Clone(objectMagic), make([]byte, 20)...)); err == nil {
		t.Error("an object that is cut short was read")
	}
}

func TestCutSuffix(t *testing.T) {
	got := []byte("\x00cells/c1.F.abiinternal\x00fmt.Print.abiinternal\x00")
	CutSuffix(got, "cells/")
	if want := "\x00cells/c1.F\x00abiinternal\x00fmt.Print.abiinternal\x00"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestIsInstance(t *testing.T) {
	for name, want := range map[string]bool{
		"type:*glownotes/kernel/widgets.valued[int]":     true,
		"type:sync/atomic.Pointer[glownotes/cells/c1.T]": true,
		"type:glownotes/kernel/widgets.IntSlider":        false,
		"type:[]fmt.Stringer":                            false,
		"type:map[string]fmt.Stringer":                   false,
		"type:func(fmt.State) []int":                     false,
		"type:.eqfunc.a.T[int]":                          false,
		"widgets.(*valued[int]).Close":                   false,
	} {
		if got := isInstance(name); got != want {
			t.Errorf("isInstance(%q) = %v, want %v", name, got, want)
		}
	}
}
