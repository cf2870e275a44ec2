package stublib

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// A Source finds the symbols of a library by their names without ABI suffix:
// a function can have two forms.
type Source interface {
	Find(base string) []Symbol
}

// A Table is a Source in memory. What was added first is found.
type Table map[string][]Symbol

// Find implements Source.
func (t Table) Find(base string) []Symbol { return t[base] }

// AddPlugin adds the symbols of a plugin. The linker exports functions of
// plugins without the suffix that it looks for in a library; CutSuffix is the
// other half of the cure.
func (t Table) AddPlugin(lib *Library) {
	had := map[string]bool{}
	for _, s := range lib.Symbols {
		if _, ok := t[s.Base]; ok && !had[s.Base] {
			continue
		}
		had[s.Base] = true
		if isFunc(s) && s.Name == s.Base {
			s.Name += abiInternal
		}
		t[s.Base] = append(t[s.Base], s)
	}
}

// An index file holds a Library so that single symbols are found without
// reading the rest. All numbers are little endian, 32 bits if not said
// otherwise; offsets count from the start of the file.
//
//	magic, 8 bytes
//	n: number of symbols; where they are; number of notes; where they are
//	symbols: recordSize bytes each, in the order of their base names
//	notes: name and data, each offset and length
//	strings and bytes
const (
	magic      = "glowidx1"
	headerSize = 8 + 4*4
	recordSize = 56
	noteSize   = 16
)

// Encode makes an index file of a library.
func Encode(lib *Library) []byte {
	syms := slices.Clone(lib.Symbols)
	slices.SortStableFunc(syms, func(a, b Symbol) int { return strings.Compare(a.Base, b.Base) })
	e := &encoder{seen: map[string]uint32{}}
	e.head = append(e.head, magic...)
	notesAt := headerSize + recordSize*len(syms)
	e.bodyAt = uint32(notesAt + noteSize*len(lib.Notes))
	e.num(len(syms), headerSize, len(lib.Notes), notesAt)
	for _, s := range syms {
		e.symbol(s)
	}
	for _, n := range lib.Notes {
		e.num(int(e.put([]byte(n.Name))), len(n.Name), int(e.put(n.Data)), len(n.Data))
	}
	return append(e.head, e.body...)
}

type encoder struct {
	head, body []byte
	bodyAt     uint32
	seen       map[string]uint32
}

func (e *encoder) num(v ...int) {
	for _, n := range v {
		e.head = le.AppendUint32(e.head, uint32(n))
	}
}

// put stores bytes once and returns their place.
func (e *encoder) put(b []byte) uint32 {
	if at, ok := e.seen[string(b)]; ok {
		return at
	}
	at := e.bodyAt + uint32(len(e.body))
	e.body = append(e.body, b...)
	e.seen[string(b)] = at
	return at
}

func (e *encoder) symbol(s Symbol) {
	var deps []byte
	for _, d := range s.deps {
		deps = le.AppendUint32(deps, d.slot)
		deps = le.AppendUint32(deps, e.put([]byte(d.name)))
		deps = le.AppendUint32(deps, uint32(len(d.name)))
	}
	e.num(int(e.put([]byte(s.Name))), len(s.Name), len(s.Base), int(s.Info))
	e.head = le.AppendUint64(e.head, s.Size)
	e.num(int(e.put(s.data)), len(s.data), int(e.put(s.mask)), len(s.mask), int(e.put(deps)), len(s.deps))
	e.num(0, 0)
}

// An Index is an index file, usually mapped into memory.
type Index struct {
	data  []byte
	n     int
	Notes []Note
}

// OpenIndex takes the bytes of an index file.
func OpenIndex(data []byte) (*Index, error) {
	if len(data) < headerSize || !bytes.HasPrefix(data, []byte(magic)) {
		return nil, fmt.Errorf("stublib: not an index file")
	}
	x := &Index{data: data, n: int(x32(data, 8))}
	notes, at := int(x32(data, 16)), int(x32(data, 20))
	if at+notes*noteSize > len(data) || headerSize+x.n*recordSize > at {
		return nil, fmt.Errorf("stublib: the index file is cut short")
	}
	for i := range notes {
		o := at + noteSize*i
		x.Notes = append(x.Notes, Note{string(x.bytes(o)), x.bytes(o + 8)})
	}
	return x, nil
}

func x32(b []byte, at int) uint32 { return le.Uint32(b[at:]) }

// bytes reads a place and a length.
func (x *Index) bytes(at int) []byte {
	o, n := x32(x.data, at), x32(x.data, at+4)
	return x.data[o : o+n : o+n]
}

// base is the base name of a record.
func (x *Index) base(i int) string {
	at := headerSize + i*recordSize
	o, n := x32(x.data, at), x32(x.data, at+8)
	return string(x.data[o : o+n])
}

// Find implements Source.
func (x *Index) Find(base string) []Symbol {
	i := sort.Search(x.n, func(i int) bool { return x.base(i) >= base })
	var out []Symbol
	for ; i < x.n && x.base(i) == base; i++ {
		out = append(out, x.at(i))
	}
	return out
}

func (x *Index) at(i int) Symbol {
	at := headerSize + i*recordSize
	s := Symbol{Name: string(x.bytes(at)), Base: x.base(i), Info: byte(x32(x.data, at+12)), Size: le.Uint64(x.data[at+16:])}
	s.data, s.mask = x.bytes(at+24), x.bytes(at+32)
	o, n := int(x32(x.data, at+40)), int(x32(x.data, at+44))
	for k := range n {
		s.deps = append(s.deps, dep{x32(x.data, o+12*k), string(x.bytes(o + 12*k + 4))})
	}
	return s
}
