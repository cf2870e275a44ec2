package zmq_test

import (
	"context"
	"fmt"
	"log/slog"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
	"glownotes/kernel/wire"
	"glownotes/kernel/zmq"
)

// A kernel on TCP sockets of the loopback interface, with ports that the
// system chooses.
func ExampleListen() {
	transport, err := zmq.Listen(context.Background(), wire.ConnectionInfo{
		Transport: "tcp", IP: "127.0.0.1", Key: "secret", SignatureScheme: wire.SignatureScheme,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	info := transport.Info()
	fmt.Println("listens:", info.ShellPort > 0 && info.HBPort > 0)

	kernel := core.New(core.Options{Transport: transport, Engine: &kerneltest.Engine{}})
	kernel.Shutdown() // or a front end's shutdown_request
	fmt.Println("served:", kernel.Serve(context.Background()))
	// Output:
	// listens: true
	// served: <nil>
}
