package kerneltest

import (
	"encoding/json"
	"strings"
	"testing"

	"glownotes/kernel/wire"
)

// TestCheck: a right message of each kind passes, and each common fault of
// kernels is found.
func TestCheck(t *testing.T) {
	s := wire.NewSession("kernel")
	parent := wire.NewSession("front").Header("execute_request")
	for _, tc := range []struct {
		name    string
		channel wire.Channel
		msgType string
		content string
		fault   string // part of the error, "" for a right message
	}{
		{"stream", wire.IOPub, "stream", `{"name":"stdout","text":"a"}`, ""},
		{"stream of another name", wire.IOPub, "stream", `{"name":"log","text":"a"}`, "content"},
		{"stream without text", wire.IOPub, "stream", `{"name":"stdout"}`, "content"},
		{"empty stream", wire.IOPub, "stream", `{"name":"stdout","text":""}`, "content"},
		{"stream on shell", wire.Shell, "stream", `{"name":"stdout","text":"a"}`, "on shell"},
		{"reply on iopub", wire.IOPub, "execute_reply", `{"status":"ok"}`, "on iopub"},
		{"ok", wire.Shell, "execute_reply", `{"status":"ok","execution_count":1,"payload":[],"user_expressions":{}}`, ""},
		{"ok without user_expressions", wire.Shell, "execute_reply", `{"status":"ok","execution_count":1,"payload":[]}`, "content"},
		{"error", wire.Shell, "execute_reply", `{"status":"error","execution_count":1,"ename":"E","evalue":"","traceback":["a"]}`, ""},
		{"error without count", wire.Shell, "execute_reply", `{"status":"error","ename":"E","evalue":"","traceback":["a"]}`, "content"},
		{"traceback is null", wire.IOPub, "error", `{"ename":"E","evalue":"v","traceback":null}`, "content"},
		{"aborted", wire.Shell, "execute_reply", `{"status":"aborted"}`, ""},
		{"reply without status", wire.Shell, "shutdown_reply", `{"restart":false}`, "content"},
		{"failed reply", wire.Control, "debug_reply", `{"status":"error","ename":"E","evalue":"v","traceback":["E: v"]}`, ""},
		{"display without metadata", wire.IOPub, "display_data", `{"data":{},"transient":{}}`, "content"},
		{"display", wire.IOPub, "display_data", `{"data":{"text/plain":"a"},"metadata":{},"transient":{}}`, ""},
		{"update without id", wire.IOPub, "update_display_data", `{"data":{},"metadata":{},"transient":{}}`, "content"},
		{"png is no text", wire.IOPub, "display_data", `{"data":{"image/png":[1]},"metadata":{},"transient":{}}`, "content"},
		{"indent with complete", wire.Shell, "is_complete_reply", `{"status":"complete","indent":""}`, "content"},
		{"history", wire.Shell, "history_reply", `{"status":"ok","history":[[1,2,"a"],[1,3,["b",null]]]}`, ""},
		{"history of pairs", wire.Shell, "history_reply", `{"status":"ok","history":[[1,"a"]]}`, "content"},
		{"unknown type", wire.IOPub, "frobnicate", `{}`, "unknown"},
		{"busy", wire.IOPub, "status", `{"execution_state":"busy"}`, ""},
		{"starting has no parent", wire.IOPub, "status", `{"execution_state":"starting"}`, "parent"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := Check(&wire.Message{Channel: tc.channel, Header: s.Header(tc.msgType), Parent: parent, Content: json.RawMessage(tc.content)})
			switch {
			case tc.fault == "" && err != nil:
				t.Errorf("a right message: %v", err)
			case tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)):
				t.Errorf("got %v, want an error with %q", err, tc.fault)
			}
		})
	}
	old := s.Header("status")
	old.Version = "5.0"
	if err := Check(&wire.Message{Channel: wire.IOPub, Header: old, Parent: parent, Content: json.RawMessage(`{"execution_state":"idle"}`)}); err == nil {
		t.Error("protocol version 5.0 was accepted")
	}
}
