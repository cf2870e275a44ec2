package zmq

import (
	"bytes"
	"fmt"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
	"glownotes/kernel/wire"
)

// benchKernel starts a kernel and returns connections that send cells and
// read output as fast as they can, without looking into it.
func benchKernel(b *testing.B) (cells, output *rawConn) {
	b.Helper()
	tr := listenLoopback(b)
	kerneltest.Run(b, core.Options{Transport: tr, Engine: &kerneltest.Engine{}})
	output = dialRaw(b, tr.Info().IOPubPort, "SUB", "")
	output.writeFrames(b, []byte("\x01"))
	output.receive(b, wire.IOPub)
	return dialRaw(b, tr.Info().ShellPort, "DEALER", "bench"), output
}

// untilIdle reads the output of one cell and returns the size of its messages.
func untilIdle(b *testing.B, c *rawConn) int {
	b.Helper()
	size := 0
	for {
		content := c.content(b)
		if string(content) == idle {
			return size
		}
		size += len(content)
	}
}

// BenchmarkOutput is the way of a cell's output from the engine through the
// core and TCP to a front end that reads.
func BenchmarkOutput(b *testing.B) {
	for _, bc := range []struct {
		name, code string
		bytes      int64 // of output
		units      float64
		unit       string
	}{
		{"cell=nothing", "set a 1", 0, 1, "cells/s"},
		{"cell=lines,n=100000", "lines 100000", 1_088_890, 100_000, "lines/s"},
		{"cell=bytes,n=10000000", "bytes 10000000", 10_000_000, 0, ""},
		{"cell=updates,n=1000", string(bytes.Repeat([]byte("update@a text/html <b>x</b>\n"), 1000)), 0, 1000, "updates/s"},
	} {
		b.Run(bc.name, func(b *testing.B) {
			cells, output := benchKernel(b)
			session := wire.NewSession("bench")
			b.SetBytes(bc.bytes)
			for b.Loop() {
				m, err := session.New(wire.Shell, "execute_request", wire.Header{}, kerneltest.Cell(bc.code))
				if err != nil {
					b.Fatal(err)
				}
				cells.send(b, m)
				if size := untilIdle(b, output); int64(size) < bc.bytes {
					b.Fatal(fmt.Errorf("%d bytes came, want %d", size, bc.bytes))
				}
			}
			if bc.unit != "" {
				b.ReportMetric(bc.units*float64(b.N)/b.Elapsed().Seconds(), bc.unit)
			}
		})
	}
}
