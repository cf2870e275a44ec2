package wire

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"testing"
)

// plainBase64 is the plain form of AppendBase64.
func plainBase64(data []byte) string {
	return `"` + base64.StdEncoding.EncodeToString(data) + `"`
}

func TestAppendBase64(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]byte, 3<<12) // every pair of digits
	for i := range 1 << 12 {
		all[3*i], all[3*i+1], all[3*i+2] = byte(i>>4), byte(i<<4|i>>8), byte(i)
	}
	inputs := [][]byte{nil, all, bytes.Repeat([]byte{0xff}, 50)}
	for n := range 70 {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		inputs = append(inputs, data)
	}
	for _, data := range inputs {
		for _, before := range []string{"", "x", "1234567"} {
			if got, want := string(AppendBase64([]byte(before), data)), before+plainBase64(data); got != want {
				t.Errorf("AppendBase64 of %d bytes after %q = %.80s, want %.80s", len(data), before, got, want)
			}
		}
	}
}

// FuzzAppendBase64: AppendBase64 writes what encoding/base64 writes.
func FuzzAppendBase64(f *testing.F) {
	f.Add([]byte("twelve bytes, and more"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, want := string(AppendBase64(nil, data)), plainBase64(data); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func BenchmarkAppendBase64(b *testing.B) {
	data := make([]byte, 2<<20)
	out := make([]byte, 0, 3<<20)
	b.Run("impl=append", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			AppendBase64(out, data)
		}
	})
	b.Run("impl=base64", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			base64.StdEncoding.AppendEncode(out, data)
		}
	})
}
