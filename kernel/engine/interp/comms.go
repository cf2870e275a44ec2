package interp

import (
	"fmt"
	"maps"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

var (
	_ core.CommHandler = (*Engine)(nil)
	_ display.CommSink = (*capture)(nil)
)

// Comm sends a comm message of a cell to the front end, and keeps account of
// the comms that are open.
func (c *capture) Comm(m display.CommMessage) {
	c.track(m)
	if out := c.current(); out != nil {
		out.Comm(core.CommMessage(m))
	}
}

func (c *capture) track(m display.CommMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch m.Kind {
	case "open":
		if c.comms == nil {
			c.comms = map[string]string{}
		}
		c.comms[m.ID] = m.Target
	case "close":
		delete(c.comms, m.ID)
	}
}

// HandleComm passes a message of the front end to the code that listens, see
// display.OnComm. A panic there must not end the kernel.
func (e *Engine) HandleComm(m core.CommMessage, out core.Output) {
	c := e.capture.Load()
	if c == nil {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			out.Stream("stderr", fmt.Sprintf("panic in a comm handler: %v\n", r))
		}
	}()
	c.track(display.CommMessage(m))
	if !display.DeliverComm(display.CommMessage(m)) && m.Kind == "open" {
		c.track(display.CommMessage{Kind: "close", ID: m.ID})
		out.Comm(core.CommMessage{Kind: "close", ID: m.ID, Data: map[string]any{}}) // nobody knows this target
	}
}

// Comms lists the open comms.
func (e *Engine) Comms() map[string]string {
	c := e.capture.Load()
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.comms)
}
