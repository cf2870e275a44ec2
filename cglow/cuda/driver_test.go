package cuda_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"glownotes/cglow/cuda"
	"glownotes/cglow/cuda/cudatest"
)

func TestMain(m *testing.M) {
	if err := cudatest.Use(); err != nil && !errors.Is(err, cudatest.ErrNoCompiler) {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// open opens the fake device.
func open(t *testing.T) *cuda.Context {
	t.Helper()
	if _, err := cudatest.Build(); errors.Is(err, cudatest.ErrNoCompiler) {
		t.Skip(err)
	}
	c, err := cuda.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestDevices(t *testing.T) {
	open(t)
	list, err := cuda.Devices()
	if err != nil || len(list) != 1 || list[0].Major != 9 || list[0].Version() != "12.4" {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := cuda.Open(7); err == nil || !strings.Contains(err.Error(), "no device 7") {
		t.Errorf("device 7: %v", err)
	}
}

// TestQueue copies, launches, records and runs the recording again.
func TestQueue(t *testing.T) {
	c := open(t)
	const n = 1000
	x, y := make([]float32, n), make([]float32, n)
	for i := range x {
		x[i] = float32(i)
	}
	var from, to cuda.Address
	err := c.Do(func(q cuda.Queue) (err error) {
		if from, err = q.Alloc(4 * n); err != nil {
			return err
		}
		to, err = q.Alloc(4 * n)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	args := cuda.Args{P: [10]cuda.Address{to, from, from}, N: [20]int32{n, 2}}
	g, err := c.Record(func(q cuda.Queue) error {
		if err := q.Upload(from, x); err != nil {
			return err
		}
		if err := q.Launch("k_add", cuda.Blocks(n), &args); err != nil {
			return err
		}
		return q.Download(y, to)
	})
	if err != nil {
		t.Fatal(err)
	}
	if g.Nodes() != 3 || y[7] != 0 {
		t.Fatalf("%d nodes recorded, y[7] = %v before the run", g.Nodes(), y[7])
	}
	for round := range 2 {
		x[7] = float32(round + 1)
		if err := c.Do(func(q cuda.Queue) error { return errors.Join(g.Issue(q), q.Wait()) }); err != nil {
			t.Fatal(err)
		}
		if y[7] != 2*x[7] || y[999] != 1998 {
			t.Fatalf("round %d: %v, %v", round, y[7], y[999])
		}
	}
	err = c.Do(func(q cuda.Queue) error {
		if err := q.Free(to, 4*n); err != nil {
			return err
		}
		return q.Free(from, 4*n)
	})
	if err != nil || g.Close() != nil || c.Allocated() != 0 {
		t.Errorf("%v, %d bytes left", err, c.Allocated())
	}
}

func TestErrors(t *testing.T) {
	c := open(t)
	alloc := func() error {
		return c.Do(func(q cuda.Queue) error {
			_, err := q.Alloc(64)
			return err
		})
	}
	var e *cuda.Error
	if err := cudatest.Fail("cuMemAlloc_v2", 2, 0); err != nil {
		t.Fatal(err)
	}
	if err := alloc(); !errors.As(err, &e) || e.Name != "CUDA_ERROR_OUT_OF_MEMORY" || e.Sticky() || !strings.Contains(err.Error(), "smaller batch") {
		t.Errorf("out of memory: %v", err)
	}
	if err := alloc(); err != nil {
		t.Errorf("after it: %v", err)
	}
	err := c.Do(func(q cuda.Queue) error { return q.Launch("k_none", cuda.Grid{}, &cuda.Args{}) })
	if !errors.As(err, &e) || e.Code != 500 || !strings.Contains(err.Error(), "k_none") {
		t.Errorf("a kernel that is not there: %v", err)
	}
	if _, err := c.Record(func(q cuda.Queue) error { return q.Wait() }); !errors.As(err, &e) || e.Code != 900 {
		t.Errorf("waiting while recording: %v", err)
	}
	// An illegal address ends the context.
	defer cudatest.Reset()
	err = c.Do(func(q cuda.Queue) error {
		return q.Launch("k_copy", cuda.Grid{}, &cuda.Args{P: [10]cuda.Address{4096, 4096}, N: [20]int32{1}})
	})
	if !cuda.IsSticky(err) || c.Broken() == nil {
		t.Fatalf("an illegal address: %v, broken: %v", err, c.Broken())
	}
	if err := alloc(); err == nil || !strings.Contains(err.Error(), "lost to this process") {
		t.Errorf("after an illegal address: %v", err)
	}
}

// TestTry is what doctor does.
func TestTry(t *testing.T) {
	c := open(t)
	defer c.Close()
	if err := c.Try(); err != nil {
		t.Error(err)
	}
	if err := cudatest.Fail("cuLaunchKernel", 701, 0); err != nil {
		t.Fatal(err)
	}
	if err := c.Try(); err == nil {
		t.Error("a kernel that is not launched computes")
	}
	if version, reason := c.BLAS(); reason == nil || version != "" {
		t.Errorf("cuBLASLt where there is none: %q", version)
	}
}
