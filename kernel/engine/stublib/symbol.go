package stublib

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/base64"
	"strings"
)

// A Symbol is a dynamic symbol of a library.
type Symbol struct {
	Name string // as the library's symbol table has it
	Base string // without the suffix that names an ABI
	Info byte   // type and binding, as in ELF
	Size uint64

	data []byte // of a type descriptor: its bytes
	mask []byte // and its pointer mask
	deps []dep  // and the types that the linker follows
}

// A dep is a slot of a type descriptor that points to another one.
type dep struct {
	slot uint32
	name string
}

const (
	abiInternal = ".abiinternal"
	abiZero     = ".abi0"
)

// baseName cuts the suffix that tells the two forms of a function apart.
func baseName(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, abiInternal), abiZero)
}

// isType tells whether a symbol is a type descriptor; functions have such
// names too.
func isType(name string, info byte) bool {
	return strings.HasPrefix(name, "type:") && elf.ST_TYPE(info) == elf.STT_OBJECT
}

// hasLayout tells whether a type symbol begins with an abi.Type. Those that
// begin with "type:." are masks and other parts.
func hasLayout(name string) bool { return !strings.HasPrefix(name, "type:.") }

// mangled is the name that the linker gives a symbol in symbol tables: long
// names of types are replaced by a digest (cmd/link, typeSymbolMangle).
func mangled(name string) string {
	isType := strings.HasPrefix(name, "type:")
	switch {
	case !isType && !strings.Contains(name, "@"),
		strings.HasPrefix(name, "type:runtime."),
		strings.HasPrefix(name, "go:string."),
		len(name) <= 14 && !strings.Contains(name, "@"):
		return name
	case isType:
		prefix := "type:"
		if name[len(prefix)] == '.' {
			prefix = "type:."
		}
		return prefix + shortDigest(name[len("type:"):])
	}
	i, j := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']')
	if j <= i {
		j = len(name)
	}
	return name[:i+1] + shortDigest(name[i+1:j]) + name[j:]
}

// shortDigest is the digest that the linker uses: SHA-256 with its first byte
// inverted (cmd/internal/hash), cut to six bytes.
func shortDigest(s string) string {
	h := sha256.Sum256([]byte(s))
	h[0] ^= 0xff
	return base64.StdEncoding.EncodeToString(h[:6])
}
