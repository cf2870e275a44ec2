package solink

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var le = binary.LittleEndian

// Link returns the shared object of an object file for x86-64 that names the
// libraries it needs.
func Link(object []byte, needed ...string) ([]byte, error) {
	l := &linker{object: object, needed: needed, slots: map[uint32]int{}, stubs: map[uint32]int{}}
	for _, step := range []func() error{l.read, l.scan, l.place, l.relocate} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("solink: %w", err)
		}
	}
	return l.encode(), nil
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errors.ErrUnsupported, fmt.Sprintf(format, args...))
}

// A linker is one call of Link.
type linker struct {
	object  []byte
	needed  []string
	file    *elf.File
	symbols []elf.Symbol   // of the object; relocations count from 1
	parts   []*part        // of the result, in their order
	of      map[int]*part  // by the number of the object's section
	relocs  []relocation   // of the object
	slots   map[uint32]int // symbol -> its slot in the table of offsets
	stubs   map[uint32]int // symbol -> its stub, which jumps to what its slot holds
	dynamic []dynamic      // relocations for the loader
	number  map[uint32]int // symbol -> its number in the dynamic symbol table
	strings names

	hash, dynsym, dynstr, rela, plt, tags, got *part
	relro, sections                            []*part
	segs                                       []*segment
	order                                      map[*part]uint16 // of sections, from 1
}

// A part becomes a section of the result.
type part struct {
	elf.SectionHeader
	data []byte
}

// A relocation is one of the object.
type relocation struct {
	in     *part
	offset uint64
	kind   elf.R_X86_64
	symbol uint32
	addend int64
}

// A dynamic is a relocation for the loader. Symbol 0: the place gets the
// address addend of this object.
type dynamic struct {
	in     *part
	offset uint64
	kind   elf.R_X86_64
	symbol uint32
	to     *part // with symbol 0: what addend counts from
	addend int64
}

// read takes the object apart.
func (l *linker) read() (err error) {
	if l.file, err = elf.NewFile(bytes.NewReader(l.object)); err != nil {
		return err
	}
	if l.file.Type != elf.ET_REL || l.file.Machine != elf.EM_X86_64 || l.file.Class != elf.ELFCLASS64 {
		return unsupported("%v for %v", l.file.Type, l.file.Machine)
	}
	if l.symbols, err = l.file.Symbols(); err != nil {
		return err
	}
	l.of = map[int]*part{}
	for i, s := range l.file.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		switch {
		case s.Type != elf.SHT_PROGBITS && s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_INIT_ARRAY,
			s.Flags&^(elf.SHF_ALLOC|elf.SHF_WRITE|elf.SHF_EXECINSTR) != 0, s.Addralign > pageSize:
			return unsupported("section %s: %v, %v", s.Name, s.Type, s.Flags)
		}
		p := &part{SectionHeader: s.SectionHeader}
		if s.Type != elf.SHT_NOBITS {
			if s.Offset > uint64(len(l.object)) || s.Size > uint64(len(l.object))-s.Offset {
				return fmt.Errorf("section %s lies outside the file", s.Name)
			}
			p.data = bytes.Clone(l.object[s.Offset:][:s.Size])
		}
		l.of[i] = p
		l.parts = append(l.parts, p)
	}
	for _, s := range l.file.Sections {
		if in := l.of[int(s.Info)]; s.Type == elf.SHT_RELA && in != nil {
			if err := l.readRelocations(s, in); err != nil {
				return err
			}
		}
	}
	return nil
}

const relaSize = 24

func (l *linker) readRelocations(s *elf.Section, in *part) error {
	d, err := s.Data()
	if err != nil {
		return err
	}
	for ; len(d) >= relaSize; d = d[relaSize:] {
		info := le.Uint64(d[8:])
		r := relocation{in, le.Uint64(d), elf.R_X86_64(uint32(info)), uint32(info >> 32), int64(le.Uint64(d[16:]))}
		size := uint64(len(in.data))
		if r.symbol == 0 || uint64(r.symbol) > uint64(len(l.symbols)) || r.offset > size || size-r.offset < width(r.kind) {
			return fmt.Errorf("a relocation of %s lies outside", in.Name)
		}
		l.relocs = append(l.relocs, r)
	}
	return nil
}

// width is how many bytes a relocation changes.
func width(kind elf.R_X86_64) uint64 {
	if kind == elf.R_X86_64_64 {
		return 8
	}
	return 4
}

func (l *linker) symbol(i uint32) elf.Symbol { return l.symbols[i-1] }

// bound tells whether references to a symbol stay within this object: local
// and hidden ones; and where it is.
func (l *linker) bound(i uint32) (in *part, ok bool) {
	s := l.symbol(i)
	in = l.of[int(s.Section)]
	hidden := elf.ST_VISIBILITY(s.Other) != elf.STV_DEFAULT
	return in, in != nil && (hidden || elf.ST_BIND(s.Info) == elf.STB_LOCAL)
}

// scan decides what each relocation needs: a slot, a stub, the loader.
func (l *linker) scan() error {
	for _, r := range l.relocs {
		s := l.symbol(r.symbol)
		in, bound := l.bound(r.symbol)
		if !bound && (elf.ST_BIND(s.Info) == elf.STB_LOCAL || elf.ST_TYPE(s.Info) == elf.STT_TLS || s.Section != elf.SHN_UNDEF && in == nil) {
			return unsupported("symbol %s in section %v", s.Name, s.Section)
		}
		switch r.kind {
		case elf.R_X86_64_64:
			d := dynamic{in: r.in, offset: r.offset, kind: elf.R_X86_64_64, symbol: r.symbol, addend: r.addend}
			if bound {
				d = dynamic{in: r.in, offset: r.offset, kind: elf.R_X86_64_RELATIVE, to: in, addend: int64(s.Value) + r.addend}
			}
			if r.in.Flags&elf.SHF_WRITE == 0 {
				return unsupported("an address in section %s", r.in.Name)
			}
			l.dynamic = append(l.dynamic, d)
		case elf.R_X86_64_GOTPCREL, elf.R_X86_64_GOTPCRELX, elf.R_X86_64_REX_GOTPCRELX:
			l.slot(r.symbol)
		case elf.R_X86_64_PLT32:
			if !bound {
				l.slot(r.symbol)
				if _, ok := l.stubs[r.symbol]; !ok {
					l.stubs[r.symbol] = len(l.stubs)
				}
			}
		case elf.R_X86_64_PC32:
			if !bound {
				return unsupported("%v to symbol %s", r.kind, s.Name)
			}
		default:
			return unsupported("relocation %v", r.kind)
		}
	}
	return nil
}

// slot gives a symbol a slot in the table of offsets.
func (l *linker) slot(symbol uint32) {
	if _, ok := l.slots[symbol]; !ok {
		l.slots[symbol] = len(l.slots)
	}
}

// slotRelocations are those that fill the table of offsets.
func (l *linker) slotRelocations() {
	for symbol, i := range l.slots {
		d := dynamic{in: l.got, offset: uint64(8 * i), kind: elf.R_X86_64_GLOB_DAT, symbol: symbol}
		if in, bound := l.bound(symbol); bound {
			d = dynamic{in: l.got, offset: uint64(8 * i), kind: elf.R_X86_64_RELATIVE, to: in, addend: int64(l.symbol(symbol).Value)}
		}
		l.dynamic = append(l.dynamic, d)
	}
}

// export numbers the dynamic symbols: first those that the loader has to find
// elsewhere, then those that others may find here, in the order of the hash
// table.
func (l *linker) export() (undefined, defined []uint32) {
	used := map[uint32]bool{}
	for _, d := range l.dynamic {
		used[d.symbol] = true
	}
	for i := range l.symbols {
		n := uint32(i + 1)
		s := l.symbols[i]
		switch in, bound := l.bound(n); {
		case bound || elf.ST_BIND(s.Info) == elf.STB_LOCAL || s.Name == "":
		case in != nil:
			defined = append(defined, n)
		case used[n]:
			undefined = append(undefined, n)
		}
	}
	buckets := bucketCount(len(defined))
	slices.SortStableFunc(defined, func(a, b uint32) int {
		return cmp.Compare(gnuHash(l.symbol(a).Name)%buckets, gnuHash(l.symbol(b).Name)%buckets)
	})
	l.number = map[uint32]int{}
	for i, n := range slices.Concat(undefined, defined) {
		l.number[n] = i + 1
	}
	return undefined, defined
}

// sortDynamic puts the relocations in the order in which the loader is
// fastest: those without a symbol, then those of one symbol together.
func (l *linker) sortDynamic() (relative int) {
	slices.SortFunc(l.dynamic, func(a, b dynamic) int {
		return cmp.Or(cmp.Compare(l.number[a.symbol], l.number[b.symbol]), cmp.Compare(a.in.Addr, b.in.Addr), cmp.Compare(a.offset, b.offset))
	})
	for relative < len(l.dynamic) && l.dynamic[relative].symbol == 0 {
		relative++
	}
	return relative
}

// isRelro tells whether a section is written by the loader only.
func isRelro(p *part) bool {
	return p.Type == elf.SHT_INIT_ARRAY || strings.HasPrefix(p.Name, ".data.rel.ro")
}

// relocate writes into code and data what is known now.
func (l *linker) relocate() error {
	for _, r := range l.relocs {
		from := int64(r.in.Addr + r.offset)
		var to int64
		switch r.kind {
		case elf.R_X86_64_64:
			continue // the loader does it
		case elf.R_X86_64_PC32, elf.R_X86_64_PLT32:
			if in, bound := l.bound(r.symbol); bound {
				to = int64(in.Addr + l.symbol(r.symbol).Value)
			} else {
				to = int64(l.plt.Addr) + stubSize*int64(l.stubs[r.symbol])
			}
		default:
			to = int64(l.got.Addr) + 8*int64(l.slots[r.symbol])
		}
		v := to + r.addend - from
		if v != int64(int32(v)) {
			return fmt.Errorf("%s is too large", r.in.Name)
		}
		le.PutUint32(r.in.data[r.offset:], uint32(v))
	}
	for symbol, i := range l.stubs { // jmp *slot(%rip); two bytes of nothing
		at := l.plt.data[stubSize*i:]
		slot := int64(l.got.Addr) + 8*int64(l.slots[symbol])
		copy(at, []byte{0xff, 0x25, 0, 0, 0, 0, 0x66, 0x90})
		le.PutUint32(at[2:], uint32(slot-int64(l.plt.Addr)-stubSize*int64(i)-6))
	}
	return nil
}

const stubSize = 8
