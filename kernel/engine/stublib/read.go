package stublib

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
)

var le = binary.LittleEndian

// A Note identifies a library to the Go linker.
type Note struct {
	Name string // of its section
	Data []byte
}

// A Library is what stubs need to know of a shared library.
type Library struct {
	Symbols []Symbol
	Notes   []Note
}

// Read reads a shared library.
func Read(data []byte) (*Library, error) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("stublib: %w", err)
	}
	r := &reader{file: f, data: data, target: map[uint64]uint64{}, typeAt: map[uint64]string{}}
	if r.all, err = f.DynamicSymbols(); err != nil {
		return nil, fmt.Errorf("stublib: %w", err)
	}
	if err := r.readTargets(); err != nil {
		return nil, err
	}
	lib := &Library{}
	for _, s := range r.all {
		if s.Section != elf.SHN_UNDEF && isType(s.Name, s.Info) {
			r.typeAt[s.Value] = s.Name
		}
	}
	for _, s := range r.all {
		if s.Section != elf.SHN_UNDEF {
			lib.Symbols = append(lib.Symbols, r.symbol(s))
		}
	}
	for _, s := range f.Sections {
		if s.Type == elf.SHT_NOTE && strings.HasPrefix(s.Name, ".note.go.") {
			d, err := s.Data()
			if err != nil {
				return nil, fmt.Errorf("stublib: %w", err)
			}
			lib.Notes = append(lib.Notes, Note{s.Name, d})
		}
	}
	return lib, nil
}

// TypeHashes lists the hashes of the types in the library.
func (l *Library) TypeHashes() []uint32 {
	var out []uint32
	for _, s := range l.Symbols {
		if len(s.data) >= typeSize && hasLayout(s.Name) {
			out = append(out, le.Uint32(s.data[offHash:]))
		}
	}
	return out
}

type reader struct {
	file   *elf.File
	data   []byte
	all    []elf.Symbol
	target map[uint64]uint64 // what a pointer in the file will point to
	typeAt map[uint64]string // type descriptors by address
}

// readTargets reads the relocations of pointers.
func (r *reader) readTargets() error {
	for _, s := range r.file.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		d, err := s.Data()
		if err != nil {
			return fmt.Errorf("stublib: %w", err)
		}
		for ; len(d) >= 24; d = d[24:] {
			at, info, addend := le.Uint64(d), le.Uint64(d[8:]), le.Uint64(d[16:])
			switch elf.R_X86_64(uint32(info)) {
			case elf.R_X86_64_RELATIVE:
				r.target[at] = addend
			case elf.R_X86_64_64:
				if i := info >> 32; i > 0 && i <= uint64(len(r.all)) {
					r.target[at] = r.all[i-1].Value + addend
				}
			}
		}
	}
	return nil
}

// Where an abi.Type of Go 1.26 on a 64-bit machine has its parts.
const (
	offPtrBytes = 8
	offHash     = 16
	offTFlag    = 20
	offKind     = 23
	offGCData   = 32
	typeSize    = 48

	tflagUncommon = 1
	uncommonSize  = 16
	kindMask      = 31

	kindArray     = 17
	offArrayElem  = typeSize
	kindStruct    = 25
	offFieldCount = typeSize + 16
	offFields     = typeSize + 32
	fieldSize     = 24
	offFieldType  = 8
)

func (r *reader) symbol(s elf.Symbol) Symbol {
	sym := Symbol{Name: s.Name, Base: baseName(s.Name), Info: s.Info, Size: s.Size}
	if !isType(s.Name, s.Info) {
		return sym
	}
	sym.data = r.bytes(s.Value, s.Size)
	if len(sym.data) < typeSize || !hasLayout(s.Name) {
		return sym
	}
	mask := r.target[s.Value+offGCData]
	if mask == 0 {
		mask = le.Uint64(sym.data[offGCData:])
	}
	sym.mask = r.bytes(mask, (le.Uint64(sym.data[offPtrBytes:])/8+7)/8)
	for _, slot := range typeSlots(sym.data) {
		if name, ok := r.typeAt[r.target[s.Value+slot]]; ok {
			sym.deps = append(sym.deps, dep{uint32(slot), name})
		}
	}
	return sym
}

// typeSlots lists where an array's or struct's descriptor points to the types
// of its parts.
func typeSlots(d []byte) []uint64 {
	switch d[offKind] & kindMask {
	case kindArray:
		return []uint64{offArrayElem}
	case kindStruct:
		at := uint64(offFields)
		if d[offTFlag]&tflagUncommon != 0 {
			at += uncommonSize
		}
		var out []uint64
		for range le.Uint64(d[offFieldCount:]) {
			out = append(out, at+offFieldType)
			at += fieldSize
		}
		return out
	}
	return nil
}

// bytes is the content of the file for an address; nil where there is none.
func (r *reader) bytes(addr, n uint64) []byte {
	for _, s := range r.file.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 || addr < s.Addr || addr+n > s.Addr+s.Size {
			continue
		}
		if s.Type == elf.SHT_NOBITS {
			return make([]byte, n)
		}
		at := s.Offset + addr - s.Addr
		return r.data[at : at+n]
	}
	return nil
}

// Code returns the machine code of a function of a library.
func Code(data []byte, name string) ([]byte, error) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("stublib: %w", err)
	}
	syms, err := f.DynamicSymbols()
	if err != nil {
		return nil, fmt.Errorf("stublib: %w", err)
	}
	r := &reader{file: f, data: data}
	for _, s := range syms {
		if s.Name == name {
			return r.bytes(s.Value, s.Size), nil
		}
	}
	return nil, fmt.Errorf("stublib: the library has no function %s", name)
}
