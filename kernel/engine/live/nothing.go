package live

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

// nothing is the program that the Go linker takes for the external linker. It asks it what flags
// it knows and then to link, which we do ourselves: three starts, each 1 ms with /bin/true, most
// of it for the C library, and 0.3 ms with a program of 130 bytes.
type nothing struct {
	once sync.Once
	path string
}

// in returns the program's path; it is made in dir where that is possible.
func (n *nothing) in(dir string) string {
	n.once.Do(func() {
		n.path = "true"
		file := filepath.Join(dir, "nothing")
		if runtime.GOARCH == "amd64" && os.WriteFile(file, nothingAMD64(), 0o700) == nil && exec.Command(file).Run() == nil {
			n.path = file
		}
	})
	return n.path
}

// nothingAMD64 is an ELF executable for Linux: its header, that of its only segment, and a call of
// exit with status 0.
func nothingAMD64() []byte {
	const base, headers, pageSize = 0x400000, 64 + 56, 0x1000
	code := []byte{
		0xb8, 60, 0, 0, 0, // mov eax, exit
		0x31, 0xff, // xor edi, edi
		0x0f, 0x05, // syscall
	}
	le := binary.LittleEndian
	b := []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 15: 0} // 64 bits, little endian, version 1
	for _, v := range []uint16{2, 62} {              // an executable for x86-64
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, 1)
	for _, v := range []uint64{base + headers, 64, 0} { // entry, place of the segment's header, no sections
		b = le.AppendUint64(b, v)
	}
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{64, 56, 1, 0, 0, 0} { // sizes and counts of headers
		b = le.AppendUint16(b, v)
	}
	for _, v := range []uint32{1, 5} { // to be loaded; readable and executable
		b = le.AppendUint32(b, v)
	}
	size := uint64(headers + len(code))
	for _, v := range []uint64{0, base, base, size, size, pageSize} {
		b = le.AppendUint64(b, v)
	}
	return append(b, code...)
}
