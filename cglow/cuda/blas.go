package cuda

import (
	"errors"
	"fmt"
	"math"
)

// blas is cuBLASLt, opened when it is found: https://docs.nvidia.com/cuda/cublas (cublasLt API).
type blas struct {
	library
	f         map[string]uintptr
	handle    uintptr
	version   int
	workspace Address
}

// workspaceBytes is what NVIDIA advises for Hopper; it is allocated once, so that products can be
// recorded.
const workspaceBytes = 32 << 20

var blasNames = []string{"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11"}

// wheels of Python that bring NVIDIA's libraries, below site-packages/nvidia.
var (
	blasWheels = []string{"cu13/lib", "cublas/lib"}
	dnnWheels  = []string{"cudnn/lib"}
)

var blasEntryPoints = []string{
	"cublasLtCreate", "cublasLtDestroy", "cublasLtGetVersion", "cublasLtMatmul", "cublasLtMatmulAlgoGetHeuristic",
	"cublasLtMatmulDescCreate", "cublasLtMatmulDescDestroy", "cublasLtMatmulDescSetAttribute",
	"cublasLtMatrixLayoutCreate", "cublasLtMatrixLayoutDestroy",
	"cublasLtMatmulPreferenceCreate", "cublasLtMatmulPreferenceDestroy", "cublasLtMatmulPreferenceSetAttribute",
}

// Numbers of cublasLt.h and library_types.h.
const (
	real32 = 0 // CUDA_R_32F

	descTransA, descTransB = 3, 4
	opTranspose            = 1

	prefWorkspace  = 1
	prefAlignments = 5 // of A; then B, C, D
)

// Compute is the arithmetic of a product.
type Compute int32

const (
	Compute32   Compute = 68 // CUBLAS_COMPUTE_32F
	ComputeBF16 Compute = 75 // CUBLAS_COMPUTE_32F_FAST_16BF
	ComputeTF32 Compute = 77 // CUBLAS_COMPUTE_32F_FAST_TF32
)

// loadBLAS opens cuBLASLt and multiplies two matrices to see that it does.
func (c *Context) loadBLAS() (*blas, error) {
	lib, err := open(blasNames, blasWheels)
	if err != nil {
		return nil, errors.New("not found in $" + PathVariable + ", the usual folders and Python's wheels")
	}
	b := &blas{library: lib, f: map[string]uintptr{}}
	for _, name := range blasEntryPoints {
		f, err := findSymbol(lib.handle, name)
		if err != nil || f == 0 {
			return nil, fmt.Errorf("%s has no %s", lib.path, name)
		}
		b.f[name] = f
	}
	b.version = invoke(b.f["cublasLtGetVersion"])
	if err := b.call("cublasLtCreate", pointer(&b.handle)); err != nil {
		return nil, err
	}
	q := Queue{c}
	if b.workspace, err = q.Alloc(workspaceBytes); err == nil {
		c.blas = b
		err = q.tryBLAS()
	}
	if err != nil {
		b.close(c)
		c.blas = nil
		return nil, fmt.Errorf("%s: %w", lib.path, err)
	}
	return b, nil
}

func (b *blas) close(c *Context) {
	b.call("cublasLtDestroy", b.handle)
	Queue{c}.Free(b.workspace, workspaceBytes)
}

// call calls a function of cuBLASLt.
//
//go:uintptrescapes
func (b *blas) call(name string, args ...uintptr) error {
	if code := invoke(b.f[name], args...); code != 0 {
		return &Error{Call: name, Code: code, Name: "CUBLAS_STATUS"}
	}
	return nil
}

// BLAS describes cuBLASLt, or says why it is not used.
func (c *Context) BLAS() (version string, reason error) {
	if c.blas == nil {
		return "", errors.New(c.blasReason)
	}
	v := c.blas.version
	return fmt.Sprintf("cuBLASLt %d.%d.%d", v/10000, v/100%100, v%100), nil
}

// Matrix is a row-major matrix, or with Trans the transpose of one: Rows lie Stride elements apart.
type Matrix struct {
	At     Address
	Stride int
	Trans  bool
}

// Product is C = A B, A [M,K], B [K,N], C [M,N], by cuBLASLt: made once, issued often.
type Product struct {
	a, b, c                Matrix
	desc, layA, layB, layC uintptr
	algo                   [8]uint64
	workspace              uint64
	closed                 bool
	alpha, beta            float32
}

// heuristic is cublasLtMatmulHeuristicResult_t.
type heuristic struct {
	algo      [8]uint64
	workspace uint64
	state     int32
	waves     float32
	reserved  [4]int32
}

// NewProduct asks cuBLASLt for a way to compute a product.
func (q Queue) NewProduct(m, n, k int, a, b, c Matrix, compute Compute) (p *Product, err error) {
	lt := q.c.blas
	if lt == nil {
		return nil, errors.New(q.c.blasReason)
	}
	p = &Product{a: a, b: b, c: c, alpha: 1}
	defer func() {
		if err != nil {
			p.Close(q)
			p = nil
		}
	}()
	// cuBLASLt counts columns first: row-major C is its C^T = B^T A^T.
	transposed := int32(opTranspose)
	if err = lt.call("cublasLtMatmulDescCreate", pointer(&p.desc), uintptr(compute), real32); err != nil {
		return p, err
	}
	for attribute, x := range map[uintptr]Matrix{descTransA: b, descTransB: a} {
		if x.Trans {
			if err = lt.call("cublasLtMatmulDescSetAttribute", p.desc, attribute, pointer(&transposed), 4); err != nil {
				return p, err
			}
		}
	}
	for _, l := range []struct {
		to         *uintptr
		x          Matrix
		rows, cols int
	}{{&p.layA, b, n, k}, {&p.layB, a, k, m}, {&p.layC, c, n, m}} {
		if l.x.Trans {
			l.rows, l.cols = l.cols, l.rows
		}
		if err = lt.call("cublasLtMatrixLayoutCreate", pointer(l.to), real32, uintptr(l.rows), uintptr(l.cols), uintptr(l.x.Stride)); err != nil {
			return p, err
		}
	}
	var pref uintptr
	if err = lt.call("cublasLtMatmulPreferenceCreate", pointer(&pref)); err != nil {
		return p, err
	}
	defer lt.call("cublasLtMatmulPreferenceDestroy", pref)
	room := uint64(workspaceBytes)
	if err = lt.call("cublasLtMatmulPreferenceSetAttribute", pref, prefWorkspace, pointer(&room), 8); err != nil {
		return p, err
	}
	for i, x := range []Matrix{b, a, c, c} {
		align := uint32(4)
		for align < 256 && uint64(x.At)%uint64(2*align) == 0 {
			align *= 2
		}
		if err = lt.call("cublasLtMatmulPreferenceSetAttribute", pref, uintptr(prefAlignments+i), pointer(&align), 4); err != nil {
			return p, err
		}
	}
	found, count := new(heuristic), int32(0)
	err = lt.call("cublasLtMatmulAlgoGetHeuristic", lt.handle, p.desc, p.layA, p.layB, p.layC, p.layC, pref, 1, pointer(found), pointer(&count))
	if err == nil && (count == 0 || found.state != 0) {
		err = errors.New("cuda: cuBLASLt has no way to compute such a product")
	}
	p.algo, p.workspace = found.algo, found.workspace
	return p, err
}

// Issue issues the product.
func (p *Product) Issue(q Queue) error {
	lt := q.c.blas
	q.c.launches.Add(1)
	return lt.call("cublasLtMatmul", lt.handle, p.desc, pointer(&p.alpha), uintptr(p.b.At), p.layA, uintptr(p.a.At), p.layB,
		pointer(&p.beta), uintptr(p.c.At), p.layC, uintptr(p.c.At), p.layC, pointer(&p.algo), uintptr(lt.workspace), uintptr(p.workspace), q.c.stream)
}

// Close gives back what cuBLASLt keeps for the product.
func (p *Product) Close(q Queue) {
	if p.closed || q.c.blas == nil {
		return
	}
	p.closed = true
	for name, list := range map[string][]uintptr{"cublasLtMatrixLayoutDestroy": {p.layA, p.layB, p.layC}, "cublasLtMatmulDescDestroy": {p.desc}} {
		for _, h := range list {
			if h != 0 {
				q.c.blas.call(name, h)
			}
		}
	}
}

// tryBLAS multiplies small matrices, transposed and not, and compares with plain loops.
func (q Queue) tryBLAS() error {
	const m, n, k = 24, 40, 56
	x, got := make([]float32, m*k+k*n), make([]float32, m*n)
	for i := range x {
		x[i] = float32(i*7919%31)/16 - 1
	}
	at, err := q.Alloc(4 * (len(x) + m*n))
	if err != nil {
		return err
	}
	defer q.Free(at, 4*(len(x)+m*n))
	if err := q.Upload(at, x); err != nil {
		return err
	}
	a, b := x[:m*k], x[m*k:]
	for way := range 4 {
		ma, mb := Matrix{At: at, Stride: k}, Matrix{At: at + 4*m*k, Stride: n}
		ai := func(i, l int) float32 { return a[i*k+l] }
		bi := func(l, j int) float32 { return b[l*n+j] }
		if way&1 != 0 {
			ma.Stride, ma.Trans = m, true
			ai = func(i, l int) float32 { return a[l*m+i] }
		}
		if way&2 != 0 {
			mb.Stride, mb.Trans = k, true
			bi = func(l, j int) float32 { return b[j*k+l] }
		}
		c := at + Address(4*len(x))
		p, err := q.NewProduct(m, n, k, ma, mb, Matrix{At: c, Stride: n}, Compute32)
		if err != nil {
			return err
		}
		err = errors.Join(p.Issue(q), q.Download(got, c), q.Wait())
		p.Close(q)
		if err != nil {
			return err
		}
		for i := range m {
			for j := range n {
				want := 0.0
				for l := range k {
					want += float64(ai(i, l)) * float64(bi(l, j))
				}
				if v := float64(got[i*n+j]); !(math.Abs(v-want) <= 1e-3) {
					return fmt.Errorf("cuda: cuBLASLt multiplies wrongly: %v in place of %v", v, want)
				}
			}
		}
	}
	return nil
}

// findDNN looks for cuDNN and asks for its version; no more, see [Context.DNN].
func findDNN() (string, error) {
	lib, err := open([]string{"libcudnn.so.9"}, dnnWheels)
	if err != nil {
		return "", err
	}
	f, err := findSymbol(lib.handle, "cudnnGetVersion")
	if err != nil || f == 0 {
		return "", fmt.Errorf("%s has no cudnnGetVersion", lib.path)
	}
	v := invoke(f)
	return fmt.Sprintf("cuDNN %d.%d.%d", v/10000, v/100%100, v%100), nil
}

// DNN returns the version of cuDNN that was found, or why there is none. Nothing is computed by it:
// what it offers are convolutions, and here the 3 x 3 convolutions of a coupling network carry their
// scale, bias and ReLU in the same product, and those of all networks on x, 72 of them with weights
// of their own, are one launch; cuDNN has neither.
func (c *Context) DNN() (version string, reason error) { return c.dnn, c.dnnReason }
