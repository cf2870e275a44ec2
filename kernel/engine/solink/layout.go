package solink

import (
	"debug/elf"
	"slices"
)

const (
	pageSize = 4096
	ehdrSize = 64
	phdrSize = 56
	shdrSize = 64
	symSize  = 24
)

// names is a string table.
type names struct {
	data []byte
	at   map[string]uint32
}

func (n *names) add(s string) uint32 {
	if n.at == nil {
		n.data, n.at = []byte{0}, map[string]uint32{"": 0}
	}
	at, ok := n.at[s]
	if !ok {
		at = uint32(len(n.data))
		n.data = append(append(n.data, s...), 0)
		n.at[s] = at
	}
	return at
}

// newPart makes a section that is not the object's.
func newPart(name string, kind elf.SectionType, flags elf.SectionFlag, entry uint64) *part {
	return &part{SectionHeader: elf.SectionHeader{Name: name, Type: kind, Flags: elf.SHF_ALLOC | flags, Addralign: 8, Entsize: entry}}
}

// A segment is a run of parts with the same protection.
type segment struct {
	flags     elf.ProgFlag
	parts     []*part
	start     uint64
	file, mem uint64 // sizes
}

// segments sorts the parts: what is only read, code, what the loader writes
// once, data, and last what has no bytes in the file.
func (l *linker) segments() []*segment {
	var read, code, relro, data, zero []*part
	for _, p := range l.parts {
		switch {
		case p.Flags&elf.SHF_EXECINSTR != 0:
			code = append(code, p)
		case p.Flags&elf.SHF_WRITE == 0:
			read = append(read, p)
		case isRelro(p):
			relro = append(relro, p)
		case p.Type == elf.SHT_NOBITS:
			zero = append(zero, p)
		default:
			data = append(data, p)
		}
	}
	l.relro = append(relro, l.tags, l.got)
	return []*segment{
		{flags: elf.PF_R, parts: append([]*part{l.hash, l.dynsym, l.dynstr, l.rela}, read...)},
		{flags: elf.PF_R | elf.PF_X, parts: append([]*part{l.plt}, code...)},
		{flags: elf.PF_R | elf.PF_W, parts: slices.Concat(l.relro, data, zero)},
	}
}

// headers is the number of program headers: the segments, then the dynamic
// section, the stack's protection and what is read-only after relocation.
const headers = 3 + 3

// place makes the sections that ld would add and gives all their addresses,
// which are their places in the file too.
func (l *linker) place() error {
	l.hash = newPart(".gnu.hash", elf.SHT_GNU_HASH, 0, 0)
	l.dynsym = newPart(".dynsym", elf.SHT_DYNSYM, 0, symSize)
	l.dynstr = newPart(".dynstr", elf.SHT_STRTAB, 0, 0)
	l.rela = newPart(".rela.dyn", elf.SHT_RELA, 0, relaSize)
	l.plt = newPart(".plt", elf.SHT_PROGBITS, elf.SHF_EXECINSTR, stubSize)
	l.tags = newPart(".dynamic", elf.SHT_DYNAMIC, elf.SHF_WRITE, 16)
	l.got = newPart(".got", elf.SHT_PROGBITS, elf.SHF_WRITE, 8)
	l.got.data = make([]byte, 8*len(l.slots))
	l.plt.data = make([]byte, stubSize*len(l.stubs))
	l.slotRelocations()
	undefined, defined := l.export()
	all := slices.Concat(undefined, defined)
	l.dynsym.Info = 1
	l.dynsym.data = make([]byte, symSize*(1+len(all)))
	l.rela.data = make([]byte, relaSize*len(l.dynamic))
	exported := make([]string, len(defined))
	for i, n := range defined {
		exported[i] = l.symbol(n).Name
	}
	l.hash.data = hashTable(1+len(undefined), exported)
	for _, n := range all {
		l.strings.add(l.symbol(n).Name)
	}
	for _, n := range l.needed {
		l.strings.add(n)
	}
	l.dynstr.data = l.strings.data
	l.tags.data = make([]byte, 16*(len(l.needed)+12))
	l.segs = l.segments()
	l.order = map[*part]uint16{}
	for _, s := range l.segs {
		for _, p := range s.parts {
			l.sections = append(l.sections, p)
			l.order[p] = uint16(len(l.sections))
		}
	}
	l.address()
	l.writeSymbols(all)
	l.writeTags(l.writeRelocations())
	return nil
}

// address lays the segments out, each on pages of its own.
func (l *linker) address() {
	at := uint64(ehdrSize + headers*phdrSize)
	for i, s := range l.segs {
		if i > 0 {
			at = up(at, pageSize)
		}
		s.start = at &^ (pageSize - 1)
		s.file = at - s.start
		for _, p := range s.parts {
			if p.Type != elf.SHT_NOBITS {
				p.Size = uint64(len(p.data))
			}
			at = up(at, max(p.Addralign, 1))
			if p == l.got { // ends the part that is read-only later, on a page's end
				at = up(at+p.Size, pageSize) - p.Size
			}
			p.Addr, p.Offset = at, at
			at += p.Size
			if p.Type != elf.SHT_NOBITS {
				s.file = at - s.start
			}
		}
		s.mem = at - s.start
	}
}

func up(n, align uint64) uint64 { return (n + align - 1) / align * align }

// writeSymbols fills the dynamic symbol table.
func (l *linker) writeSymbols(all []uint32) {
	for i, n := range all {
		s := l.symbol(n)
		e := l.dynsym.data[symSize*(i+1):]
		le.PutUint32(e, l.strings.add(s.Name))
		e[4], e[5] = s.Info, s.Other
		if in := l.of[int(s.Section)]; in != nil {
			le.PutUint16(e[6:], l.order[in])
			le.PutUint64(e[8:], in.Addr+s.Value)
			le.PutUint64(e[16:], s.Size)
		}
	}
}

// writeRelocations fills the table for the loader; it returns how many need no
// symbol.
func (l *linker) writeRelocations() (relative int) {
	relative = l.sortDynamic()
	for i, d := range l.dynamic {
		e := l.rela.data[relaSize*i:]
		addend := d.addend
		if d.to != nil {
			addend += int64(d.to.Addr)
		}
		le.PutUint64(e, d.in.Addr+d.offset)
		le.PutUint64(e[8:], uint64(l.number[d.symbol])<<32|uint64(d.kind))
		le.PutUint64(e[16:], uint64(addend))
	}
	return relative
}

// writeTags fills the dynamic section; what is left of it is zero, its end.
func (l *linker) writeTags(relative int) {
	b := l.tags.data[:0]
	tag := func(t elf.DynTag, v uint64) { b = le.AppendUint64(le.AppendUint64(b, uint64(t)), v) }
	for _, n := range l.needed {
		tag(elf.DT_NEEDED, uint64(l.strings.add(n)))
	}
	for _, p := range l.parts {
		if p.Type == elf.SHT_INIT_ARRAY {
			tag(elf.DT_INIT_ARRAY, p.Addr)
			tag(elf.DT_INIT_ARRAYSZ, p.Size)
			break // the object of the Go linker has one
		}
	}
	tag(elf.DT_GNU_HASH, l.hash.Addr)
	tag(elf.DT_STRTAB, l.dynstr.Addr)
	tag(elf.DT_STRSZ, l.dynstr.Size)
	tag(elf.DT_SYMTAB, l.dynsym.Addr)
	tag(elf.DT_SYMENT, symSize)
	tag(elf.DT_RELA, l.rela.Addr)
	tag(elf.DT_RELASZ, l.rela.Size)
	tag(elf.DT_RELAENT, relaSize)
	tag(elf.DT_RELACOUNT, uint64(relative))
}

// encode writes headers and sections.
func (l *linker) encode() []byte {
	last := l.segs[len(l.segs)-1]
	at := last.start + last.file
	title := &part{SectionHeader: elf.SectionHeader{Name: ".shstrtab", Type: elf.SHT_STRTAB, Offset: at, Addralign: 1}}
	sections := append(l.sections, title)
	var labels names
	for _, p := range sections {
		labels.add(p.Name)
	}
	title.data, title.Size = labels.data, uint64(len(labels.data))
	table := up(at+title.Size, 8)

	b := make([]byte, table+uint64(shdrSize*(1+len(sections))))
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], uint16(elf.ET_DYN))
	le.PutUint16(b[18:], uint16(elf.EM_X86_64))
	le.PutUint32(b[20:], uint32(elf.EV_CURRENT))
	le.PutUint64(b[32:], ehdrSize)
	le.PutUint64(b[40:], table)
	for i, v := range []int{ehdrSize, phdrSize, headers, shdrSize, 1 + len(sections), len(sections)} {
		le.PutUint16(b[52+2*i:], uint16(v))
	}
	l.programHeaders(b[ehdrSize:])
	for i, p := range sections {
		copy(b[p.Offset:], p.data)
		h := b[table+uint64(shdrSize*(i+1)):]
		le.PutUint32(h, labels.add(p.Name))
		le.PutUint32(h[4:], uint32(p.Type))
		for k, v := range []uint64{uint64(p.Flags), p.Addr, p.Offset, p.Size} {
			le.PutUint64(h[8+8*k:], v)
		}
		le.PutUint32(h[40:], uint32(l.partner(p)))
		le.PutUint32(h[44:], p.Info)
		le.PutUint64(h[48:], p.Addralign)
		le.PutUint64(h[56:], p.Entsize)
	}
	return b
}

// partner is the number of the section that a section's content refers to.
func (l *linker) partner(p *part) uint16 {
	switch p.Type {
	case elf.SHT_DYNSYM, elf.SHT_DYNAMIC:
		return l.order[l.dynstr]
	case elf.SHT_GNU_HASH, elf.SHT_RELA:
		return l.order[l.dynsym]
	}
	return 0
}

func (l *linker) programHeaders(b []byte) {
	write := func(kind elf.ProgType, flags elf.ProgFlag, at, file, mem, align uint64) {
		le.PutUint32(b, uint32(kind))
		le.PutUint32(b[4:], uint32(flags))
		for i, v := range []uint64{at, at, at, file, mem, align} {
			le.PutUint64(b[8+8*i:], v)
		}
		b = b[phdrSize:]
	}
	for _, s := range l.segs {
		write(elf.PT_LOAD, s.flags, s.start, s.file, s.mem, pageSize)
	}
	write(elf.PT_DYNAMIC, elf.PF_R|elf.PF_W, l.tags.Addr, l.tags.Size, l.tags.Size, 8)
	write(elf.PT_GNU_STACK, elf.PF_R|elf.PF_W, 0, 0, 0, 16)
	first := l.relro[0].Addr
	size := l.got.Addr + l.got.Size - first
	write(elf.PT_GNU_RELRO, elf.PF_R, first, size, size, 1)
}
