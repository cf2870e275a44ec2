package core_test

import (
	"context"
	"fmt"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
	"glownotes/kernel/wire"
)

// A kernel is a transport, an engine and the core between them. Here both are
// those for tests; the front end runs one cell and asks the kernel to stop.
func ExampleKernel_Serve() {
	transport, front := kerneltest.Pipe()
	kernel := core.New(core.Options{Transport: transport, Engine: &kerneltest.Engine{}, Version: "1.0"})
	done := make(chan error)
	go func() { done <- kernel.Serve(context.Background()) }()

	session := wire.NewSession("someone")
	request := func(ch wire.Channel, msgType string, content any) {
		m, err := session.New(ch, msgType, wire.Header{}, content)
		if err == nil {
			err = front.Send(m)
		}
		if err != nil {
			fmt.Println(err)
		}
	}
	request(wire.Shell, "execute_request", map[string]any{"code": "print hello\nvalue 42"})
	for {
		m, err := front.Receive(context.Background())
		if err != nil {
			break
		}
		if m.Parent.MsgType == "execute_request" {
			fmt.Println(m.Channel, m.Header.MsgType)
		}
		if m.Header.MsgType == "status" && string(m.Content) == `{"execution_state":"idle"}` {
			request(wire.Control, "shutdown_request", map[string]any{"restart": false})
		}
		if m.Header.MsgType == "shutdown_reply" {
			break
		}
	}
	fmt.Println("served:", <-done)
	// Output:
	// iopub status
	// iopub execute_input
	// iopub stream
	// iopub execute_result
	// shell execute_reply
	// iopub status
	// served: <nil>
}
