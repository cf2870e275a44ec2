package core

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"glownotes/kernel/display"
	"glownotes/kernel/wire"
)

// An output publishes what one cell, or one comm message, produces, under the
// header of its request: also what goroutines write after the cell ended.
// Text is batched; everything else is sent at once, after the text before it.
type output struct {
	k          *Kernel
	r          *request
	silent     bool // nothing is published but comm messages
	allowStdin bool

	mu    sync.Mutex
	batch batch
	timer *time.Timer // set while text waits
	full  int         // size at which the batch is sent
	ended bool        // the cell has ended: text is still taken, input is not
}

func newOutput(k *Kernel, r *request, number int, silent, allowStdin bool) *output {
	o := &output{k: k, r: r, silent: silent, allowStdin: allowStdin, full: batchBytes}
	o.batch.limit = k.opts.OutputLimit
	if k.opts.OverflowDir != "" {
		name := fmt.Sprintf("%.8s-cell-%d.txt", k.session.ID(), number)
		o.batch.over.path = filepath.Join(k.opts.OverflowDir, name)
	}
	return o
}

// Stream implements Output.
func (o *output) Stream(name, text string) {
	if o.silent || text == "" {
		return
	}
	if name != "stderr" {
		name = "stdout"
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.batch.name != name {
		o.flush(true)
		o.batch.name = name
	}
	o.batch.text = append(o.batch.text, text...)
	switch {
	case len(o.batch.text) >= o.full:
		o.flush(false)
		o.full = min(2*o.full, maxBatch)
	case o.timer == nil:
		o.timer = time.AfterFunc(batchTime, func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.flush(false)
			o.full = batchBytes
			if o.ended { // of a goroutine that outlived its cell
				o.text("stderr", o.batch.over.end())
			}
		})
	}
}

// flush sends the text that waits; o.mu is held.
func (o *output) flush(last bool) {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
	o.text(o.batch.name, o.batch.next(last))
	o.text("stderr", o.batch.over.begin(o.batch.limit))
}

func (o *output) text(name, text string) {
	if text != "" {
		o.k.publish("stream", o.r.Header, streamContent{name, text})
	}
}

// finish sends everything that waits at the end of the cell.
func (o *output) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flush(true)
	o.text("stderr", o.batch.over.end())
	o.ended = true
}

// send publishes one message after the text before it.
func (o *output) send(msgType string, content any) {
	if o.silent {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flush(true)
	o.k.publish(msgType, o.r.Header, content)
}

type displayContent struct {
	data, metadata map[string]any // from bundle
	id             string         // "": none
}

// AppendJSON implements wire.Appender.
func (c displayContent) AppendJSON(b []byte) []byte {
	b = append(appendBundle(append(b, '{'), c.data, c.metadata), `,"transient":{`...)
	if c.id != "" {
		b = wire.AppendString(append(b, `"display_id":`...), c.id)
	}
	return append(b, "}}"...)
}

// Display implements Output.
func (o *output) Display(b display.Bundle, id string) {
	o.send("display_data", o.k.displayContent(b, id))
}

// Update implements Output.
func (o *output) Update(b display.Bundle, id string) {
	o.send("update_display_data", o.k.displayContent(b, id))
}

func (k *Kernel) displayContent(b display.Bundle, id string) displayContent {
	data, metadata := k.bundle(b)
	return displayContent{data, metadata, id}
}

// Clear implements Output.
func (o *output) Clear(wait bool) {
	o.send("clear_output", map[string]any{"wait": wait})
}

// Input implements Output.
func (o *output) Input(ctx context.Context, prompt string, password bool) (string, error) {
	o.mu.Lock()
	allowed := o.allowStdin && !o.ended
	if allowed {
		o.flush(true) // the question comes after what was printed
	}
	o.mu.Unlock()
	if !allowed {
		return "", ErrNoInput
	}
	return o.k.inputs.ask(ctx, o.k, o.r, prompt, password)
}

// Comm implements Output. It is published also by a silent cell: it is no
// output but the state of widgets.
func (o *output) Comm(c CommMessage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flush(true)
	o.k.publishComm(c, o.r.Header)
}

func (k *Kernel) publishComm(c CommMessage, parent wire.Header) {
	data := c.Data
	if data == nil {
		data = map[string]any{}
	}
	content := map[string]any{"comm_id": c.ID, "data": data}
	if c.Kind == "open" {
		content["target_name"] = c.Target
	}
	m, err := k.session.New(wire.IOPub, "comm_"+c.Kind, parent, content)
	if err != nil {
		k.log.Error("core: encoding a comm message failed", "err", err)
		return
	}
	m.Metadata, m.Buffers = c.Metadata, c.Buffers
	k.sendIOPub(m)
}

// silence is the Output of user_expressions: they have values, no output.
type silence struct{}

func (silence) Stream(string, string)          {}
func (silence) Display(display.Bundle, string) {}
func (silence) Update(display.Bundle, string)  {}
func (silence) Clear(bool)                     {}
func (silence) Comm(CommMessage)               {}
func (silence) Input(context.Context, string, bool) (string, error) {
	return "", ErrNoInput
}
