package core

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"glownotes/kernel/wire"
)

// inputs holds the question that is open on stdin: one at a time, as front
// ends show one.
type inputs struct {
	asking sync.Mutex // held from question to answer

	mu      sync.Mutex
	request wire.Header // of the open input_request, zero when none
	answer  chan string
}

// ask sends input_request to the front end whose cell runs, and waits.
func (in *inputs) ask(ctx context.Context, k *Kernel, r *request, prompt string, password bool) (string, error) {
	in.asking.Lock()
	defer in.asking.Unlock()
	if err := ctx.Err(); err != nil {
		return "", err
	}
	m, err := k.session.New(wire.Stdin, "input_request", r.Header, map[string]any{"prompt": prompt, "password": password})
	if err != nil {
		return "", err
	}
	m.Identities = r.Identities
	answer := make(chan string, 1)
	in.open(m.Header, answer)
	defer in.open(wire.Header{}, nil)
	if err := k.sendSoon(ctx, m); err != nil {
		k.log.Warn("core: cannot ask for input", "err", err)
		return "", ErrNoInput
	}
	select {
	case text := <-answer:
		return text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// connectTime is how long a question waits for the front end's stdin socket,
// which may still be connecting when the first cell runs.
const connectTime = 5 * time.Second

// sendSoon sends m as soon as its front end is there.
func (k *Kernel) sendSoon(ctx context.Context, m *wire.Message) error {
	err := k.opts.Transport.Send(m)
	for deadline := time.Now().Add(connectTime); err != nil && time.Now().Before(deadline) && ctx.Err() == nil; {
		time.Sleep(10 * time.Millisecond)
		err = k.opts.Transport.Send(m)
	}
	return err
}

func (in *inputs) open(h wire.Header, answer chan string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.request, in.answer = h, answer
}

// deliver takes a message of stdin. A reply to an older question, whose cell
// was interrupted, is dropped; one without a parent is taken: jupyter_client
// sends such.
func (in *inputs) deliver(m *wire.Message, log *slog.Logger) {
	var reply struct {
		Value string `json:"value"`
	}
	if m.Header.MsgType != "input_reply" {
		log.Warn("core: not an input_reply on stdin", "msg_type", m.Header.MsgType)
		return
	}
	if err := json.Unmarshal(m.Content, &reply); err != nil {
		log.Warn("core: input_reply", "err", err)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.answer == nil || m.Parent.MsgID != "" && m.Parent.MsgID != in.request.MsgID {
		log.Info("core: input_reply to no open question")
		return
	}
	select {
	case in.answer <- reply.Value:
	default: // answered already
	}
}
