package display

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"
)

// withDensity inserts a pHYs chunk behind IHDR.
func withDensity(t *testing.T, perMetre uint32) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, image.NewGray(image.Rect(0, 0, 200, 100))); err != nil {
		t.Fatal(err)
	}
	chunk := append([]byte("pHYs"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, perMetre), perMetre)...)
	chunk = append(chunk, 1)
	var out []byte
	const headerEnd = 8 + 25
	out = append(out, buf.Bytes()[:headerEnd]...)
	out = binary.BigEndian.AppendUint32(out, 9)
	out = append(out, chunk...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	return append(out, buf.Bytes()[headerEnd:]...)
}

type densePicture struct{ data []byte }

func (p densePicture) PNG() ([]byte, error) { return p.data, nil }
func (p densePicture) SVG() ([]byte, error) { return []byte("<svg/>"), nil }

func TestPictureSizeAndWords(t *testing.T) {
	b := Of(densePicture{withDensity(t, 7559)}) // 192 per inch
	size, _ := b.Metadata[MIMEPNG].(map[string]any)
	if size["width"] != 100 || size["height"] != 50 {
		t.Errorf("metadata %v, want 100x50", b.Metadata)
	}
	if !strings.Contains(b.Text(), "densePicture") || !strings.Contains(b.Text(), "200×100") {
		t.Errorf("text %q", b.Text())
	}
	if _, has := b.Data[MIMESVG]; has {
		t.Error("the picture is there in two forms")
	}
}

func TestPNGSizeOfBadData(t *testing.T) {
	good := withDensity(t, 3780)
	for n := range len(good) {
		pngSize(good[:n]) // must not panic
	}
	if _, _, ok := pngSize(withDensity(t, 0)); ok {
		t.Error("a density of zero was taken")
	}
	if w, h, ok := pngSize(good); !ok || w != 200 || h != 100 {
		t.Errorf("at 96 per inch %d %d %v, want 200 100", w, h, ok)
	}
}
