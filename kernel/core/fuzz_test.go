package core_test

import (
	"context"
	"encoding/json"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
	"glownotes/kernel/history"
	"glownotes/kernel/kerneltest"
	"glownotes/kernel/wire"
)

// A mirror is an engine whose cells have their own code as value.
type mirror struct{ *kerneltest.Engine }

func (mirror) Execute(_ context.Context, c core.Cell, out core.Output) (core.Result, error) {
	out.Stream("stdout", c.Code)
	return core.Result{Value: &display.Bundle{Data: map[string]any{"text/plain": c.Code}}}, nil
}

// fuzzed are the requests that FuzzRequests fills with any content. Shutdown
// is left out: it would be obeyed.
var fuzzed = []string{
	"execute_request", "kernel_info_request", "connect_request", "complete_request", "inspect_request",
	"is_complete_request", "history_request", "comm_info_request", "comm_open", "comm_msg", "comm_close",
	"interrupt_request", "create_subshell_request", "delete_subshell_request", "list_subshell_request",
	"debug_request", "input_reply", "",
}

// FuzzRequests: whatever a signed request holds, it is answered by messages
// that pass their schemas, between busy and idle, and the kernel goes on.
func FuzzRequests(f *testing.F) {
	for i := range fuzzed {
		f.Add(uint8(i), []byte(`{"code":"a","cursor_pos":1,"comm_id":"1","target_name":"echo","data":{}}`), "")
	}
	f.Add(uint8(0), []byte(`{"code":"a","user_expressions":{"x":"1"},"silent":true,"stop_on_error":null}`), "nosuch")
	f.Add(uint8(6), []byte(`{"hist_access_type":"range","session":-9223372036854775808,"start":1e3,"stop":-1}`), "")
	f.Add(uint8(6), []byte(`{"hist_access_type":"search","pattern":"[*?","n":-5,"unique":true,"output":true}`), "")
	f.Add(uint8(3), []byte(`{"code":"\ud800é","cursor_pos":-2147483649}`), "")
	transport, front := kerneltest.Pipe()
	kernel := core.New(core.Options{Transport: transport, Engine: mirror{&kerneltest.Engine{Subshells: true}}, History: history.New("", nil)})
	served := make(chan error, 1)
	go func() { served <- kernel.Serve(context.Background()) }()
	f.Cleanup(func() {
		kernel.Shutdown()
		if err := <-served; err != nil {
			f.Error(err)
		}
	})
	session := wire.NewSession("fuzzer")
	f.Fuzz(func(t *testing.T, kind uint8, content []byte, subshell string) {
		if !json.Valid(content) {
			return
		}
		msgType := fuzzed[int(kind)%len(fuzzed)]
		channel := []wire.Channel{wire.Shell, wire.Control}[int(kind)/len(fuzzed)%2]
		if msgType == "input_reply" {
			channel = wire.Stdin
		}
		send := func(m *wire.Message, err error) {
			if err == nil {
				err = front.Send(m)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		m, err := session.New(channel, msgType, wire.Header{}, json.RawMessage(content))
		m.Header.SubshellID = subshell
		send(m, err)
		after, err := session.New(wire.Shell, "kernel_info_request", wire.Header{}, nil)
		send(after, err)
		expect(t, front, m, after)
	})
}

// expect reads until both requests are over: the second always is, the first
// if it can be decoded and is a request of the kernel's.
func expect(t *testing.T, front kerneltest.Conn, first, second *wire.Message) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), kerneltest.Patience)
	defer cancel()
	trimmed := len(first.Content) > 0 && first.Content[0] == '{'
	waiting := map[string]bool{second.Header.MsgID: true}
	if trimmed && first.Channel != wire.Stdin && first.Header.MsgType != "" {
		waiting[first.Header.MsgID] = true
	}
	for len(waiting) > 0 {
		m, err := front.Receive(ctx)
		if err != nil {
			t.Fatalf("%s %s: %v; no idle of %v", first.Header.MsgType, first.Content, err, waiting)
		}
		if err := kerneltest.Check(m); err != nil {
			t.Fatalf("%s %s: %v", first.Header.MsgType, first.Content, err)
		}
		if m.Header.MsgType == "status" && kerneltest.Field[string](m, "execution_state") == "idle" {
			delete(waiting, m.Parent.MsgID)
		}
	}
}
