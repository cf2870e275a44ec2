package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"glownotes/kernel/wire"
)

// A request is one message from a front end on its way through the kernel.
type request struct {
	*wire.Message
	aborted bool   // an earlier cell failed: reply without running
	refused error  // why it cannot be served at all
	after   func() // to be called after reply and idle
}

// decode reads the content into v.
func (r *request) decode(v any) error {
	if err := json.Unmarshal(r.Content, v); err != nil {
		return &BadRequestError{MsgType: r.Header.MsgType, Err: err}
	}
	return nil
}

// A BadRequestError is a request that this kernel cannot understand or does
// not serve. The front end gets it as an error reply.
type BadRequestError struct {
	MsgType string
	Err     error
}

func (e *BadRequestError) Error() string { return "core: " + e.MsgType + ": " + e.Err.Error() }

func (e *BadRequestError) Unwrap() error { return e.Err }

// A handler serves one message type. It returns the content of the reply; nil
// for messages that have none.
type handler func(k *Kernel, ctx context.Context, r *request) (reply any, err error)

// handlers returns what serves the types that arrive on shell and control.
// Both channels take all: older front ends send shutdown and interrupt on
// shell.
func handlers() map[string]handler {
	return map[string]handler{
		"execute_request":         (*Kernel).execute,
		"kernel_info_request":     (*Kernel).kernelInfo,
		"connect_request":         (*Kernel).connect,
		"complete_request":        (*Kernel).complete,
		"inspect_request":         (*Kernel).inspect,
		"is_complete_request":     (*Kernel).isComplete,
		"history_request":         (*Kernel).historyReply,
		"comm_info_request":       (*Kernel).commInfo,
		"comm_open":               (*Kernel).comm,
		"comm_msg":                (*Kernel).comm,
		"comm_close":              (*Kernel).comm,
		"interrupt_request":       (*Kernel).interrupt,
		"shutdown_request":        (*Kernel).shutdown,
		"create_subshell_request": (*Kernel).createSubshell,
		"delete_subshell_request": (*Kernel).deleteSubshell,
		"list_subshell_request":   (*Kernel).listSubshells,
	}
}

// route puts a message into the lane that serves it.
func (k *Kernel) route(m *wire.Message) {
	k.debug("core: received", m)
	if m.Channel == wire.Stdin {
		k.inputs.deliver(m, k.log)
		return
	}
	r := &request{Message: m}
	var box *mailbox
	switch t := m.Header.MsgType; {
	case t == "execute_request":
		box = k.subshells.mailbox(m.Header.SubshellID)
	case strings.HasPrefix(t, "comm_") && t != "comm_info_request":
		box = k.comms
	case m.Channel == wire.Control:
		box = k.control
	case t == "complete_request" || t == "inspect_request":
		box = k.queries
	default:
		box = k.info
	}
	if box == nil || !box.put(r) {
		r.refused = &BadRequestError{m.Header.MsgType, errors.New("its subshell does not exist")}
		k.info.put(r)
	}
}

// dispatch serves one request between busy and idle. Nothing that a handler
// does can leave the front end without its reply and idle.
func (k *Kernel) dispatch(r *request) {
	defer func() {
		if r.after != nil {
			r.after()
		}
	}()
	k.publish("status", r.Header, map[string]any{"execution_state": "busy"})
	defer k.setIdle(r)
	reply, err := k.serve(r)
	if err != nil {
		k.log.Warn("core: request failed", "msg_type", r.Header.MsgType, "err", err)
		reply = errorReply(err)
	}
	name, isRequest := strings.CutSuffix(r.Header.MsgType, "_request")
	if isRequest && reply != nil {
		k.reply(r, name+"_reply", reply)
	}
}

// serve calls the handler and turns its panic into an error.
func (k *Kernel) serve(r *request) (reply any, err error) {
	defer func() {
		if p := recover(); p != nil {
			k.log.Error("core: panic", "msg_type", r.Header.MsgType, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("core: %s: panic: %v", r.Header.MsgType, p)
		}
	}()
	h := k.handlers[r.Header.MsgType]
	if h == nil {
		return nil, &BadRequestError{r.Header.MsgType, errors.New("this kernel does not know it")}
	}
	return h(k, k.base, r)
}

// setIdle publishes idle. A front end takes the latest status for that of the
// whole kernel: when a completion ends while a cell runs, the cell's busy is
// said again.
func (k *Kernel) setIdle(r *request) {
	k.status.Lock()
	defer k.status.Unlock()
	if k.active != nil && k.active.request == r {
		k.active = nil
	}
	k.publish("status", r.Header, map[string]any{"execution_state": "idle"})
	if k.active != nil {
		k.publish("status", k.active.request.Header, map[string]any{"execution_state": "busy"})
	}
}

// setActive makes e the cell that keeps the kernel busy.
func (k *Kernel) setActive(e *execution) {
	k.status.Lock()
	defer k.status.Unlock()
	k.active = e
}

// errorContent is what a failure is in a reply and, less the status, in an
// error message.
type errorContent struct {
	Status    string   `json:"status,omitempty"`
	Name      string   `json:"ename"`
	Value     string   `json:"evalue"`
	Traceback []string `json:"traceback"`
}

func errorReply(err error) errorContent {
	c := errorOf(err)
	c.Status = "error"
	return c
}

// errorOf describes any error; the traceback is never null.
func errorOf(err error) errorContent {
	var cell *CellError
	var bad *BadRequestError
	c := errorContent{Name: "KernelError", Value: err.Error()}
	switch {
	case errors.As(err, &cell):
		c = errorContent{Name: cell.Name, Value: cell.Message, Traceback: cell.Traceback}
	case errors.As(err, &bad):
		c.Name = "BadRequest"
	}
	if len(c.Traceback) == 0 {
		c.Traceback = []string{c.Name + ": " + c.Value}
	}
	return c
}

// reply answers r on the socket that it came from.
func (k *Kernel) reply(r *request, msgType string, content any) {
	m, err := k.session.New(r.Channel, msgType, r.Header, content)
	if err != nil {
		k.log.Error("core: encoding a reply failed", "err", err)
		if m, err = k.session.New(r.Channel, msgType, r.Header, errorReply(err)); err != nil {
			return
		}
	}
	m.Identities = r.Identities
	if e, ok := content.(metadated); ok {
		m.Metadata = e.metadata()
	}
	k.send(m)
}

// metadated is content whose message has metadata.
type metadated interface{ metadata() map[string]any }

// publish sends a message on IOPub.
func (k *Kernel) publish(msgType string, parent wire.Header, content any) {
	m, err := k.session.New(wire.IOPub, msgType, parent, content)
	if err != nil {
		k.log.Error("core: encoding a message failed", "err", err)
		return
	}
	k.sendIOPub(m)
}

// sendIOPub sends m under the topic that ipykernel made customary. Front ends
// subscribe to everything.
func (k *Kernel) sendIOPub(m *wire.Message) {
	m.Identities = [][]byte{[]byte("kernel." + k.session.ID() + "." + m.Header.MsgType)}
	k.send(m)
}

func (k *Kernel) send(m *wire.Message) {
	k.debug("core: sending", m)
	if err := k.opts.Transport.Send(m); err != nil {
		k.log.Warn("core: not sent", "msg_type", m.Header.MsgType, "err", err)
	}
}

// debug logs a message without its content, which may be large or private.
func (k *Kernel) debug(what string, m *wire.Message) {
	if k.log.Enabled(k.base, slog.LevelDebug) {
		k.log.Debug(what, "channel", m.Channel, "msg_type", m.Header.MsgType, "msg_id", m.Header.MsgID,
			"parent", m.Parent.MsgID, "bytes", len(m.Content))
	}
}

// welcome greets a new subscriber (JEP 65): from here on it misses nothing.
func (k *Kernel) welcome(topic string) *wire.Message {
	m, err := k.session.New(wire.IOPub, "iopub_welcome", wire.Header{}, map[string]any{"subscription": topic})
	if err != nil {
		return nil
	}
	m.Identities = [][]byte{[]byte(topic)}
	return m
}

// lostNotice tells a front end that it missed output of the cell of first.
func (k *Kernel) lostNotice(first *wire.Message, n int) *wire.Message {
	text := fmt.Sprintf("\n[%d output messages were dropped: this front end did not read them in time]\n", n)
	m, err := k.session.New(wire.IOPub, "stream", first.Parent, streamContent{"stderr", text})
	if err != nil {
		return nil
	}
	m.Identities = [][]byte{[]byte("kernel." + k.session.ID() + ".stream")}
	return m
}
