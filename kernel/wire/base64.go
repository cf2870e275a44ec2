package wire

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// digitPairs has the two digits of base64 for each 12 bits, the first one in
// the low byte.
var digitPairs = func() *[1 << 12]uint16 {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	t := new([1 << 12]uint16)
	for i := range t {
		t[i] = uint16(digits[i>>6]) | uint16(digits[i&63])<<8
	}
	return t
}()

// AppendBase64 appends data as a JSON string in base64, as encoding/json writes
// a []byte. It takes six bytes at a time, which is twice as fast as
// encoding/base64.
func AppendBase64(b, data []byte) []byte {
	n := base64.StdEncoding.EncodedLen(len(data))
	b = append(slices.Grow(b, n+2), '"')
	at := len(b)
	b = b[:at+n]
	out := b[at:]
	for len(data) >= 8 { // eight bytes are read, six are used
		v := binary.BigEndian.Uint64(data)
		t := digitPairs
		w := uint64(t[v>>52]) | uint64(t[v>>40&0xfff])<<16 | uint64(t[v>>28&0xfff])<<32 | uint64(t[v>>16&0xfff])<<48
		binary.LittleEndian.PutUint64(out, w)
		data, out = data[6:], out[8:]
	}
	base64.StdEncoding.Encode(out, data)
	return append(b, '"')
}
