package zmq

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
	"glownotes/kernel/wire"
)

// ours returns the goroutines that run code of the kernel's side.
func ours() []string {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var list []string
	for _, g := range strings.Split(string(buf), "\n\n") {
		for _, mark := range []string{"zmq.(*socket)", "zmq.(*peer)", "zmq.(*publisher)", "core.(*Kernel)", "core.(*starter)"} {
			if strings.Contains(g, mark) {
				list = append(list, g)
				break
			}
		}
	}
	return list
}

// TestNothingLeft: many front ends come and go, some without a word, a cell
// runs to the end; when Serve has returned no goroutine of the kernel is left.
func TestNothingLeft(t *testing.T) {
	took := lifeOfKernel(t, 20)
	for i := 1; took > stopLimit && i < 5; i++ { // on a machine with much else to do
		took = lifeOfKernel(t, 0)
	}
	if took > stopLimit {
		t.Errorf("the end took %v, limit %v", took, stopLimit)
	}
	left := ours()
	for deadline := time.Now().Add(kerneltest.Patience); len(left) > 0 && time.Now().Before(deadline); left = ours() {
		time.Sleep(10 * time.Millisecond)
	}
	if len(left) > 0 {
		t.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
	}
}

// lifeOfKernel is a kernel from its start until Serve returns, with so many
// front ends. It returns how long its end took.
func lifeOfKernel(t *testing.T, fronts int) time.Duration {
	t.Helper()
	tr := listenLoopback(t)
	k := core.New(core.Options{Transport: tr, Engine: &kerneltest.Engine{}})
	served := make(chan error, 1)
	go func() { served <- k.Serve(context.Background()) }()
	for i := range fronts {
		dialTCP(t, tr.Info().ShellPort) // says nothing
		silent := dialRaw(t, tr.Info().IOPubPort, "SUB", "")
		silent.writeFrames(t, []byte("\x01"))
		if i%2 == 0 {
			_ = silent.Close()
		}
		c := kerneltest.NewClient(t, connect(t, tr.Info(), fmt.Sprintf("front-%d", i)))
		welcome(c)
		if got := c.Execute(fmt.Sprintf("print %d", i)).Text("stdout"); got != fmt.Sprintf("%d\n", i) {
			t.Errorf("front end %d got %q", i, got)
		}
	}
	c := kerneltest.NewClient(t, connect(t, tr.Info(), "last"))
	welcome(c)
	c.Post(wire.Shell, "execute_request", kerneltest.Cell("wait"))
	began := time.Now()
	k.Shutdown()
	if err := <-served; err != nil {
		t.Error(err)
	}
	return time.Since(began)
}

// stopLimit is what a kernel's end may take: servers kill it after five
// seconds.
const stopLimit = 4500 * time.Millisecond
