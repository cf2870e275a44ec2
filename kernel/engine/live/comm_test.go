package live

import (
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/hostwire"
)

// TestCommOutput: answers to a comm message go to that message's output until
// the host has delivered it, and to the current cell afterwards.
func TestCommOutput(t *testing.T) {
	r := newRouter()
	cell, message := &recorder{}, &recorder{}
	r.enter(t.Context(), 1, cell)
	number, delivered := r.lend(message)
	if number >= 0 {
		t.Errorf("number %d, want a negative one: others are cells", number)
	}
	answer := hostwire.Frame{Kind: hostwire.Comm, Cell: number, Text: "msg", ID: "w"}
	r.event(answer)
	select {
	case <-delivered:
		t.Error("delivered before the host said so")
	default:
	}
	r.event(hostwire.Frame{Kind: hostwire.Delivered, Cell: number})
	<-delivered
	r.event(answer)
	r.takeBack(number) // again
	if message.comms != 1 || cell.comms != 1 {
		t.Errorf("%d answers to the message and %d to the cell, want 1 and 1", message.comms, cell.comms)
	}
}

// A recorder counts comm messages.
type recorder struct {
	core.Output
	comms int
}

func (r *recorder) Comm(core.CommMessage) { r.comms++ }
