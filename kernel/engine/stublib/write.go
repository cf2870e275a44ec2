package stublib

import (
	"bytes"
	"debug/elf"
)

// Write makes a stub: a shared object of the given name with the symbols of
// the sources that are wanted, by their names in object files. The name of a
// symbol is looked for in the sources in their order. Missing are the names
// that no source has, among them those that are not symbols of libraries, such
// as files. The types that were taken from the objects ([Undefine]) are there
// under their long names too, by which the linker puts them in the place of the
// definitions.
func Write(soname string, notes []Note, sources []Source, wanted, types []string) (stub []byte, missing []string) {
	w := &writer{sources: sources, index: map[string]uint32{}}
	w.dynstr.WriteByte(0)
	w.dynsym.Write(make([]byte, symSize))
	name := w.str(soname)
	for _, n := range wanted {
		if !w.want(n) {
			missing = append(missing, n)
		}
	}
	for _, n := range types {
		if !w.want(n) {
			missing = append(missing, n)
			continue
		}
		for _, src := range sources {
			if list := find(src, n); len(list) > 0 {
				long := list[0]
				long.Name = n
				w.symbol(src, long)
				break
			}
		}
	}
	for _, f := range w.fixes {
		w.rela.Write(le.AppendUint64(nil, f.at))
		w.rela.Write(le.AppendUint64(nil, uint64(w.index[f.name])<<32|uint64(elf.R_X86_64_64)))
		w.rela.Write(le.AppendUint64(nil, 0))
	}
	return w.file(name, notes), missing
}

const (
	symSize  = 24
	dataAddr = 0x1000000
	textAddr = 0x8000000 // behind all data that a cell can want

	secText = 1
	secData = 2
)

type fix struct {
	at   uint64
	name string
}

type writer struct {
	sources []Source

	dynstr, dynsym, data, rela bytes.Buffer

	index map[string]uint32 // of the symbols written
	text  uint64            // size of what has no bytes
	fixes []fix
}

func (w *writer) str(s string) uint32 {
	at := w.dynstr.Len()
	w.dynstr.WriteString(s)
	w.dynstr.WriteByte(0)
	return uint32(at)
}

// Has reports whether a source has symbols of a name, as it is in object files.
func Has(src Source, name string) bool { return len(find(src, name)) > 0 }

// find returns the symbols of a name, which libraries may have in a short form.
func find(src Source, name string) []Symbol {
	list := src.Find(name)
	if m := mangled(name); m != name && len(list) == 0 {
		list = src.Find(m)
	}
	return list
}

// want writes the symbols of a name.
func (w *writer) want(name string) bool {
	for _, src := range w.sources {
		list := find(src, name)
		for _, s := range list {
			w.symbol(src, s)
		}
		if len(list) > 0 {
			return true
		}
	}
	return false
}

func (w *writer) symbol(src Source, s Symbol) {
	if _, ok := w.index[s.Name]; ok {
		return
	}
	w.index[s.Name] = uint32(w.dynsym.Len() / symSize)
	section, value := uint16(secText), uint64(textAddr)+w.text
	isType := isType(s.Name, s.Info)
	if isType {
		section, value = secData, w.descriptor(s)
	} else {
		w.text += 16 + (s.Size+15)&^15
	}
	if elf.ST_TYPE(s.Info) == elf.STT_TLS {
		value = 0
	}
	e := le.AppendUint32(nil, w.str(s.Name))
	e = append(e, s.Info, 0)
	e = le.AppendUint16(e, section)
	e = le.AppendUint64(e, value)
	w.dynsym.Write(le.AppendUint64(e, s.Size))
	for _, d := range s.deps {
		for _, t := range src.Find(d.name) {
			w.symbol(src, t)
			w.fixes = append(w.fixes, fix{value + uint64(d.slot), d.name})
			break
		}
	}
}

// descriptor writes a type descriptor with its pointer mask behind it and
// returns its address.
func (w *writer) descriptor(s Symbol) uint64 {
	for w.data.Len()%32 != 0 {
		w.data.WriteByte(0)
	}
	at := uint64(dataAddr + w.data.Len())
	b := bytes.Clone(s.data)
	if len(b) >= typeSize && hasLayout(s.Name) {
		le.PutUint64(b[offGCData:], at+uint64(len(b)))
		b = append(b, s.mask...)
	}
	w.data.Write(b)
	return at
}

// A section of the file.
type section struct {
	name      string
	kind      elf.SectionType
	flags     elf.SectionFlag
	addr      uint64
	off, size uint64
	link      uint32
	info      uint32
	align     uint64
	entry     uint64
	data      []byte
}

const (
	ehdrSize = 64
	phdrSize = 56
	shdrSize = 64
)

// file lays out the ELF file.
func (w *writer) file(soname uint32, notes []Note) []byte {
	secs := []*section{{},
		secText: {name: ".text", kind: elf.SHT_NOBITS, flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR, addr: textAddr, size: w.text + 16, align: 16},
		secData: {name: ".data", kind: elf.SHT_PROGBITS, flags: elf.SHF_ALLOC | elf.SHF_WRITE, addr: dataAddr, data: w.data.Bytes(), align: 32},
		{name: ".dynsym", kind: elf.SHT_DYNSYM, flags: elf.SHF_ALLOC, data: w.dynsym.Bytes(), link: 4, info: 1, align: 8, entry: symSize},
		{name: ".dynstr", kind: elf.SHT_STRTAB, flags: elf.SHF_ALLOC, data: w.dynstr.Bytes(), align: 1},
		{name: ".rela.dyn", kind: elf.SHT_RELA, flags: elf.SHF_ALLOC, data: w.rela.Bytes(), link: 3, align: 8, entry: 24},
		{name: ".dynamic", kind: elf.SHT_DYNAMIC, flags: elf.SHF_ALLOC | elf.SHF_WRITE, link: 4, align: 8, entry: 16},
	}
	for _, n := range notes {
		secs = append(secs, &section{name: n.Name, kind: elf.SHT_NOTE, flags: elf.SHF_ALLOC, data: n.Data, align: 4})
	}
	names := []byte{0}
	offsets := make([]uint32, len(secs)+1)
	secs = append(secs, &section{name: ".shstrtab", kind: elf.SHT_STRTAB, align: 1})
	for i, s := range secs {
		offsets[i] = uint32(len(names))
		names = append(append(names, s.name...), 0)
	}
	secs[len(secs)-1].data = names
	end := place(secs, soname)
	return encodeELF(secs, offsets, end)
}

// place gives each section its offset and address and fills the dynamic one,
// which needs the addresses of those before it.
func place(secs []*section, soname uint32) (end uint64) {
	off, addr := uint64(ehdrSize+2*phdrSize), uint64(0x1000)
	for _, s := range secs[1:] {
		if s.kind == elf.SHT_DYNAMIC {
			for _, e := range [][2]uint64{
				{uint64(elf.DT_SONAME), uint64(soname)}, {uint64(elf.DT_STRTAB), secs[4].addr},
				{uint64(elf.DT_SYMTAB), secs[3].addr}, {uint64(elf.DT_STRSZ), secs[4].size},
				{uint64(elf.DT_SYMENT), symSize}, {0, 0},
			} {
				s.data = le.AppendUint64(le.AppendUint64(s.data, e[0]), e[1])
			}
		}
		off = (off + 63) &^ 63
		s.off = off
		if s.kind != elf.SHT_NOBITS {
			s.size = uint64(len(s.data))
			off += s.size
		}
		if s.flags&elf.SHF_ALLOC != 0 && s.addr == 0 {
			addr = (addr + 63) &^ 63
			s.addr = addr
			addr += s.size
		}
	}
	return (off + 63) &^ 63
}

// encodeELF writes headers and sections. The one loadable segment covers
// everything: linkers do not look at it.
func encodeELF(secs []*section, names []uint32, end uint64) []byte {
	b := make([]byte, end+uint64(shdrSize*len(secs)))
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], uint16(elf.ET_DYN))
	le.PutUint16(b[18:], uint16(elf.EM_X86_64))
	le.PutUint32(b[20:], uint32(elf.EV_CURRENT))
	le.PutUint64(b[32:], ehdrSize)
	le.PutUint64(b[40:], end)
	for i, v := range []int{ehdrSize, phdrSize, 2, shdrSize, len(secs), len(secs) - 1} {
		le.PutUint16(b[52+2*i:], uint16(v))
	}
	dynamic := secs[6]
	for i, p := range []struct {
		kind, flags     uint32
		off, addr, size uint64
	}{{uint32(elf.PT_LOAD), 7, 0, 0, end}, {uint32(elf.PT_DYNAMIC), 6, dynamic.off, dynamic.addr, dynamic.size}} {
		h := b[ehdrSize+phdrSize*i:]
		le.PutUint32(h, p.kind)
		le.PutUint32(h[4:], p.flags)
		le.PutUint64(h[8:], p.off)
		le.PutUint64(h[16:], p.addr)
		le.PutUint64(h[32:], p.size)
		le.PutUint64(h[40:], p.size)
	}
	for i, s := range secs[1:] {
		copy(b[s.off:], s.data)
		h := b[end+uint64(shdrSize*(i+1)):]
		le.PutUint32(h, names[i+1])
		le.PutUint32(h[4:], uint32(s.kind))
		for k, v := range []uint64{uint64(s.flags), s.addr, s.off, s.size} {
			le.PutUint64(h[8+8*k:], v)
		}
		le.PutUint32(h[40:], s.link)
		le.PutUint32(h[44:], s.info)
		le.PutUint64(h[48:], s.align)
		le.PutUint64(h[56:], s.entry)
	}
	return b
}
