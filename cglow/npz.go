package cglow

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// array is one array of an .npz file: float64 values, or raw bytes for u1.
type array struct {
	shape []int
	v     []float64
	raw   []byte
}

// readNpz reads the arrays of an .npz file (a zip of .npy files, little endian,
// C order, types f4, f8 and u1) by name without the .npy suffix.
func readNpz(path string) (map[string]array, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("cglow: %s: %w", path, err)
	}
	defer z.Close()
	out := make(map[string]array, len(z.File))
	for _, f := range z.File {
		a, err := readNpy(f)
		if err != nil {
			return nil, fmt.Errorf("cglow: %s: array %s: %w", path, f.Name, err)
		}
		out[strings.TrimSuffix(f.Name, ".npy")] = a
	}
	return out, nil
}

// maxNpy limits one array to 4 GiB, so that a damaged header cannot ask for
// more than a model could need.
const maxNpy = 4 << 30

// The three entries of an .npy header, a Python dictionary (NEP 1).
var (
	npyDescr = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape = regexp.MustCompile(`'shape':\s*\(([0-9, ]*)\)`)
)

// readNpy reads one .npy file of format version 1, 2 or 3.
func readNpy(f *zip.File) (array, error) {
	if f.UncompressedSize64 > maxNpy {
		return array{}, fmt.Errorf("%d bytes, more than %d", f.UncompressedSize64, uint64(maxNpy))
	}
	r, err := f.Open()
	if err != nil {
		return array{}, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return array{}, err
	}
	if len(b) < 12 || !bytes.HasPrefix(b, []byte("\x93NUMPY")) {
		return array{}, fmt.Errorf("not an .npy file")
	}
	size, at := int(binary.LittleEndian.Uint16(b[8:])), 10
	if b[6] >= 2 {
		size, at = int(binary.LittleEndian.Uint32(b[8:])), 12
	}
	if size > len(b)-at {
		return array{}, fmt.Errorf("header of %d bytes in a file of %d", size, len(b))
	}
	return parseNpy(string(b[at:at+size]), b[at+size:])
}

// parseNpy decodes the data that a header describes.
func parseNpy(header string, data []byte) (array, error) {
	descr, order, shape := npyDescr.FindStringSubmatch(header), npyOrder.FindStringSubmatch(header), npyShape.FindStringSubmatch(header)
	if descr == nil || order == nil || shape == nil {
		return array{}, fmt.Errorf("header %q", header)
	}
	a := array{shape: []int{}}
	n := 1
	for _, s := range strings.Split(shape[1], ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		d, err := strconv.Atoi(s)
		if err != nil {
			return array{}, fmt.Errorf("shape %s: %w", shape[1], err)
		}
		if d > maxNpy || n*d > maxNpy {
			return array{}, fmt.Errorf("shape (%s) has too many values", shape[1])
		}
		a.shape = append(a.shape, d)
		n *= d
	}
	if order[1] == "True" && len(a.shape) > 1 {
		return array{}, fmt.Errorf("Fortran order")
	}
	width := map[string]int{"<f4": 4, "<f8": 8, "|u1": 1}[descr[1]]
	if width == 0 {
		return array{}, fmt.Errorf("type %s, want <f4, <f8 or |u1", descr[1])
	}
	if len(data) != n*width {
		return array{}, fmt.Errorf("%d bytes of data for shape %v of %s", len(data), a.shape, descr[1])
	}
	if width == 1 {
		a.raw = data
		return a, nil
	}
	a.v = make([]float64, n)
	for i := range a.v {
		if width == 4 {
			a.v[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		} else {
			a.v[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
	}
	return a, nil
}
