package solink

// gnuHash is the hash of the GNU hash table: Bernstein's, with 33.
func gnuHash(name string) uint32 {
	h := uint32(5381)
	for i := range len(name) {
		h = h*33 + uint32(name[i])
	}
	return h
}

func bucketCount(symbols int) uint32 { return uint32(max(1, symbols/2)) }

// bloomShift is how the second bit of the filter is taken from the hash.
const bloomShift = 26

// hashTable makes the section .gnu.hash of symbols that are in the order of
// their buckets, the first of which has the number first. Its filter tells the
// loader for nearly all names at once that they are not here.
func hashTable(first int, symbols []string) []byte {
	buckets := bucketCount(len(symbols))
	words := uint32(1)
	for int(words)*64 < 12*len(symbols) {
		words *= 2
	}
	filter := make([]uint64, words)
	heads := make([]uint32, buckets)
	chain := make([]uint32, len(symbols))
	for i, s := range symbols {
		h := gnuHash(s)
		filter[h/64%words] |= 1<<(h%64) | 1<<(h>>bloomShift%64)
		b := h % buckets
		if heads[b] == 0 {
			heads[b] = uint32(first + i)
		}
		chain[i] = h &^ 1
		if i == len(symbols)-1 || gnuHash(symbols[i+1])%buckets != b {
			chain[i] |= 1 // the last of its bucket
		}
	}
	var t []byte
	for _, v := range []uint32{buckets, uint32(first), words, bloomShift} {
		t = le.AppendUint32(t, v)
	}
	for _, v := range filter {
		t = le.AppendUint64(t, v)
	}
	for _, v := range append(heads, chain...) {
		t = le.AppendUint32(t, v)
	}
	return t
}
