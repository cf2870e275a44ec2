package solink

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"testing"
)

// Package live links cells with this package, and compares it with ld.

// What is no object file, or not one that this package knows, is refused.
func TestRefused(t *testing.T) {
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Skip(err)
	}
	for name, data := range map[string][]byte{"nothing": nil, "text": []byte("package main"), "a header": self[:64]} {
		if out, err := Link(data); err == nil {
			t.Errorf("%s: linked to %d bytes", name, len(out))
		}
	}
	if f, err := elf.Open(os.Args[0]); err != nil {
		t.Skip(err) // another system's programs
	} else {
		f.Close()
	}
	if _, err := Link(self); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a program: %v, want an error for what is not supported", err)
	}
}

// lookUp finds a name as the loader does (the GNU hash table as glibc reads it).
func lookUp(t []byte, names []string, first int, name string) (index int, ok bool) {
	buckets, words, shift := le.Uint32(t), le.Uint32(t[8:]), le.Uint32(t[12:])
	h := gnuHash(name)
	word := le.Uint64(t[16+8*(h/64%words):])
	if word>>(h%64)&1 == 0 || word>>(h>>shift%64)&1 == 0 {
		return 0, false
	}
	heads := t[16+8*words:]
	chain := heads[4*buckets:]
	i := le.Uint32(heads[4*(h%buckets):])
	if i == 0 {
		return 0, false
	}
	for ; ; i++ {
		c := le.Uint32(chain[4*(int(i)-first):])
		if c|1 == h|1 && names[int(i)-first] == name {
			return int(i), true
		}
		if c&1 != 0 {
			return 0, false
		}
	}
}

func TestHashTable(t *testing.T) {
	if h := gnuHash("printf"); h != 0x156b2bb8 { // a known value
		t.Errorf("gnuHash = %#x", h)
	}
	for _, n := range []int{0, 1, 2, 3, 50, 1000} {
		var names []string
		byBucket := map[uint32][]string{}
		for i := range n {
			s := fmt.Sprint("symbol", i)
			b := gnuHash(s) % bucketCount(n)
			byBucket[b] = append(byBucket[b], s)
		}
		for b := range bucketCount(n) {
			names = append(names, byBucket[b]...)
		}
		const first = 7
		table := hashTable(first, names)
		for i, s := range names {
			if got, ok := lookUp(table, names, first, s); !ok || got != first+i {
				t.Errorf("%d symbols: %s is found at %d, %v, want %d", n, s, got, ok, first+i)
			}
		}
		wrong := 0
		for i := range 1000 {
			s := fmt.Sprint("stranger", i)
			if _, ok := lookUp(table, names, first, s); ok {
				t.Errorf("%d symbols: %s is found", n, s)
			}
			words := le.Uint32(table[8:])
			if h := gnuHash(s); n > 0 && le.Uint64(table[16+8*(h/64%words):])>>(h%64)&1 == 1 && le.Uint64(table[16+8*(h/64%words):])>>(h>>bloomShift%64)&1 == 1 {
				wrong++
			}
		}
		if wrong > 100 {
			t.Errorf("%d symbols: the filter lets %d of 1000 strangers pass", n, wrong)
		}
	}
}
