package stublib

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"strings"
)

// objectMagic begins a Go object file (cmd/internal/goobj).
var objectMagic = []byte("\x00go120ld")

// The header of an object: the magic, a fingerprint of 8 bytes, flags, and the
// offsets of its blocks.
const (
	offFingerprint  = 8
	fingerprintSize = 8
	offBlocks       = 20
	blkNonpkgdef    = 6 // definitions by name, such as those that several objects may have
	blkNonpkgref    = 7 // symbols of other packages, by name
	symbolSize      = 8 + 2 + 1 + 1 + 1 + 4 + 4
)

var errNoObject = errors.New("stublib: the archive holds no Go object")

// Undefined lists the names that the objects of an archive refer to and do not
// define. The archive is compiled with -linkshared, so that all references to
// other packages are by name.
func Undefined(archive []byte) ([]string, error) {
	var names []string
	err := symbols(archive, blkNonpkgref, func(name string, _ []byte) { names = append(names, name) })
	return names, err
}

// offSymbolKind is the place of the kind in an entry for a symbol: behind the
// name's length and offset and the ABI.
const offSymbolKind = 8 + 2

// Undefine takes from the objects of an archive the definitions of instances of
// generic types that a library has, and returns their names. Every object that
// uses such a type has a copy of it. The linker would take that copy, whose
// methods are in the library: and a type can have methods of its own module
// only. A definition without a kind gives way to the library's.
func Undefine(archive []byte, has func(name string) bool) ([]string, error) {
	var names []string
	err := symbols(archive, blkNonpkgdef, func(name string, entry []byte) {
		if isInstance(name) && has(name) {
			entry[offSymbolKind] = 0
			names = append(names, name)
		}
	})
	return names, err
}

// symbols calls f for the entries of a block of the objects of an archive.
func symbols(archive []byte, block int, f func(name string, entry []byte)) error {
	found := false
	for rest := archive; ; {
		i := bytes.Index(rest, objectMagic)
		if i < 0 {
			break
		}
		obj := rest[i:]
		rest = rest[i+len(objectMagic):]
		if len(obj) < offBlocks+4*(block+2) {
			continue
		}
		lo, hi := x32(obj, offBlocks+4*block), x32(obj, offBlocks+4*(block+1))
		if lo > hi || int(hi) > len(obj) {
			continue
		}
		found = true
		for ; lo+symbolSize <= hi; lo += symbolSize {
			n, at := x32(obj, int(lo)), x32(obj, int(lo)+4)
			if int(at)+int(n) > len(obj) {
				return errNoObject
			}
			f(string(obj[at:at+n]), obj[lo:lo+symbolSize])
		}
	}
	if !found {
		return errNoObject
	}
	return nil
}

// CopyFingerprint gives the objects of an archive the fingerprint of another
// archive, so that the linker takes the one for the other.
func CopyFingerprint(to, from []byte) error {
	i := bytes.Index(from, objectMagic)
	if i < 0 || len(from) < i+offFingerprint+fingerprintSize {
		return errNoObject
	}
	print := from[i+offFingerprint : i+offFingerprint+fingerprintSize]
	found := false
	for at := 0; ; at++ {
		i := bytes.Index(to[at:], objectMagic)
		if i < 0 {
			break
		}
		at += i
		if f := to[at+offFingerprint : at+offFingerprint+fingerprintSize]; !bytes.Equal(f, make([]byte, fingerprintSize)) {
			copy(f, print) // an assembled object has none
			found = true
		}
	}
	if !found {
		return errNoObject
	}
	return nil
}

// CutSuffix cuts the suffix of the internal ABI from names in the string table
// of an object file for ld, of those that begin with prefix: functions of
// plugins have none.
func CutSuffix(object []byte, prefix string) {
	suffix := []byte(abiInternal + "\x00")
	for at := 0; ; {
		i := bytes.Index(object[at:], suffix)
		if i < 0 {
			return
		}
		i += at
		at = i + len(suffix)
		start := bytes.LastIndexByte(object[:i], 0) + 1
		if bytes.HasPrefix(object[start:], []byte(prefix)) {
			object[i] = 0
		}
	}
}

func isFunc(s Symbol) bool {
	return elf.ST_TYPE(s.Info) == elf.STT_FUNC && !hasPrefixType(s.Name)
}

func hasPrefixType(name string) bool { return len(name) >= 5 && name[:5] == "type:" }

// isInstance tells the descriptors of instances of generic types, and of
// pointers to them: type:*path/name.T[int], but not type:[]int.
func isInstance(name string) bool {
	name, ok := strings.CutPrefix(name, "type:")
	bracket := strings.IndexByte(name, '[')
	return ok && bracket > 0 && name[0] != '.' && strings.IndexByte(name[:bracket], '.') > 0 && !strings.ContainsAny(name[:bracket], " ({")
}

// AppendObject adds a file to an archive.
func AppendObject(archive []byte, name string, object []byte) []byte {
	if len(archive)%2 == 1 {
		archive = append(archive, 0)
	}
	archive = fmt.Appendf(archive, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", name, 0, 0, 0, 0o644, len(object))
	archive = append(archive, object...)
	if len(archive)%2 == 1 {
		archive = append(archive, 0)
	}
	return archive
}
